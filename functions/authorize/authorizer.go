package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// errDefect answers an invocation that met a defect of ours.
var errDefect = errors.New("defect in the authorizer: see the log")

// authorizer is the Lambda handler. It is safe for concurrent use.
type authorizer struct {
	sessions *session.Manager
	origins  inbound.Origins
	passive  inbound.Routes
	log      *slog.Logger
}

// Invoke implements lambda.Handler. No session, a session that does not suffice and
// a cross-site request are denied. Whatever else keeps the answer open (the store is
// down, the event is none, a defect) is an error, for which the gateway answers 500:
// never a deny, never an allow. The process outlives all of it.
func (a *authorizer) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			a.log.ErrorContext(ctx, "defect", "event", "defect", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			answer, err = nil, errDefect
		}
	}()
	asked, err := decode(payload)
	if err != nil {
		return nil, err
	}
	record, err := a.check(ctx, asked)
	switch {
	case err == nil:
		return allow(&record, a.sessions.ExpiresAt(record))
	case isDeny(err):
		a.logDenied(ctx, err)
		return deny(), nil
	}
	return nil, err
}

// logDenied tells a replayed token, which is an alarm, from the everyday.
func (a *authorizer) logDenied(ctx context.Context, err error) {
	var refusal *session.Refusal
	if errors.As(err, &refusal) && refusal.Outcome == session.Reused {
		a.log.WarnContext(ctx, "a replaced token was presented", "event", "token_reused", "session", refusal.Session.String())
		return
	}
	a.log.DebugContext(ctx, "denied", "event", "denied", "cause", err.Error())
}

func (a *authorizer) check(ctx context.Context, asked request) (session.Record, error) {
	presented, err := a.origins.Check(asked.header, asked.method)
	if err != nil {
		return session.Record{}, err
	}
	presented.Passive = presented.Passive || a.passive.Match(asked.method, asked.path)
	return a.sessions.Lookup(ctx, presented)
}

// isDeny reports whether a refusal is an answer. That of a store that was not reached
// is none, whatever else its error wraps.
func isDeny(err error) bool {
	return !errors.Is(err, session.ErrUnavailable) &&
		(errors.Is(err, inbound.ErrCrossSite) || errors.Is(err, session.ErrNoSession) || errors.Is(err, session.ErrForbidden))
}
