package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"coatcheck/core/session"
)

// A use that was sent before its session expired may be written down long after, and
// then a session lives that an end of all took for over.
func TestEndAllReachesATouchThatIsLateByAnyTime(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	sent := r.ExpiresAt.Add(-time.Millisecond)
	w.clock.Move(w.Policy().Idle + time.Hour)
	if n, err := w.EndAll(t.Context(), "alice", session.PasswordChanged, session.ByOperator); n != 0 || err != nil {
		t.Errorf("end all: %d, %v, want 0: it had expired", n, err)
	}
	_, err := w.store.Store.Update(t.Context(), r.ID, session.Change{
		If:    session.Condition{ExpiresAfter: sent, LastSeenAt: r.LastSeenAt},
		Touch: &session.Touch{LastSeenAt: sent, ExpiresAt: sent.Add(2 * time.Hour)},
	})
	t.Logf("late touch: %v", err)
	w.wantOutcome(p, session.Ended, session.PasswordChanged)
}

// What no touch can bring back is left as it is, for as long as records are kept.
func TestEndAllLeavesWhatIsOverForGood(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	w.clock.Move(w.Policy().Absolute + session.Skew)
	w.store.taken()
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 0 || err != nil {
		t.Errorf("end all: %d, %v", n, err)
	}
	for _, call := range w.store.taken() {
		if call == "end" {
			t.Error("it was written to")
		}
	}
	w.wantOutcome(p, session.Expired, session.IdleTimeout)
}

// Ends that come between the end of everybody and its sweep keep that reason: by the
// limit, by an end of all.
func TestWhatEndedWithEverybodyKeepsThatReason(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 2}})
	a, _ := w.signIn("alice")
	b, _ := w.signIn("alice")
	w.clock.Move(time.Minute)
	if _, err := w.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(time.Minute)
	fresh, _ := w.signIn("alice")
	w.signIn("alice")
	w.wantOutcome(a, session.Ended, session.EndedEverywhere)
	w.wantOutcome(fresh, session.Allowed, "")
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 2 || err != nil {
		t.Errorf("end all: %d, %v, want the 2 that lived", n, err)
	}
	w.wantOutcome(b, session.Ended, session.EndedEverywhere)
	w.wantOutcome(fresh, session.Ended, session.EndedByAdmin)
}

// So do the ends of one session, and a sign-in takes the place of none that is over so.
func TestWhatEndedWithEverybodyKeepsThatReasonAlone(t *testing.T) {
	for name, end := range map[string]func(*world, session.Presented, session.ID) error{
		"end": func(w *world, _ session.Presented, id session.ID) error {
			_, err := w.End(w.t.Context(), id, session.EndedByAdmin, session.ByOperator)
			return err
		},
		"sign out": func(w *world, p session.Presented, _ session.ID) error {
			_, err := w.SignOut(w.t.Context(), p)
			return err
		},
		"sign in with it in hand": func(w *world, p session.Presented, _ session.ID) error {
			_, r, err := w.SignIn(w.t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: p})
			if !r.Replaces.IsZero() {
				w.t.Errorf("it replaces %v", r.Replaces)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, session.Options{})
			p, r := w.signIn("alice")
			w.clock.Move(time.Minute)
			before, err := w.EndEveryone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Move(time.Minute)
			if err := end(w, p, r.ID); err != nil {
				t.Error(err)
			}
			if _, err := w.Sweep(t.Context(), session.ByRule, ""); err != nil {
				t.Error(err)
			}
			got, err := w.Get(t.Context(), r.ID)
			if want := (session.End{At: before, Reason: session.EndedEverywhere, By: session.ByRule}); err != nil || got.End != want {
				t.Errorf("got %+v, %v, want %+v", got.End, err, want)
			}
		})
	}
}

// An end of a session that was made in the second of the end of everybody, and after it,
// is its own.
func TestEndAfterTheEndOfEverybodyIsItsOwn(t *testing.T) {
	w := newWorld(t, session.Options{})
	if _, err := w.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, r := w.signIn("alice")
	got, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator)
	if err != nil || got.End.Reason != session.EndedByAdmin {
		t.Errorf("got %+v, %v", got.End, err)
	}
}

// Each process learns within ControlEvery that everybody was ended; to one that has not
// yet, an end of all holds at once.
func TestEndAllHoldsWhereTheEndOfEverybodyIsNotKnownYet(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	other, err := session.New(w.store, w.keys, &session.Options{Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lookup(t.Context(), p); err != nil { // which reads the control
		t.Fatal(err)
	}
	w.clock.Move(time.Second)
	if _, err := w.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lookup(t.Context(), p); err != nil {
		t.Fatalf("within ControlEvery: %v", err)
	}
	if _, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lookup(t.Context(), p); session.OutcomeOf(err) != session.Ended {
		t.Errorf("after an end of all: %v", err)
	}
}

// A walk by expiry meets a session that is used all the while under a tighter policy,
// which other processes may not have.
func TestWalkMeetsWhatATighterPolicyTouches(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{Idle: 4 * time.Hour}})
	w.signIn("bob")
	w.clock.Move(time.Minute)
	p, _ := w.signIn("alice")
	w.clock.Move(5 * time.Minute)
	tight, err := session.New(w.store, w.keys, &session.Options{Now: w.clock.Now, Policy: session.Policy{Idle: 30 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	walk := session.Walk{All: true, Limit: 1, Reason: session.EndedByAdmin, By: session.ByOperator}
	step, err := tight.EndWhere(t.Context(), walk)
	if err != nil || step.Ended != 1 {
		t.Fatalf("first step: %+v, %v", step, err)
	}
	r, err := tight.Lookup(t.Context(), p)
	if err != nil || !r.LastSeenAt.Equal(w.clock.Now()) {
		t.Fatalf("in between: %v, last seen %v", err, r.LastSeenAt)
	}
	for walk.Cursor = step.Next; walk.Cursor != ""; walk.Cursor = step.Next {
		if step, err = tight.EndWhere(t.Context(), walk); err != nil {
			t.Fatal(err)
		}
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

// A touch under a tighter policy leaves the record its own idle limit until the policy's
// reaches it, and then has the policy's.
func TestTouchUnderATighterPolicy(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{Idle: 4 * time.Hour}})
	p, r := w.signIn("alice")
	tight, err := session.New(w.store, w.keys, &session.Options{Now: w.clock.Now, Policy: session.Policy{Idle: 30 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	expires := r.ExpiresAt
	for range 30 {
		w.clock.Move(20 * time.Minute)
		if r, err = tight.Lookup(t.Context(), p); err != nil {
			break
		}
		if r.ExpiresAt.Before(expires) || r.ExpiresAt.Before(w.clock.Now().Add(30*time.Minute)) && r.ExpiresAt.Before(r.AbsoluteExpiry) {
			t.Fatalf("at %v it expires at %v, and did at %v", w.clock.Now(), r.ExpiresAt, expires)
		}
		expires = r.ExpiresAt
	}
	if got := session.OutcomeOf(err); got != session.Expired {
		t.Errorf("used beyond the absolute limit: %v", err)
	}
	if own := r.AbsoluteExpiry.Sub(r.LastSeenAt); own > 30*time.Minute {
		t.Errorf("its last use was %v before the end", own)
	}
}

// A fence whose answer was lost is not set again to the same value: an end of another
// call may have come in between, and a sign-in may have read the first.
func TestAFenceIsTriedWithAnotherValue(t *testing.T) {
	w := newWorld(t, session.Options{})
	seen := map[session.Fence]bool{}
	w.store.after = func(n int, call string) error {
		if call != "fence" {
			return nil
		}
		got, err := w.store.Store.Read(context.Background(), session.Query{Subject: session.PartitionOf("alice")})
		if err != nil || seen[got.Fence] {
			t.Errorf("call %d: %v, known: %t", n, err, seen[got.Fence])
		}
		seen[got.Fence] = true
		if len(seen) == 1 {
			return errFault
		}
		return nil
	}
	if _, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); err != nil {
		t.Error(err)
	}
	if len(seen) != 2 {
		t.Errorf("%d values, want 2", len(seen))
	}
}

// A sign-in that has to end sessions over the limit ends the one in hand first, which
// may refuse it: then the user's other devices are as they were.
func TestAStepUpThatIsRefusedEndsNoOtherDevice(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 3}})
	oldest, _ := w.signIn("alice")
	w.clock.Move(time.Second)
	w.signIn("alice")
	w.clock.Move(time.Second)
	inHand, r := w.signIn("alice")
	tight, err := session.New(w.store, w.keys, &session.Options{Now: w.clock.Now, Policy: session.Policy{PerUser: 2}})
	if err != nil {
		t.Fatal(err)
	}
	w.store.after = func(_ int, call string) error {
		if call == "list" {
			w.store.after = nil
			_, err := w.End(context.Background(), r.ID, session.EndedByAdmin, session.ByOperator)
			return err
		}
		return nil
	}
	_, _, err = tight.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: inHand, StepUp: true})
	if session.OutcomeOf(err) != session.Ended {
		t.Errorf("a step-up from what ended meanwhile: %v", err)
	}
	w.wantOutcome(oldest, session.Allowed, "")
}

// However many sessions took each other's place meanwhile, the last one ends. A store
// whose records lead round in a circle gives no answer.
func TestAnEndFollowsEverySuccessor(t *testing.T) {
	w := newWorld(t, session.Options{})
	first, r := w.signIn("alice")
	last := first
	for range 20 {
		token, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: last, StepUp: true})
		if err != nil {
			t.Fatal(err)
		}
		last = session.Presented{Token: token.Reveal()}
	}
	if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Error(err)
	}
	w.wantOutcome(last, session.Ended, session.EndedByAdmin)

	w.store.Store = circle{w.store.Store}
	if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("in a circle: %v, want ErrUnavailable", err)
	}
}

// circle says of every session that it took its own place.
type circle struct{ session.Store }

func (c circle) Update(ctx context.Context, id session.ID, change session.Change) (session.Record, error) {
	r, err := c.Store.Update(ctx, id, change)
	r.End.ReplacedBy = id
	return r, err
}
