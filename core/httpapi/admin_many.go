package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// stepBody is one step of ending many: Next leads to the following one.
type stepBody struct {
	Examined int            `json:"examined"`
	Matched  int            `json:"matched"`
	Ended    int            `json:"ended"`
	Sessions []endedSession `json:"sessions"`
	Damaged  []session.ID   `json:"damaged,omitempty"`
	Next     string         `json:"next,omitempty"`
}

type endedSession struct {
	ID      session.ID `json:"id"`
	Subject string     `json:"subject"`
}

func stepOf(s session.Step) stepBody {
	body := stepBody{
		Examined: s.Examined, Matched: len(s.Matched), Ended: s.Ended, Sessions: []endedSession{},
		Damaged: s.Damaged, Next: s.Next,
	}
	for i := range s.Matched {
		body.Sessions = append(body.Sessions, endedSession{s.Matched[i].ID, s.Matched[i].Subject})
	}
	return body
}

// endWhere takes one step of ending everybody's sessions that fit a predicate.
func (a *API) endWhere(w http.ResponseWriter, r *http.Request, by caller) error {
	walk, err := a.readWalk(w, r)
	if err != nil {
		return err
	}
	walk.By = by.by
	step, err := a.manager.EndWhere(patient(r), walk)
	if step.Ended > 0 || errors.Is(err, session.ErrUnavailable) {
		a.log.InfoContext(r.Context(), "sessions ended by predicate", "event", "sessions_ended",
			"matched", len(step.Matched), "count", step.Ended, "by", string(by.by), "complete", err == nil)
	}
	return answerStep(w, step, walk.DryRun, err)
}

// answerStep answers a step. One that failed half-way tells what it was at, too: what it
// ended fits no predicate any more, so that a list of it would come nowhere else.
func answerStep(w http.ResponseWriter, step session.Step, dryRun bool, err error) error {
	switch {
	case err == nil:
		answer(w, http.StatusOK, stepOf(step))
		return nil
	case dryRun || len(step.Matched) == 0: // nothing was ended
		return err
	}
	step.Next = "" // this one is to be taken again
	body := stepOf(step)
	return &halfDone{err, fmt.Sprintf("Of the %d sessions of this step %d have ended, and the others may have: take it again.", body.Matched, body.Ended), &body}
}

// halfDone is the error of an end that may have taken place in part.
type halfDone struct {
	error
	detail string // for people
	step   *stepBody
}

// Unwrap makes errors.Is find why.
func (h *halfDone) Unwrap() error { return h.error }

// endedPart makes what a failed end has done part of its error. What is no fault of the store
// was refused, and nothing was done.
func endedPart(err error, format string, args ...any) error {
	if !errors.Is(err, session.ErrUnavailable) {
		return err
	}
	return &halfDone{error: err, detail: fmt.Sprintf(format, args...)}
}

func (a *API) readWalk(w http.ResponseWriter, r *http.Request) (session.Walk, error) {
	var walk session.Walk
	var olderThan, account, reason chosen
	var limit *int
	f := &walk.Filter
	err := readJSON(w, r, fields{
		"role": (*chosen)(&f.Role), "method": (*chosen)(&f.Method), "user_agent": (*chosen)(&f.UserAgent),
		"address": (*chosen)(&f.Address), "older_than": &olderThan, "account": &account, "all": &walk.All,
		"dry_run": &walk.DryRun, "reason": &reason, "limit": &limit, "cursor": &walk.Cursor,
	})
	if err == nil && limit != nil {
		walk.Limit, err = *limit, checkLimit(*limit)
	}
	if err == nil {
		f.OlderThan, err = readDuration("older_than", string(olderThan))
	}
	if err == nil {
		walk.Reason, err = readReason(string(reason))
	}
	if err == nil && account != "" {
		walk.AlsoName = string(account)
		walk.Also, err = a.accountState(string(account))
	}
	return walk, err
}

// checkLimit refuses a limit of 0, too, which the Manager takes for none given.
func checkLimit(n int) error {
	if n < 1 || n > session.MaxStep {
		return badBody("limit is %d: want 1 to %d", n, session.MaxStep)
	}
	return nil
}

// accountState is the condition that a session's user is in a state. Each user is
// looked up once.
func (a *API) accountState(state string) (func(context.Context, string) (bool, error), error) {
	if a.directory == nil {
		return nil, badBody("account: the users of this deployment are the application's own")
	}
	if state != "disabled" && state != "missing" {
		return nil, badBody(`account %s: want "disabled" or "missing"`, session.Shown(state))
	}
	known := map[string]bool{}
	return func(ctx context.Context, subject string) (bool, error) {
		if fits, ok := known[subject]; ok {
			return fits, nil
		}
		account, err := a.directory.Get(ctx, subject)
		missing := errors.Is(err, signin.ErrNotFound)
		if err != nil && !missing {
			return false, err
		}
		known[subject] = missing && state == "missing" || account.Disabled && state == "disabled"
		return known[subject], nil
	}, nil
}

// endEveryone ends the sessions of everybody, the caller's own included.
func (a *API) endEveryone(w http.ResponseWriter, r *http.Request, by caller) error {
	if err := readOptionalJSON(w, r, fields{}); err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	before, err := a.manager.EndEveryone(ctx)
	if err != nil {
		return endedPart(err, "Whether everybody's sessions are over is open. Try again.")
	}
	a.log.WarnContext(ctx, "everybody's sessions ended on request", "event", "end_everyone_asked", "before", before, "by", string(by.by))
	a.signEndOfEveryone(ctx, by)
	answer(w, http.StatusOK, map[string]any{"endedBefore": before})
	return nil
}

// signEndOfEveryone writes down who ended everybody and from where, on the caller's own
// session: whoever sweeps up writes the ends of the others. They are over without it.
func (a *API) signEndOfEveryone(ctx context.Context, by caller) {
	if by.session == nil {
		return
	}
	if _, err := a.manager.End(ctx, by.session.ID, session.EndedEverywhere, by.by); err != nil {
		a.log.ErrorContext(ctx, "the caller's own end was not written", "event", "end_everyone_unsigned", "by", string(by.by), "error", err)
	}
}

// sweep takes one step of writing down the ends that endEveryone made.
func (a *API) sweep(w http.ResponseWriter, r *http.Request, by caller) error {
	var cursor string
	if err := readOptionalJSON(w, r, fields{"cursor": &cursor}); err != nil {
		return err
	}
	step, err := a.manager.Sweep(patient(r), by.by, cursor)
	return answerStep(w, step, false, err)
}
