package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// loginRequest is one attempt to sign in, from a form or from JSON.
type loginRequest struct {
	credentials signin.Credentials
	remember    bool
	bearer      bool
	returnTo    string
	form        bool
}

// signedInBody answers a sign-in. Token is there only for a program that asked for
// it, instead of the cookie.
type signedInBody struct {
	Session ownView `json:"session"`
	Token   string  `json:"token,omitempty"`
}

// loginView is what the sign-in page shows.
type loginView struct {
	Session  *ownView // set when somebody is signed in
	Username string
	ReturnTo string
	Remember bool // the policy has remembered sessions
	Fault    string
}

// loginPage shows the form, or who is signed in and a way out.
func (a *API) loginPage(w http.ResponseWriter, r *http.Request) {
	view := loginView{ReturnTo: safePath(r.URL.Query().Get("return_to")), Remember: a.remembers()}
	switch record, err := a.admit(w, r, session.Demand{}); {
	case err == nil:
		own := a.ownView(record)
		view.Session = &own
	case errors.Is(err, session.ErrUnavailable):
		a.fail(w, r, err)
		return
	}
	a.page(w, r, http.StatusOK, "login.html", view)
}

// login signs in and sets the cookie, or answers the token to a program that asks.
// A session in hand is replaced. It sends a page on to its return_to.
func (a *API) login(w http.ResponseWriter, r *http.Request) {
	req, err := a.readLogin(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	token, record, err := a.signIn(r, req)
	if err != nil {
		a.refuseLogin(w, r, req, err)
		return
	}
	body := a.handOut(w, token, record)
	if req.form {
		http.Redirect(w, r, req.returnTo, http.StatusSeeOther)
		return
	}
	answer(w, http.StatusOK, body)
}

// handOut gives a token to its holder: in the cookie or, to a program, in the body.
func (a *API) handOut(w http.ResponseWriter, token session.Token, record session.Record) signedInBody {
	body := signedInBody{Session: a.ownView(record)}
	if record.Bearer {
		body.Token = token.Reveal()
	} else {
		a.setCookie(w, token, record)
	}
	return body
}

// readLogin reads the attempt. A form always has to come from our own page (a
// cross-site sign-in would put the user into somebody else's account); JSON may also
// come from a program.
func (a *API) readLogin(w http.ResponseWriter, r *http.Request) (loginRequest, error) {
	ours := a.origins.Same(r.Header)
	switch mediaType(r) {
	case typeForm:
		if !ours {
			return loginRequest{}, inbound.ErrCrossSite
		}
		return readLoginForm(w, r)
	case typeJSON:
		if !ours && !programmatic(r.Header) {
			return loginRequest{}, inbound.ErrCrossSite
		}
		return readLoginJSON(w, r)
	}
	return loginRequest{}, &bodyError{
		http.StatusUnsupportedMediaType,
		"sign in with Content-Type: " + typeJSON + " or " + typeForm,
	}
}

func readLoginForm(w http.ResponseWriter, r *http.Request) (loginRequest, error) {
	form, err := readForm(w, r, "username", "password", "remember", "return_to")
	if err != nil {
		return loginRequest{}, err
	}
	return loginRequest{
		credentials: signin.Credentials{Username: form.Get("username"), Password: form.Get("password")},
		remember:    form.Get("remember") == "on",
		returnTo:    safePath(form.Get("return_to")),
		form:        true,
	}, nil
}

func readLoginJSON(w http.ResponseWriter, r *http.Request) (loginRequest, error) {
	var req loginRequest
	transport := "cookie"
	err := readJSON(w, r, fields{
		"username": &req.credentials.Username, "password": &req.credentials.Password,
		"remember": &req.remember, "transport": &transport,
	})
	switch {
	case err != nil:
		return loginRequest{}, err
	case req.credentials.Username == "" || req.credentials.Password == "":
		return loginRequest{}, badBody("username and password are needed")
	case transport != "cookie" && transport != "bearer":
		return loginRequest{}, badBody(`transport is unknown: want "cookie" or "bearer"`)
	}
	req.bearer = transport == "bearer"
	return req, nil
}

func (a *API) signIn(r *http.Request, req loginRequest) (session.Token, session.Record, error) {
	subject, err := a.auth.Identify(r.Context(), req.credentials)
	if err != nil {
		a.tellRefused(r, "", err)
		return session.Token{}, session.Record{}, err
	}
	// Whatever does not present a session is no session in hand.
	inHand, _ := inbound.Present(r.Header)
	return a.manager.SignIn(r.Context(), session.SignIn{
		Subject: subject, Method: methodPassword,
		Check: func(ctx context.Context) (session.Grant, error) {
			return a.auth.Authenticate(ctx, subject, req.credentials)
		},
		Replace:  inHand,
		Remember: req.remember,
		Bearer:   req.bearer,
		Client:   session.Client{Address: a.client(r), UserAgent: r.UserAgent()},
	})
}

// methodPassword is what these pages and routes sign in by (RFC 8176).
const methodPassword = "pwd"

// tellRefused tells the observer of an attempt that the Manager does not know of. The
// subject is "" where nobody was named.
func (a *API) tellRefused(r *http.Request, subject string, err error) {
	if a.observe == nil {
		return
	}
	a.observe(r.Context(), session.Event{
		Name: session.EventSignInRefused, Subject: subject, Methods: []string{methodPassword}, Err: err,
		Client: session.Client{Address: a.client(r)},
	})
}

// refuseLogin answers a sign-in that failed: a form gets its page again.
func (a *API) refuseLogin(w http.ResponseWriter, r *http.Request, req loginRequest, err error) {
	p := problemOf(err)
	if !req.form || p.Status >= http.StatusInternalServerError {
		a.fail(w, r, err)
		return
	}
	a.page(w, r, p.Status, "login.html", loginView{
		Username: req.credentials.Username, ReturnTo: req.returnTo, Remember: a.remembers(),
		Fault: p.Title + ". " + p.Detail,
	})
}

func (a *API) remembers() bool { return a.manager.Policy().RememberedAbsolute > 0 }

// home is where a sign-in leads without a return_to.
const home = "/login"

// safePath returns a path on this origin, or home. Browsers drop tabs and line
// breaks and read a backslash as a slash, so what has any of these, or could be read
// as //host, is no path (ASVS 3.7.2).
func safePath(path string) string {
	if path == "" || len(path) > 2048 || path[0] != '/' || strings.HasPrefix(path, "//") {
		return home
	}
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c == '\\' || c >= 0x7f {
			return home
		}
	}
	if u, err := url.Parse(path); err != nil || u.IsAbs() || u.Host != "" {
		return home
	}
	return path
}

// programmatic reports whether a sign-in comes from a program rather than from a
// page: no cookie at all and neither of the headers that browsers add.
func programmatic(h http.Header) bool {
	return len(h["Cookie"]) == 0 && len(h["Sec-Fetch-Site"]) == 0 && len(h["Origin"]) == 0
}
