package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/request"
)

// lines are what an observer logs of events, by the level from which on it does.
func lines(ctx context.Context, t *testing.T, level slog.Level, events ...session.Event) (all []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	tell := telemetry.Log(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level})))
	for _, e := range events {
		tell(ctx, e)
	}
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		delete(fields, "time")
		delete(fields, "msg")
		all = append(all, fields)
	}
	return all
}

// Each event is one line of a stable name and of its own level.
func TestLogLevels(t *testing.T) {
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		event       session.Event
		name, level string
	}{
		{session.Event{Name: session.EventChecked, Outcome: session.Allowed}, "session_allowed", "DEBUG"},
		{session.Event{Name: session.EventChecked, Outcome: session.Expired, Reason: session.IdleTimeout}, "session_refused", "DEBUG"},
		{session.Event{Name: session.EventChecked, Outcome: session.Reused}, "token_reused", "WARN"},
		{session.Event{Name: session.EventChecked, Outcome: session.Unavailable, Err: errors.New("down")}, "session_refused", "ERROR"},
		{session.Event{Name: session.EventCreated, Methods: []string{"pwd"}}, "session_created", "INFO"},
		{session.Event{Name: session.EventSignInRefused, Err: errors.New("no")}, "sign_in_refused", "WARN"},
		{session.Event{Name: session.EventEnded, End: session.End{At: noon, Reason: session.SignedOut}}, "session_ended", "INFO"},
		{session.Event{Name: session.EventEveryoneEnded, End: session.End{At: noon}}, "everyone_ended", "WARN"},
		{session.Event{Name: session.EventOffered}, "token_offered", "DEBUG"},
		{session.Event{Name: session.EventConfirmed}, "token_confirmed", "DEBUG"},
		{session.Event{Name: session.EventTouched}, "session_touched", "DEBUG"},
		{session.Event{Name: session.EventTouched, Err: errors.New("down")}, "session_touched", "WARN"},
	} {
		t.Run(c.name+" "+c.level, func(t *testing.T) {
			got := lines(t.Context(), t, slog.LevelDebug, c.event)
			if len(got) != 1 || got[0]["event"] != c.name || got[0]["level"] != c.level {
				t.Errorf("got %v", got)
			}
			if c.level == "DEBUG" && len(lines(t.Context(), t, slog.LevelInfo, c.event)) > 0 {
				t.Error("it is logged above its level")
			}
		})
	}
}

// That a client hung up is no fault of the store.
func TestLogOfAClientThatHungUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := lines(ctx, t, slog.LevelDebug, session.Event{Name: session.EventChecked, Outcome: session.Unavailable})
	if len(got) != 1 || got[0]["level"] != "DEBUG" {
		t.Errorf("got %v", got)
	}
}

// A line says whose, why, by whom and from where, and in which request.
func TestLogFields(t *testing.T) {
	ctx := request.With(session.From(t.Context(), "192.0.2.7"), request.Names{ID: "r-1", Trace: "1-5759e988-bd862e3fe1be46a994272793"})
	id := session.ID{1}
	got := lines(ctx, t, slog.LevelInfo, session.Event{
		Name: session.EventEnded, Session: id, Subject: "ann", Reason: session.EndedByAdmin,
		End: session.End{At: time.Unix(1, 0), Reason: session.EndedByAdmin, By: session.ByOperator},
	})
	want := map[string]any{
		"level": "INFO", "event": "session_ended", "session": id.String(), "subject": "ann", "reason": "ended_by_admin",
		"by": "operator", "client": "192.0.2.7", "request": "r-1", "trace": "1-5759e988-bd862e3fe1be46a994272793",
	}
	if len(got) != 1 || len(got[0]) != len(want) {
		t.Fatalf("got %v", got)
	}
	for name, value := range want {
		if got[0][name] != value {
			t.Errorf("%s is %v, want %v", name, got[0][name], value)
		}
	}
}

// odd is what clients send to break a log: lines of their own, terminals' commands, text
// that reads backwards, what is no text.
const odd = "a\r\n{\"event\":\"forged\"}\x1b[2J\u2028\u202e\x00\xff"

// Whatever stands in a field, an event stays one line, and nothing of it reaches a
// terminal.
func TestLogEscapes(t *testing.T) {
	e := session.Event{
		Name: session.EventSignInRefused, Subject: odd, Client: session.Client{Address: odd, UserAgent: odd},
		Methods: []string{odd}, Err: errors.New(odd),
	}
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"json": func(b io.Writer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"text": func(b io.Writer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			telemetry.Log(slog.New(handler(telemetry.Escape(&out))))(t.Context(), e)
			text, ended := strings.CutSuffix(out.String(), "\n")
			if !ended || strings.ContainsAny(text, "\r\n\x1b\x00\u2028\u202e") || strings.Contains(text, "\xff") {
				t.Errorf("got %q", out.String())
			}
		})
	}
}

// Several observers are told in order, and nobody is told nothing.
func TestJoin(t *testing.T) {
	var told []string
	tell := func(name string) func(context.Context, session.Event) {
		return func(context.Context, session.Event) { told = append(told, name) }
	}
	telemetry.Join(tell("a"), nil, tell("b"))(t.Context(), session.Event{})
	if strings.Join(told, "") != "ab" {
		t.Errorf("told %v", told)
	}
}
