package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// RequireSession lets a request through to next only with a live session that
// fulfils the demand; next finds it with [SessionFrom]. It refuses with 401, 403 or
// 503 as a problem (RFC 9457), an unsafe method from another site with 403, and
// never touches the cookie; refusals carry the security headers of our own routes.
// Where the session's token is due to be replaced it sets the new cookie: an answer
// that next lets shared caches store would hand it to others.
// Answers are marked as not to be stored, which next may change.
func (a *API) RequireSession(next http.Handler, d session.Demand) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = a.from(r)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Cookie")
		record, err := a.admit(w, r, d)
		if err != nil {
			setSecurityHeaders(w.Header())
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, record)))
	})
}

type sessionKey struct{}

// SessionFrom returns the session that [API.RequireSession] let through.
func SessionFrom(ctx context.Context) (session.Record, bool) {
	r, ok := ctx.Value(sessionKey{}).(session.Record)
	return r, ok
}

// admit is the whole check of a request whose answer can set a cookie: where it comes
// from, then its session, whose token it replaces when that is due.
func (a *API) admit(w http.ResponseWriter, r *http.Request, d session.Demand) (session.Record, error) {
	presented, err := a.presented(r)
	if err != nil {
		return session.Record{}, err
	}
	presented.Demand = d
	record, renewed, err := a.manager.Renew(r.Context(), presented)
	if !renewed.IsZero() {
		a.setCookie(w, renewed, record)
	}
	return record, err
}

// Protect is [API.RequireSession] with what [Options].Routes asks of each request. On a
// route that is optional next is called without a session, too, where there is none. A
// person who has no session is led to the sign-in page, if there is one, and back.
func (a *API) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = a.from(r)
		record, found, err := a.admitByRoute(r, r.Method, r.URL.EscapedPath(), func(p session.Presented) (session.Record, error) {
			record, renewed, err := a.manager.Renew(r.Context(), p)
			if !renewed.IsZero() {
				a.setCookie(w, renewed, record)
			}
			return record, err
		})
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if found {
			w.Header().Set("Cache-Control", "no-store")
			r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, record))
		}
		w.Header().Add("Vary", "Cookie")
		next.ServeHTTP(w, r)
	})
}

// refuse answers a request of an application's own.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	setSecurityHeaders(w.Header())
	if a.auth != nil && r.Method == http.MethodGet && wantsPage(r) && errors.Is(err, session.ErrNoSession) {
		http.Redirect(w, r, "/login?"+url.Values{"return_to": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		return
	}
	a.fail(w, r, err)
}

// admitByRoute is the whole check of a request by what is asked of its route. found is
// false for a request that goes on as nobody's.
func (a *API) admitByRoute(
	r *http.Request, method, path string, look func(session.Presented) (session.Record, error),
) (record session.Record, found bool, err error) {
	rule, err := a.routes.Match(method, path, "")
	if err != nil {
		return session.Record{}, false, err
	}
	presented, err := a.origins.Check(r.Header, method)
	if err == nil {
		presented.Passive = presented.Passive || rule.Passive
		presented.Demand = rule.Demand
		record, err = look(presented)
	}
	if rule.Optional && inbound.IsRefusal(err) {
		return session.Record{}, false, nil
	}
	return record, err == nil, err
}

// presented is what a request presents.
func (a *API) presented(r *http.Request) (session.Presented, error) {
	presented, err := a.origins.Check(r.Header, r.Method)
	rule, _ := a.routes.Match(r.Method, r.URL.EscapedPath(), "") // what else it asks stands in the program
	presented.Passive = presented.Passive || rule.Passive
	return presented, err
}
