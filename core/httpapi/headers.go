package httpapi

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/telemetry/request"
)

// secure is what every answer goes through: security headers (ASVS V3.4, V14.3), a
// name for the request, and an answer even for a defect of ours.
func (a *API) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(session.WithPatience(request.Named(r.Context(), r.Header), storeTime))
		setSecurityHeaders(w.Header())
		defer a.lastResort(w, r)
		next.ServeHTTP(w, a.from(r))
	})
}

// storeTime is how long one request waits for stores in all: with the time to clean
// up after a sign-in that failed, under a second.
const storeTime = 800 * time.Millisecond

// from gives a request its names, unless it has them from the gateway, and the address
// that what it does is done from.
func (a *API) from(r *http.Request) *http.Request {
	return r.WithContext(session.From(request.Named(r.Context(), r.Header), a.client(r)))
}

func setSecurityHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	// Not no-referrer: that would make browsers send "Origin: null" with our forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// allowStyle lets the page's own style element through the policy, and nothing else.
func allowStyle(h http.Header) (nonce string) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	nonce = base64.RawURLEncoding.EncodeToString(raw)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+
		"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	return nonce
}

// lastResort answers for a panic (ASVS 16.5.4); http.ErrAbortHandler goes on.
func (a *API) lastResort(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
		panic(cause)
	}
	a.log.ErrorContext(r.Context(), "defect", "event", "defect",
		"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	a.answerProblem(w, r, Problem{
		Type: problemType("internal"), Title: "Internal error", Status: http.StatusInternalServerError, Instance: requestURN(r),
	})
}
