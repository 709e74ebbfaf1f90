package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"coatcheck/core/session"
)

// listAll answers a page of everybody's sessions of one status. It may lag.
func (a *API) listAll(w http.ResponseWriter, r *http.Request, _ caller) error {
	p := readParameters(r.URL.Query(), "status", "since", "until", "role", "method", "user_agent", "address",
		"older_than", "reason", "by", "limit", "cursor")
	q := session.AllQuery{
		State: readState(p), Since: p.time("since"), Until: p.time("until"),
		Filter: session.Filter{
			Role: p.text("role"), Method: p.text("method"), UserAgent: p.text("user_agent"), Address: p.text("address"),
			OlderThan: p.duration("older_than"), Reason: session.EndReason(p.text("reason")), By: session.By(p.text("by")),
		},
		Limit: p.number("limit", session.MaxPage), Cursor: p.text("cursor"),
	}
	if p.err != nil {
		return p.err
	}
	got, err := a.manager.ListAll(r.Context(), q)
	if err != nil {
		return err
	}
	a.answerList(w, r, got)
	return nil
}

// readState returns active for a status that is not given.
func readState(p *parameters) session.State {
	if text := p.text("status"); text != "" {
		return session.State(text)
	}
	return session.StateActive
}

func (a *API) answerList(w http.ResponseWriter, r *http.Request, got session.ListPage) {
	for _, id := range got.Damaged {
		a.logDamaged(r, id)
	}
	body := listBody{Sessions: []adminView{}, Damaged: got.Damaged, Next: got.Next}
	for _, s := range got.Sessions {
		body.Sessions = append(body.Sessions, a.adminView(s))
	}
	answer(w, http.StatusOK, body)
}

func (a *API) logDamaged(r *http.Request, id session.ID) {
	a.log.ErrorContext(r.Context(), "stored item is no session", "event", "session_damaged", "session", id.String())
}

func (a *API) countAll(w http.ResponseWriter, r *http.Request, _ caller) error {
	p := readParameters(r.URL.Query(), "status", "since", "until")
	state, since, until := readState(p), p.time("since"), p.time("until")
	if p.err != nil {
		return p.err
	}
	n, err := a.manager.CountAll(session.WithPatience(r.Context(), countTime), state, since, until)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]int{"count": n})
	return nil
}

// countTime is how long a count may take.
const countTime = 10 * time.Second

func (a *API) listSessions(w http.ResponseWriter, r *http.Request, _ caller) error {
	page, err := readPage(r.URL.Query())
	if err != nil {
		return err
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	got, err := a.manager.List(r.Context(), subject, page)
	if err != nil {
		return err
	}
	a.answerList(w, r, got)
	return nil
}

func (a *API) getSession(w http.ResponseWriter, r *http.Request, _ caller) error {
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	got, err := a.manager.Get(r.Context(), id)
	switch {
	case errors.Is(err, session.ErrDamaged):
		a.logDamaged(r, id)
		answer(w, http.StatusOK, damagedBody{damagedView{ID: id, Status: statusDamaged}})
		return nil
	case err != nil:
		return err
	}
	answer(w, http.StatusOK, adminBody{a.adminView(got)})
	return nil
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request, by caller) error {
	p := readParameters(r.URL.Query(), "reason")
	reason, err := readReason(p.text("reason"))
	p.fail(err)
	if p.err != nil {
		return p.err
	}
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	// An end goes on when its caller hangs up.
	ctx := context.WithoutCancel(r.Context())
	record, err := a.manager.End(ctx, id, reason, by.by)
	if err != nil {
		return endedPart(err, "Whether the session has ended is open. Try again.")
	}
	answer(w, http.StatusOK, a.endedBody(record))
	return nil
}

// endAllTime bounds ending all of a user's sessions, within what gateways wait.
const endAllTime = 15 * time.Second

// patient is the context of ending many. As long as the store answers, ending takes
// the time that it takes; a store that hangs is given up at its first call.
func patient(r *http.Request) context.Context {
	return session.WithPatience(context.WithoutCancel(r.Context()), endAllTime)
}

func (a *API) endUserSessions(w http.ResponseWriter, r *http.Request, by caller) error {
	var text chosen
	err := readOptionalJSON(w, r, fields{"reason": &text})
	if err != nil {
		return err
	}
	reason, err := readReason(string(text))
	if err != nil {
		return err
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	n, err := a.manager.EndAll(patient(r), subject, reason, by.by)
	return a.answerEnded(w, r, subject, n, by, err)
}

// countOthers answers how many sessions endOthersOf would end.
func (a *API) countOthers(w http.ResponseWriter, r *http.Request, _ caller) error {
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	n, err := a.manager.OthersOf(session.WithPatience(r.Context(), countTime), id)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]int{"count": n})
	return nil
}

// endOthersOf ends the sessions of a session's user but that one.
func (a *API) endOthersOf(w http.ResponseWriter, r *http.Request, by caller) error {
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	subject, n, err := a.manager.EndOthersOf(patient(r), id, session.EndedByAdmin, by.by)
	if errors.Is(err, session.ErrNotFound) { // nothing was done
		return err
	}
	return a.answerEnded(w, r, subject, n, by, err)
}

func (a *API) answerEnded(w http.ResponseWriter, r *http.Request, subject string, n int, by caller, err error) error {
	a.log.InfoContext(r.Context(), "user's sessions ended", "event", "sessions_ended",
		"subject", subject, "count", n, "by", string(by.by), "complete", err == nil)
	if err != nil {
		return endedPart(err, "Of the user's sessions %d have ended, and others may be left. Try again.", n)
	}
	answer(w, http.StatusOK, map[string]int{"ended": n})
	return nil
}
