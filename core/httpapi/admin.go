package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// caller is who calls an operators' route.
type caller struct {
	by session.By
	// session is the caller's; nil at the operators' socket.
	session *session.Record
}

// adminHandler is an operators' route.
type adminHandler func(w http.ResponseWriter, r *http.Request, by caller) error

// gate decides who may call an operators' route that needs a role, and a fresh
// credential where fresh says so.
type gate func(role string, fresh bool, next adminHandler) http.HandlerFunc

func (a *API) adminRoutes(mux *http.ServeMux, g gate) {
	viewer := func(next adminHandler) http.HandlerFunc { return g(signin.RoleViewer, false, next) }
	operator := func(next adminHandler) http.HandlerFunc { return g(signin.RoleOperator, true, next) }
	owner := func(next adminHandler) http.HandlerFunc { return g(signin.RoleOwner, true, next) }

	mux.HandleFunc("GET /admin/sessions", viewer(a.listAll))
	mux.HandleFunc("GET /admin/sessions/count", viewer(a.countAll))
	mux.HandleFunc("GET /admin/sessions/{id}", viewer(a.getSession))
	mux.HandleFunc("GET /admin/sessions/{id}/others/count", viewer(a.countOthers))
	mux.HandleFunc("GET /admin/users/{user}/sessions", viewer(a.listSessions))

	mux.HandleFunc("DELETE /admin/sessions/{id}", operator(a.endSession))
	mux.HandleFunc("POST /admin/sessions/{id}/end-others", operator(a.endOthersOf))
	mux.HandleFunc("POST /admin/users/{user}/end-sessions", operator(a.endUserSessions))
	mux.HandleFunc("POST /admin/end-sessions", operator(a.endWhere))
	mux.HandleFunc("POST /admin/sweep", operator(a.sweep))

	mux.HandleFunc("POST /admin/end-everyone", owner(a.endEveryone))
	mux.HandleFunc("GET /admin/users/{user}/export", owner(a.exportUser))
	mux.HandleFunc("POST /admin/users/{user}/erase", owner(a.eraseUser))
	if a.directory != nil {
		mux.HandleFunc("GET /admin/users", owner(a.listUsers))
		mux.HandleFunc("POST /admin/users", owner(a.addUser))
		mux.HandleFunc("GET /admin/users/{user}", owner(a.getUser))
		mux.HandleFunc("PATCH /admin/users/{user}", owner(a.changeUser))
		mux.HandleFunc("POST /admin/users/{user}/impersonate", owner(a.impersonate))
	}
}

// signedIn is the gate of the public surface: a session with the role.
func (a *API) signedIn(role string, fresh bool, next adminHandler) http.HandlerFunc {
	demand := session.Demand{AnyRole: signin.Satisfying(role)}
	if fresh {
		demand.MaxAuthAge = a.manager.Policy().FreshFor
	}
	return func(w http.ResponseWriter, r *http.Request) {
		record, err := a.admit(w, r, demand)
		if err == nil {
			err = next(w, r, caller{session.BySubject(record.Subject), &record})
		}
		if err != nil {
			a.fail(w, r, err)
		}
	}
}

// asOperator is the gate of the guarded socket: there is none.
func (a *API) asOperator(_ string, _ bool, next adminHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := next(w, r, caller{by: session.ByOperator}); err != nil {
			a.fail(w, r, err)
		}
	}
}

// resolve returns the subject that {user} names.
func (a *API) resolve(r *http.Request) (string, error) {
	user := r.PathValue("user")
	if a.directory == nil {
		return user, nil
	}
	return a.directory.Resolve(r.Context(), user)
}

// cursorName is that of the parameter which may be empty: "" begins a list.
const cursorName = "cursor"

// parameters reads a query string; what is unknown, there twice or empty is refused.
type parameters struct {
	values url.Values
	err    error
}

func readParameters(query url.Values, known ...string) *parameters {
	p := &parameters{values: query}
	for name, values := range query {
		switch {
		case !slices.Contains(known, name) || len(values) > 1:
			slices.Sort(known)
			p.err = badBody("query parameter %s is unknown or there twice: known are %q", session.Shown(name), known)
		case blank(values[0]) && name != cursorName:
			p.err = badEmpty("query parameter", name)
		}
	}
	return p
}

func (p *parameters) text(name string) string { return p.values.Get(name) }

// number returns 0 for a number that is not given.
func (p *parameters) number(name string, most int) int {
	text := p.text(name)
	n, err := strconv.Atoi(text)
	if text != "" && (err != nil || n < 1 || n > most) {
		p.fail(badBody("%s is %s: want 1 to %d", name, session.Shown(text), most))
	}
	return n
}

// time returns the zero time for one that is not given.
func (p *parameters) time(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.fail(badBody("%s is %s: want a time as of RFC 3339, such as 2006-01-02T15:04:05Z", name, session.Shown(text)))
	}
	return t
}

// duration returns 0 for one that is not given.
func (p *parameters) duration(name string) time.Duration {
	d, err := readDuration(name, p.text(name))
	p.fail(err)
	return d
}

// flag returns false for one that is not given.
func (p *parameters) flag(name string) bool {
	text := p.text(name)
	if text != "" && text != "true" && text != "false" {
		p.fail(badBody("%s is %s: want true or false", name, session.Shown(text)))
	}
	return text == "true"
}

func (p *parameters) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// readDuration returns 0 for "".
func readDuration(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, badBody("%s is %s: want a duration such as 90m or 24h", name, session.Shown(text))
	}
	return d, nil
}

func readPage(query url.Values) (session.UserPage, error) {
	p := readParameters(query, "limit", "cursor")
	return session.UserPage{Limit: p.number("limit", session.MaxPage), Cursor: p.text("cursor")}, p.err
}

// operatorReasons are what an operator may end sessions for: on his own account, or for
// what happened to a user whom somebody else keeps.
var operatorReasons = []session.EndReason{
	session.EndedByAdmin, session.AccountDisabled, session.RolesChanged, session.PasswordChanged,
}

// OperatorReason returns the reason that a text names, or an error that lists those for
// which an operator may end sessions.
func OperatorReason(text string) (session.EndReason, error) {
	if !slices.Contains(operatorReasons, session.EndReason(text)) {
		return "", badBody("%s is no reason to end a session: want one of %q", session.Shown(text), operatorReasons)
	}
	return session.EndReason(text), nil
}

// readReason returns ended_by_admin for "".
func readReason(text string) (session.EndReason, error) {
	if text == "" {
		return session.EndedByAdmin, nil
	}
	return OperatorReason(text)
}
