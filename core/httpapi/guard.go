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
// Answers are marked as not to be stored, which next may change.
func (a *API) RequireSession(next http.Handler, d session.Demand) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(named(r.Context()))
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Add("Vary", "Cookie")
		record, err := a.check(r, r.Method, d)
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

// check is the whole check of a request: where it comes from, then its session.
func (a *API) check(r *http.Request, method string, d session.Demand) (session.Record, error) {
	presented, err := a.origins.Check(r.Header, method)
	if err != nil {
		return session.Record{}, err
	}
	presented.Demand = d
	return a.manager.Lookup(r.Context(), presented)
}
