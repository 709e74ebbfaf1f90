package httpapi

import (
	"context"
	"net/http"

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
		r = r.WithContext(named(r.Context()))
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
	presented, err := a.presented(r, r.Method, r.URL.Path)
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

// presented is what a request presents, for a method and path that behind a proxy are
// not always its own.
func (a *API) presented(r *http.Request, method, path string) (session.Presented, error) {
	presented, err := a.origins.Check(r.Header, method)
	presented.Passive = presented.Passive || a.passive.Match(method, path)
	return presented, err
}
