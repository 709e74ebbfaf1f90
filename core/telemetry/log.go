package telemetry

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"

	"coatcheck/core/session"
	"coatcheck/core/telemetry/request"
)

// Log returns an observer ([session.Options].Observe) that logs one line an event, named
// by its field "event": the [session.EventName], but for a check, which is session_allowed,
// session_refused or, where a replaced token was presented, token_reused. docs/logs.md lists them. A line has the names of the context's
// request and nothing secret. nil logs nothing.
func Log(log *slog.Logger) func(context.Context, session.Event) {
	log = request.Logger(log)
	return func(ctx context.Context, e session.Event) {
		level := levelOf(ctx, &e)
		if !log.Enabled(ctx, level) {
			return
		}
		log.LogAttrs(ctx, level, messages[e.Name], attributes(ctx, &e)...)
	}
}

// Join returns an observer that tells each of several, in their order; those that are nil
// are left out.
func Join(observers ...func(context.Context, session.Event)) func(context.Context, session.Event) {
	return func(ctx context.Context, e session.Event) {
		for _, tell := range observers {
			if tell != nil {
				tell(ctx, e)
			}
		}
	}
}

// messages are for people; programs go by the event.
var messages = map[session.EventName]string{
	session.EventChecked:       "session checked",
	session.EventCreated:       "session created",
	session.EventSignInRefused: "sign-in refused",
	session.EventEnded:         "session ended",
	session.EventEveryoneEnded: "everybody's sessions ended",
	session.EventOffered:       "new token handed out",
	session.EventConfirmed:     "new token in use",
	session.EventTouched:       "use written down",
}

// What a check is logged as.
const (
	checkAllowed = "session_allowed"
	checkRefused = "session_refused"
	tokenReused  = "token_reused"
)

// levelOf is debug for what happens with every visit, warn for what somebody may have to
// look at, and error where the store did not answer a check.
func levelOf(ctx context.Context, e *session.Event) slog.Level {
	switch e.Name {
	case session.EventChecked:
		return levelOfCheck(ctx, e.Outcome)
	case session.EventCreated, session.EventEnded:
		return slog.LevelInfo
	case session.EventOffered, session.EventConfirmed:
		return slog.LevelDebug
	case session.EventTouched:
		if e.Err == nil {
			return slog.LevelDebug
		}
	case session.EventSignInRefused, session.EventEveryoneEnded:
	}
	return slog.LevelWarn
}

// levelOfCheck: that a client hung up is no fault of the store.
func levelOfCheck(ctx context.Context, o session.Outcome) slog.Level {
	switch {
	case o == session.Reused:
		return slog.LevelWarn
	case o == session.Unavailable && !errors.Is(ctx.Err(), context.Canceled):
		return slog.LevelError
	}
	return slog.LevelDebug
}

func nameOf(e *session.Event) string {
	switch {
	case e.Name != session.EventChecked:
		return string(e.Name)
	case e.Outcome == session.Allowed:
		return checkAllowed
	case e.Outcome == session.Reused:
		return tokenReused
	}
	return checkRefused
}

// attributes are a line's fields; those that an event does not have are left out.
func attributes(ctx context.Context, e *session.Event) []slog.Attr {
	f := fields{slog.String("event", nameOf(e))}
	f.id("session", e.Session)
	f.text("subject", e.Subject)
	f.text("outcome", string(e.Outcome))
	f.text("reason", string(e.Reason))
	if !e.End.At.IsZero() {
		f.text("by", string(e.End.By))
		f.id("replacedBy", e.End.ReplacedBy)
	}
	if e.Name == session.EventEveryoneEnded {
		f = append(f, slog.Time("before", e.End.At))
	}
	f.text("methods", strings.Join(e.Methods, " "))
	f.text("client", cmp.Or(e.Client.Address, session.Origin(ctx)))
	if e.Name == session.EventChecked {
		f = append(f, slog.Duration("took", e.Took))
	}
	if e.Err != nil {
		f.text("cause", e.Err.Error())
	}
	return f
}

type fields []slog.Attr

func (f *fields) text(name, value string) {
	if value != "" {
		*f = append(*f, slog.String(name, value))
	}
}

func (f *fields) id(name string, id session.ID) {
	if !id.IsZero() {
		*f = append(*f, slog.String(name, id.String()))
	}
}
