// Package httpapi is the HTTP surface of sessions on net/http: signing in and out,
// checking requests, and the operators' API. It imports no cloud and no server; the
// local program and the Lambda functions mount the same handlers.
//
// A Go program that has handlers of its own needs only [New] and
// [API.RequireSession].
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/telemetry/request"
)

// API holds the handlers. It is safe for concurrent use.
type API struct {
	manager   *session.Manager
	auth      signin.Authenticator
	directory *signin.Directory
	setup     *Setup
	origins   inbound.Origins
	sameSite  http.SameSite
	client    func(*http.Request) string
	routes    inbound.Routes
	log       *slog.Logger
	observe   func(context.Context, session.Event)
}

// Options are an API's settings. What is nil is left out of the handlers, or takes
// its default.
type Options struct {
	// Authenticator checks who signs in; nil: there is no /login.
	Authenticator signin.Authenticator
	// Directory holds the users; nil: they are the application's own, {user} in a
	// path is a subject, and there is no /admin/users.
	Directory *signin.Directory
	// Setup is the first start's one-time page; nil: there is none.
	Setup *Setup
	// Origins are the public origins of this deployment, such as
	// "https://app.example.com", exactly as browsers send them. At least one.
	Origins []string
	// SameSite is the cookie's; the zero value is Lax. Strict is the alternative.
	SameSite http.SameSite
	// ClientAddress tells the client's IP address; nil: the connection's.
	ClientAddress func(*http.Request) string
	// Routes says which requests are no use of the session, as pages send them by
	// themselves; a client may say so of any request with [inbound.HeaderPassive]. What
	// else it asks of a route is asked by [API.Protect] and of GET /authorize's callers:
	// the demands of [API.RequireSession] stand in the program.
	Routes inbound.Routes
	// Log receives what is done through these handlers, never with a token, each line
	// with the names of its request; nil: nothing is logged. What becomes of sessions,
	// whichever way, the Manager tells: see telemetry.Log.
	Log *slog.Logger
	// Observe is told of each attempt to sign in that failed before the Manager knew of
	// it, as [session.EventSignInRefused]; given what session.Options.Observe is given,
	// each attempt is told once. It must not block. nil: nobody is told.
	Observe func(context.Context, session.Event)
}

// New returns the handlers over a manager. Its error names every setting that is
// wrong.
func New(manager *session.Manager, opts *Options) (*API, error) {
	if opts == nil {
		opts = &Options{}
	}
	a := &API{
		manager: manager, auth: opts.Authenticator, directory: opts.Directory, setup: opts.Setup,
		origins: opts.Origins, sameSite: opts.SameSite, client: opts.ClientAddress, routes: opts.Routes, log: request.Logger(opts.Log),
		observe: opts.Observe,
	}
	if a.sameSite == 0 {
		a.sameSite = http.SameSiteLaxMode
	}
	if a.client == nil {
		a.client = connectionAddress
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *API) validate() error {
	var faults []error
	if a.manager == nil {
		faults = append(faults, errors.New("no session manager given"))
	}
	faults = append(faults, a.origins.Validate())
	if a.setup != nil && a.directory == nil {
		faults = append(faults, errors.New("a Setup without a Directory to put the owner into"))
	}
	if a.sameSite != http.SameSiteLaxMode && a.sameSite != http.SameSiteStrictMode {
		faults = append(faults, fmt.Errorf("SameSite is %d: want Lax or Strict", a.sameSite))
	}
	return errors.Join(faults...)
}

func connectionAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// Handler serves every route of the public surface: what [API.PublicHandler] and
// [API.AdminHandler] serve.
func (a *API) Handler() http.Handler {
	mux := a.mux()
	a.homeRoute(mux)
	return a.secure(a.explain(mux))
}

// mux has every route of the public surface.
func (a *API) mux() *http.ServeMux {
	mux := http.NewServeMux()
	a.publicRoutes(mux)
	a.adminRoutes(mux, a.signedIn)
	return mux
}

// PublicHandler serves every route of the public surface but /admin, for a
// deployment that serves the two apart.
func (a *API) PublicHandler() http.Handler {
	mux := http.NewServeMux()
	a.publicRoutes(mux)
	a.homeRoute(mux)
	return a.secure(a.explain(mux))
}

// AdminHandler serves /admin and nothing else. It checks each request's session
// itself, whatever stands before it.
func (a *API) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	a.adminRoutes(mux, a.signedIn)
	return a.secure(a.explain(mux))
}

func (a *API) publicRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("POST /logout", a.logout)
	mux.HandleFunc("GET /session", a.ownSession)
	mux.HandleFunc("GET /authorize", a.authorize)
	a.accountRoutes(mux)
	if a.auth != nil {
		mux.HandleFunc("GET /login", a.loginPage)
		mux.HandleFunc("POST /login", a.login)
		mux.HandleFunc("GET /login/reauth", a.reauthPage)
		mux.HandleFunc("POST /login/reauth", a.reauth)
	}
	if a.setup != nil {
		mux.HandleFunc("GET /setup", a.setupPage)
		mux.HandleFunc("POST /setup", a.setUp)
	}
}

// homeRoute leads from / to a page of ours, where nothing else is at /.
func (a *API) homeRoute(mux *http.ServeMux) {
	if a.auth != nil {
		mux.Handle("GET /{$}", http.RedirectHandler(home, http.StatusSeeOther))
	}
}

// OperatorHandler serves the /admin routes to whoever can reach it, as the operator
// at the command line. It belongs on a socket that the operating system guards, and
// nowhere else.
func (a *API) OperatorHandler() http.Handler {
	mux := http.NewServeMux()
	a.adminRoutes(mux, a.asOperator)
	return a.secure(a.explain(mux))
}

func (a *API) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// explain answers for paths and methods that no route serves, as problems.
func (a *API) explain(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch pattern, allow := route(mux, r); {
		case pattern != "":
			mux.ServeHTTP(w, r)
		case allow != "":
			w.Header().Set("Allow", allow)
			a.answerProblem(w, r, Problem{
				Type: problemType("method-not-allowed"), Title: "Method not allowed", Status: http.StatusMethodNotAllowed,
				Detail: "This route takes " + allow + ".", Instance: requestURN(r),
			})
		default:
			a.answerProblem(w, r, Problem{
				Type: problemType("not-found"), Title: "Not found", Status: http.StatusNotFound,
				Detail: "There is nothing at this path.", Instance: requestURN(r),
			})
		}
	})
}

// route returns the pattern that serves a request, or the methods that its path takes;
// neither where there is nothing at the path.
func route(mux *http.ServeMux, r *http.Request) (pattern, allow string) {
	handler, pattern := mux.Handler(r)
	if pattern != "" {
		return pattern, ""
	}
	probe := &probe{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	return "", probe.header.Get("Allow")
}

// probe takes the headers of an answer that is not sent.
type probe struct{ header http.Header }

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(int)             {}
