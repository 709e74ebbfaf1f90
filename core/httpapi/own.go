package httpapi

import (
	"net/http"
	"strings"
	"time"

	"coatcheck/core/session"
)

// ownSession tells the holder who he is and until when; a refusal tells the holder
// of a genuine token why the session is over.
func (a *API) ownSession(w http.ResponseWriter, r *http.Request) {
	record, err := a.check(r, r.Method, session.Demand{})
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
// can set that header.
func (a *API) authorize(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if original := r.Header.Get("X-Forwarded-Method"); original != "" {
		method = original
	}
	record, err := a.check(r, method, session.Demand{})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set(HeaderSubject, record.Subject)
	h.Set(HeaderSession, record.ID.String())
	h.Set(HeaderRoles, strings.Join(record.Roles, " "))
	h.Set(HeaderAuthTime, record.AuthTime.Format(time.RFC3339))
	w.WriteHeader(http.StatusNoContent)
}
