package telemetry

import (
	"context"
	"errors"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Observe returns what turns the Manager's events into metrics, for
// [session.Options].Observe and httpapi.Options.Observe.
func Observe(sink Sink) func(context.Context, session.Event) {
	return func(_ context.Context, e session.Event) { record(sink, &e) }
}

func record(sink Sink, e *session.Event) {
	switch e.Name {
	case session.EventChecked:
		sink.Record(Lookups, 1, string(e.Outcome))
		sink.Record(LookupDuration, e.Took.Seconds(), string(e.Outcome))
	case session.EventCreated:
		sink.Record(SignIns, 1, methodOf(e.Methods), "created")
	case session.EventSignInRefused:
		sink.Record(SignIns, 1, methodOf(e.Methods), refusalOf(e.Err))
	case session.EventEnded:
		sink.Record(SessionsEnded, 1, string(e.Reason))
	case session.EventEveryoneEnded:
		sink.Record(EveryoneEnded, 1)
	case session.EventOffered:
		sink.Record(TokensRotated, 1, "offered")
	case session.EventConfirmed:
		sink.Record(TokensRotated, 1, "confirmed")
	case session.EventTouched:
		sink.Record(Touches, 1, touchOf(e.Err))
	}
}

// methodOf is one word for the methods of a sign-in.
func methodOf(methods []string) string {
	switch len(methods) {
	case 0:
		return "none"
	case 1:
		return methods[0]
	}
	return "mfa"
}

// refusalOf is how a sign-in failed. What is none of ours is Check's own word that the
// credential is not right.
func refusalOf(err error) string {
	switch {
	case errors.Is(err, session.ErrOvertaken):
		return "overtaken"
	case errors.Is(err, signin.ErrBusy):
		return "busy"
	case errors.Is(err, session.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "unavailable"
	case errors.Is(err, session.ErrInvalid):
		return "invalid"
	}
	return "refused"
}

func touchOf(err error) string {
	if err != nil {
		return ResultFailed
	}
	return "written"
}
