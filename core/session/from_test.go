package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
)

// Every end says from which address it came, those of rules too, whichever call wrote it.
func TestEndsSayWhereTheyCameFrom(t *testing.T) {
	const here = "198.51.100.9"
	for name, ends := range map[string]func(w *world, ctx context.Context, p session.Presented, r session.Record) error{
		"end": func(w *world, ctx context.Context, _ session.Presented, r session.Record) error {
			_, err := w.End(ctx, r.ID, session.EndedByAdmin, session.ByOperator)
			return err
		},
		"sign-out": func(w *world, ctx context.Context, p session.Presented, _ session.Record) error {
			_, err := w.SignOut(ctx, p)
			return err
		},
		"end all": func(w *world, ctx context.Context, _ session.Presented, _ session.Record) error {
			_, err := w.EndAll(ctx, "alice", session.AccountDisabled, session.BySubject("root"))
			return err
		},
		"end others": func(w *world, ctx context.Context, _ session.Presented, _ session.Record) error {
			_, stays := w.signIn("alice")
			_, err := w.EndOthers(ctx, "alice", stays.ID, session.EndedByUser, session.BySubject("alice"))
			return err
		},
		"end where": func(w *world, ctx context.Context, _ session.Presented, _ session.Record) error {
			_, err := w.EndWhere(ctx, session.Walk{All: true, Reason: session.EndedByAdmin, By: session.ByOperator})
			return err
		},
		"sweep": func(w *world, ctx context.Context, _ session.Presented, _ session.Record) error {
			if _, err := w.EndEveryone(ctx); err != nil {
				return err
			}
			_, err := w.Sweep(ctx, session.BySubject("root"), "")
			return err
		},
		"replay": func(w *world, ctx context.Context, p session.Presented, _ session.Record) error {
			w.clock.Move(w.Policy().RotateEvery)
			_, renewed, err := w.Renew(w.t.Context(), p)
			if err != nil {
				return err
			}
			w.wantOutcome(session.Presented{Token: renewed.Reveal()}, session.Allowed, "")
			w.clock.Move(w.Policy().Grace + session.Skew + time.Millisecond)
			if _, err := w.Lookup(ctx, p); session.OutcomeOf(err) != session.Reused {
				w.t.Errorf("got %v, want reused", err)
			}
			return nil
		},
		"session limit": func(w *world, ctx context.Context, _ session.Presented, _ session.Record) error {
			w.clock.Move(time.Second)
			w.signIn("alice")
			w.clock.Move(time.Second)
			_, _, err := w.SignIn(ctx, session.SignIn{Subject: "alice", Check: granted})
			return err
		},
		"replacement": func(w *world, ctx context.Context, p session.Presented, _ session.Record) error {
			_, _, err := w.SignIn(ctx, session.SignIn{Subject: "alice", Check: granted, Replace: p})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, session.Options{Policy: session.Policy{Idle: 8 * time.Hour, PerUser: 2}})
			p, r := w.signIn("alice")
			if err := ends(w, session.From(t.Context(), here), p, r); err != nil {
				t.Fatal(err)
			}
			if got, err := w.Get(t.Context(), r.ID); err != nil || !got.Ended() || got.End.From != here {
				t.Errorf("ended from %q, %v, want %q", got.End.From, err, here)
			}
		})
	}
}

// A sign-in that gives up ends what it made, from where it came.
func TestAbandonedSignInSaysWhereItCameFrom(t *testing.T) {
	w := newWorld(t, session.Options{})
	w.endDuring("before", 1)
	if _, _, err := w.SignIn(session.From(t.Context(), "192.0.2.7"), session.SignIn{Subject: "alice", Check: granted}); err == nil {
		t.Fatal("the sign-in succeeded")
	}
	got, err := w.List(t.Context(), "alice", session.UserPage{})
	if err != nil || len(got.Sessions) != 1 || got.Sessions[0].End.From != "192.0.2.7" {
		t.Errorf("got %+v, %v", got.Sessions, err)
	}
}

// An address is cut and cleaned as that of a sign-in; without one there is none.
func TestOrigin(t *testing.T) {
	for name, c := range map[string]struct{ address, want string }{
		"an address": {"2001:db8::1", "2001:db8::1"},
		"hostile":    {"192.0.2.1\r\n\x1b[2J", "192.0.2.1   [2J"},
		"long":       {strings.Repeat("a", 100), strings.Repeat("a", 64)},
		"none":       {"", ""},
	} {
		if got := session.Origin(session.From(t.Context(), c.address)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := session.Origin(t.Context()); got != "" {
		t.Errorf("nobody said: %q", got)
	}
	w := newWorld(t, session.Options{})
	_, r := w.signIn("alice")
	if is, err := w.End(t.Context(), r.ID, session.SignedOut, session.ByOperator); err != nil || is.End.From != "" {
		t.Errorf("nobody said: ended from %q, %v", is.End.From, err)
	}
}

// Who ended everybody can put his name to the end of a session, dated to when it began to
// hold; anybody else's end of it says what it ended as.
func TestEndOfEveryoneIsSigned(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, own := w.signIn("root")
	_, other := w.signIn("alice")
	w.clock.Move(time.Minute)
	before, err := w.EndEveryone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(time.Second)
	ctx := session.From(t.Context(), "192.0.2.7")
	for id, c := range map[session.ID]struct {
		reason session.EndReason
		want   session.By
	}{
		own.ID:   {session.EndedEverywhere, session.BySubject("root")},
		other.ID: {session.EndedByAdmin, session.ByRule},
	} {
		is, err := w.End(ctx, id, c.reason, session.BySubject("root"))
		want := session.End{At: before, Reason: session.EndedEverywhere, By: c.want, From: "192.0.2.7"}
		if err != nil || is.End != want {
			t.Errorf("ended as %+v, %v, want %+v", is.End, err, want)
		}
	}
}
