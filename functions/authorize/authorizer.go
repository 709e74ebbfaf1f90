package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/functions/internal/environment"
)

var (
	// errDefect answers an invocation that met a defect of ours.
	errDefect = errors.New("defect in the authorizer: see the log")
	// errUnauthorized makes a REST or WebSocket API answer 401. The text is API Gateway's,
	// to the letter: any other is 500 (Amazon API Gateway Developer Guide, "Use API Gateway
	// Lambda authorizers").
	errUnauthorized = errors.New("Unauthorized")
)

// authorizer is the Lambda handler. It is safe for concurrent use.
type authorizer struct {
	sessions *session.Manager
	origins  inbound.Origins
	routes   inbound.Routes
	answers  answerer
	// say401 answers 401 rather than 403 where there is no session and the caller can.
	say401 bool
	log    *slog.Logger
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
		a.log.ErrorContext(ctx, "no event of a caller", "event", "no_event", "error", err.Error())
		return nil, err
	}
	ctx = environment.Named(session.From(ctx, asked.address), asked.id, asked.extendedID)
	record, optional, err := a.check(ctx, &asked)
	switch {
	case err == nil:
		return a.answers.allow(&asked, contextOf(&record, a.sessions.ExpiresAt(record)))
	case !inbound.IsRefusal(err) && !errors.Is(err, inbound.ErrPath):
		return nil, err
	}
	a.log.DebugContext(ctx, "denied", "event", "denied", "cause", err.Error())
	if optional {
		return a.answers.allow(&asked, &authContext{})
	}
	return a.deny(&asked, err)
}

// deny answers a refusal.
func (a *authorizer) deny(asked *request, err error) ([]byte, error) {
	switch {
	case !errors.Is(err, session.ErrNoSession):
	case a.say401 && (asked.caller == restToken || asked.caller == restRequest || asked.caller == webSocket):
		return nil, errUnauthorized
	}
	return a.answers.deny(asked, inbound.Challenge(asked.header, err))
}

// check looks the session up. With a refusal comes whether the route is optional.
func (a *authorizer) check(ctx context.Context, asked *request) (record session.Record, optional bool, err error) {
	rule, err := a.routes.Match(asked.method, asked.path, asked.key)
	if err != nil {
		return session.Record{}, false, err
	}
	presented, err := a.origins.Check(asked.header, asked.method)
	if err != nil {
		return session.Record{}, rule.Optional, err
	}
	presented.Passive = presented.Passive || rule.Passive
	presented.Demand = rule.Demand
	record, err = a.sessions.Lookup(ctx, presented)
	return record, rule.Optional, err
}
