package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"coatcheck/core/httpapi/inbound"
)

// InFront serves the public surface as [API.Handler] does, and hands every request that
// is for none of its routes to an application, protected ([API.Protect]). The
// application's own routes under the same paths are not reached.
func (a *API) InFront(app http.Handler) http.Handler {
	mux := a.mux()
	own, protected := a.secure(a.explain(mux)), a.Protect(app)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch pattern, allow := route(mux, r); {
		case pattern != "" || allow != "":
			own.ServeHTTP(w, r)
		case !strings.HasPrefix(r.URL.Path, "/"):
			// CONNECT, and targets that are no path (RFC 9112 section 3.2).
			a.refuse(w, a.from(r), inbound.ErrPath)
		default:
			protected.ServeHTTP(w, r)
		}
	})
}

// ErrUpstream says that an application behind [API.Protect] was not reached.
var ErrUpstream = errors.New("application not reached")

// Unreachable answers in place of an application behind [API.Protect] that was not
// reached: 502, with the cause in the log. It leaves the session cookie alone.
func (a *API) Unreachable(w http.ResponseWriter, r *http.Request, cause error) {
	setSecurityHeaders(w.Header())
	a.fail(w, r, fmt.Errorf("%w: %w", ErrUpstream, cause))
}

// Recheck checks again a request that [API.Protect] let through and that is not over
// yet: whether its session is live and fulfils what is asked of the route. It is no use
// of the session. A request that went on as nobody's may go on. Its error is nil or a
// [session.Refusal]; one that is [session.ErrUnavailable] decides nothing.
func (a *API) Recheck(r *http.Request) error {
	record, found := SessionFrom(r.Context())
	if !found {
		return nil
	}
	rule, err := a.routes.Match(r.Method, r.URL.EscapedPath(), "")
	if err != nil {
		return err
	}
	return a.manager.Recheck(r.Context(), record.ID, rule.Demand)
}
