package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/telemetry/request"
)

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Instance names the request; a log line of a server's fault has the same.
	Instance string `json:"instance,omitempty"`
	// Reason is why the session is over. Only the holder of its genuine token is told.
	Reason session.EndReason `json:"reason,omitempty"`
	// MaxAge is how many seconds ago the credential may have been checked.
	MaxAge int `json:"max_age,omitempty"`
	// Roles are those of which one is needed.
	Roles []string `json:"roles,omitempty"`
	// Step is what a step of ending many was at when it failed half-way: each of its
	// sessions may have ended.
	Step *stepBody `json:"step,omitempty"`
	// Confirm leads a person to where the credential is checked again.
	Confirm string `json:"-"`
}

// answers is the one table from errors to what a client sees; the first that fits.
var answers = []struct {
	err    error
	status int
	name   string // of the problem's type
	title  string
	detail string // "" shows the error's own text, which its maker wrote for clients
}{
	{ErrUpstream, http.StatusBadGateway, "upstream", "The application does not answer", "Nobody was signed out. Try again in a moment."},
	{inbound.ErrCrossSite, http.StatusForbidden, "cross-site", "Cross-site request", "A request that changes something must come from a page of this origin, shown by Sec-Fetch-Site or Origin."},
	{inbound.ErrPath, http.StatusBadRequest, "ambiguous-path", "Ambiguous path", "It can be read in several ways. Use one without dot segments, empty ones and encoded slashes."},
	{signin.ErrRefused, http.StatusUnauthorized, "credentials-refused", "User name or password is not right", "Check both and try again."},
	{signin.ErrBusy, http.StatusTooManyRequests, "busy", "Too many sign-ins at once", "Try again in a moment."},
	{session.ErrOvertaken, http.StatusConflict, "overtaken", "The sign-in was overtaken", "The user's sessions were changed while signing in. Try again."},
	{session.ErrUnavailable, http.StatusServiceUnavailable, "unavailable", "Sessions cannot be checked right now", "Nothing was decided and nobody was signed out. Try again."},
	{session.ErrActing, http.StatusForbidden, "acting", "Not while acting as somebody else", "Leave this session and sign in as yourself."},
	{session.ErrNotFresh, http.StatusForbidden, "reauthentication-required", "A fresh sign-in is needed", "The credential was checked too long ago for this. Confirm it at /login/reauth, or sign in again."},
	{session.ErrForbidden, http.StatusForbidden, "forbidden", "Not allowed", "The session has none of the roles that this needs."},
	{session.ErrNoSession, http.StatusUnauthorized, "no-session", "No valid session", "Sign in."},
	{session.ErrNotFound, http.StatusNotFound, "not-found", "No such session", "It does not exist, or its record was purged."},
	{signin.ErrNotFound, http.StatusNotFound, "not-found", "No such user", "Nobody has that user name or subject."},
	{signin.ErrConflict, http.StatusConflict, "conflict", "Changed meanwhile", "Somebody else changed the user at the same time. Look again and repeat it."},
	{signin.ErrNameTaken, http.StatusConflict, "name-taken", "User name is taken", "Choose another."},
	{session.ErrCursor, http.StatusBadRequest, "invalid", "Invalid cursor", "Use the value of next as it was given, with the same list."},
	{session.ErrInvalidID, http.StatusNotFound, "not-found", "No such session", "That is not a session ID."},
	{session.ErrInvalid, http.StatusBadRequest, "invalid", "Invalid request", ""},
}

// problemOf returns what an error looks like to the outside.
func problemOf(err error) Problem {
	var body *bodyError
	if errors.As(err, &body) {
		return Problem{Type: problemType("invalid"), Title: "Invalid request", Status: body.status, Detail: body.text}
	}
	for _, a := range answers {
		if !errors.Is(err, a.err) {
			continue
		}
		p := Problem{Type: problemType(a.name), Title: a.title, Status: a.status, Detail: a.detail}
		if a.detail == "" {
			p.Detail = plain(err)
		}
		var half *halfDone
		if errors.As(err, &half) {
			p.Detail, p.Step = half.detail, half.step
		}
		var refusal *session.Refusal
		if errors.As(err, &refusal) {
			p.Reason, p.Roles = refusal.Reason, refusal.Demand.AnyRole
			p.MaxAge = int(refusal.Demand.MaxAuthAge.Seconds())
		}
		return p
	}
	return Problem{Type: problemType("internal"), Title: "Internal error", Status: http.StatusInternalServerError}
}

// plain is what invalid arguments' errors say, one a line, without what each begins with:
// that it is invalid, which the title says, and in what operation.
func plain(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		if _, text, ok := strings.Cut(line, session.ErrInvalid.Error()+": "); ok {
			lines[i] = text
		}
	}
	return strings.Join(lines, "\n")
}

func problemType(name string) string { return "urn:coatcheck:problem:" + name }

// fail answers an error. Faults of the server are logged, with what the client is
// not told; that a client hung up is none.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.Instance = requestURN(r)
	if p.Status >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		a.log.ErrorContext(r.Context(), "request failed",
			"event", "request_failed", "route", r.Pattern, "status", p.Status, "error", err.Error())
	}
	if challenge := inbound.Challenge(r.Header, err); challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
		p.Confirm = a.confirm(r, err)
	}
	a.answerProblem(w, r, p)
}

func (a *API) answerProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	h := w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		// RFC 9110 section 11.6.1 wants a challenge; no scheme is registered for
		// cookies, and Basic would open the browser's own prompt.
		h.Set("WWW-Authenticate", `Coatcheck realm="session"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusConflict:
		h.Set("Retry-After", "1")
	}
	if wantsPage(r) {
		a.page(w, r, p.Status, "problem.html", p)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// answer writes a body of JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func requestURN(r *http.Request) string {
	return "urn:coatcheck:request:" + request.From(r.Context()).ID
}

// confirm is the page on which the credential is checked again, and that leads back to
// what was asked for; "" where that does not help or there is none.
func (a *API) confirm(r *http.Request, err error) string {
	if a.auth == nil || !errors.Is(err, session.ErrNotFresh) {
		return ""
	}
	goOn := home
	if r.Method == http.MethodGet {
		goOn = r.URL.RequestURI()
	}
	return "/login/reauth?" + url.Values{"return_to": {goOn}}.Encode()
}
