package session_test

import (
	"errors"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// newBrokenWorld is a world and how its sessions are damaged.
func newBrokenWorld(t *testing.T) (w *world, damage func(...session.Record)) {
	t.Helper()
	w = newWorld(t, session.Options{})
	kept := memory.New()
	w.store.Store = kept
	return w, func(records ...session.Record) {
		for _, r := range records {
			if err := kept.Damage(r.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The other sessions of a session's user end whatever is damaged: none of them, the one
// that stays, some others, or all.
func TestEndOthersOf(t *testing.T) {
	for name, c := range map[string]struct{ kept, first, second bool }{
		"all whole":             {false, false, false},
		"the kept one damaged":  {true, false, false},
		"another one damaged":   {false, true, false},
		"only the newest whole": {true, true, false},
		"the others damaged":    {false, true, true},
		"all damaged":           {true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, damage := newBrokenWorld(t)
			kept, stays := w.signIn("alice")
			_, first := w.signIn("alice")
			w.clock.Move(time.Second)
			_, second := w.signIn("alice")
			bob, _ := w.signIn("bob")
			subject := "alice"
			for r, broken := range map[*session.Record]bool{&stays: c.kept, &first: c.first, &second: c.second} {
				if broken {
					damage(*r)
				}
			}
			if c.kept {
				subject = ""
			}
			if n, err := w.OthersOf(t.Context(), stays.ID); n != 2 || err != nil {
				t.Errorf("others: %d, %v", n, err)
			}
			whose, n, err := w.EndOthersOf(t.Context(), stays.ID, session.EndedByAdmin, session.ByOperator)
			if whose != subject || n != 2 || err != nil {
				t.Errorf("got %d of %q, %v, want 2 of %q", n, whose, err, subject)
			}
			w.clock.Move(time.Second)
			if _, n, err = w.EndOthersOf(t.Context(), stays.ID, session.EndedByAdmin, session.ByOperator); n != 0 || err != nil {
				t.Errorf("again: %d, %v", n, err)
			}
			for _, r := range []session.Record{first, second} {
				if is, err := w.End(t.Context(), r.ID, session.SignedOut, session.ByRule); err != nil || is.End.Reason != session.EndedByAdmin {
					t.Errorf("the end of another: %+v, %v", is.End, err)
				}
			}
			if !c.kept {
				w.wantOutcome(kept, session.Allowed, "")
			}
			if is, err := w.End(t.Context(), stays.ID, session.SignedOut, session.ByRule); err != nil || is.End.Reason != session.SignedOut {
				t.Errorf("the end of the one that stayed: %+v, %v", is.End, err)
			}
			w.wantOutcome(bob, session.Allowed, "")
		})
	}
}

// What is over is no other, and a session that is not there ends nothing: a slip in the
// ID would end the one that was to stay.
func TestEndOthersOfNothing(t *testing.T) {
	w, _ := newBrokenWorld(t)
	p, stays := w.signIn("alice")
	_, over := w.signIn("alice")
	if _, err := w.End(t.Context(), over.ID, session.SignedOut, session.ByRule); err != nil {
		t.Fatal(err)
	}
	if n, err := w.OthersOf(t.Context(), stays.ID); n != 0 || err != nil {
		t.Errorf("others: %d, %v", n, err)
	}
	slip := stays.ID
	slip[len(slip)-1]++
	if _, err := w.OthersOf(t.Context(), slip); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("others of a slip: %v", err)
	}
	if _, n, err := w.EndOthersOf(t.Context(), slip, session.EndedByAdmin, session.ByOperator); n != 0 || !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a slip: %d, %v", n, err)
	}
	w.wantOutcome(p, session.Allowed, "")
}

// What took the place of the session that stays, stays with it, and is counted as it is
// ended: not.
func TestEndOthersOfLeavesTheSuccessor(t *testing.T) {
	w, _ := newBrokenWorld(t)
	p, old := w.signIn("alice")
	w.signIn("alice")
	token, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: p})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.OthersOf(t.Context(), old.ID); n != 1 || err != nil {
		t.Errorf("others: %d, %v", n, err)
	}
	if _, n, err := w.EndOthersOf(t.Context(), old.ID, session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	w.wantOutcome(session.Presented{Token: token.Reveal()}, session.Allowed, "")
}

// A sign-in that is complete before the fence is replaced ends with the others, though
// none of the user's records could be read when the end began.
func TestEndOthersOfTheDamagedMissesNoSignIn(t *testing.T) {
	w, damage := newBrokenWorld(t)
	_, stays := w.signIn("alice")
	damage(stays)
	var late session.Presented
	w.store.before = func(_ int, call string) error {
		if call == "fence" {
			w.store.before = nil
			late, _ = w.signIn("alice")
		}
		return nil
	}
	if _, n, err := w.EndOthersOf(t.Context(), stays.ID, session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	w.wantOutcome(late, session.Ended, session.EndedByAdmin)
}

// Where the store does not answer nothing is said to be done, and doing it again does it.
func TestEndOthersOfWithFaults(t *testing.T) {
	for name, broken := range map[string]bool{"whole": false, "damaged": true} {
		done := false
		for at := 0; !done; at++ {
			w, damage := newBrokenWorld(t)
			_, stays := w.signIn("alice")
			_, other := w.signIn("alice")
			if broken {
				damage(stays, other)
			}
			w.store.taken()
			w.store.before = func(n int, _ string) error {
				if n == at {
					return errFault
				}
				return nil
			}
			_, n, err := w.EndOthersOf(t.Context(), stays.ID, session.EndedByAdmin, session.ByOperator)
			if done = err == nil; !done && !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%s, fault at %d: %v", name, at, err)
			}
			if done && n != 1 {
				t.Errorf("%s: ended %d", name, n)
			}
			w.store.before = nil
			if _, _, err := w.EndOthersOf(t.Context(), stays.ID, session.EndedByAdmin, session.ByOperator); err != nil {
				t.Errorf("%s, fault at %d, again: %v", name, at, err)
			}
			if is, err := w.End(t.Context(), other.ID, session.SignedOut, session.ByRule); err != nil || is.End.Reason != session.EndedByAdmin {
				t.Errorf("%s, fault at %d: the other's end is %+v, %v", name, at, is.End, err)
			}
		}
	}
}
