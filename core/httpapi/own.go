package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"coatcheck/core/session"
)

// ownSession tells the holder who he is and until when; a refusal tells the holder
// of a genuine token why the session is over.
func (a *API) ownSession(w http.ResponseWriter, r *http.Request) {
	record, err := a.admit(w, r, session.Demand{})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, ownBody{a.ownView(record)})
}

// Headers that a proxy may trust in the answer of GET /authorize, and passes on in
// place of what the client sent under these names.
const (
	HeaderSubject  = "Coatcheck-Subject"
	HeaderSession  = "Coatcheck-Session"
	HeaderRoles    = "Coatcheck-Roles"     // space-separated
	HeaderAuthTime = "Coatcheck-Auth-Time" // RFC 3339
)

// authorize answers a proxy's subrequest (forward-auth): 204 with the identity in
// headers, all of them always, or a refusal. The proxy names the method of the
// original request, so that a cross-site POST is refused; no page of another site
// can set that header. A token is never replaced here: proxies do not pass the cookie
// of such an answer on.
func (a *API) authorize(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if original := r.Header.Get("X-Forwarded-Method"); original != "" {
		method = original
	}
	record, _, err := a.admitByRoute(r, method, originalPath(r), func(p session.Presented) (session.Record, error) {
		return a.manager.Lookup(r.Context(), p)
	})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	SetIdentity(w.Header(), record)
	w.WriteHeader(http.StatusNoContent)
}

// SetIdentity says in a request's or an answer's headers whose session it belongs to:
// all of them always, in place of what stood there. For the zero Record they are empty,
// which is nobody's.
func SetIdentity(h http.Header, r session.Record) {
	h.Set(HeaderSubject, r.Subject)
	h.Set(HeaderRoles, strings.Join(r.Roles, " "))
	id, at := "", ""
	if !r.ID.IsZero() {
		id, at = r.ID.String(), r.AuthTime.Format(time.RFC3339)
	}
	h.Set(HeaderSession, id)
	h.Set(HeaderAuthTime, at)
}

// originalPath is the path that a proxy asks for, "" where it does not say.
func originalPath(r *http.Request) string {
	u, err := url.Parse(r.Header.Get("X-Forwarded-Uri"))
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}
