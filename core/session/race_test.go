package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/session"
)

// A sign-in that is under way when the user's sessions are ended leaves no live
// session, at whichever of its steps the end comes in.
func TestEndAllBeatsEverySignInUnderWay(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		for step := range 3 {
			t.Run(fmt.Sprintf("%s call %d", when, step), func(t *testing.T) {
				w := newWorld(t, session.Options{})
				w.endDuring(when, step)
				token, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted})
				switch {
				case when == "before" && step == 0:
					// Ended before anything of it was read: it comes after the end.
					if err != nil {
						t.Fatal(err)
					}
					w.wantOutcome(session.Presented{Token: token.Reveal()}, session.Allowed, "")
				case err == nil:
					w.wantOutcome(session.Presented{Token: token.Reveal()}, session.Ended, session.EndedByAdmin)
					w.wantLive("alice", 0)
				default:
					if !errors.Is(err, session.ErrOvertaken) {
						t.Error(err)
					}
					w.wantLive("alice", 0)
				}
			})
		}
	}
}

// endDuring ends all of alice's sessions once, at one call of what follows.
func (w *world) endDuring(when string, step int) {
	other, err := session.New(w.store.Store, w.keys, &session.Options{Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	hook := func(n int, _ string) error {
		if n == step {
			_, err := other.EndAll(context.Background(), "alice", session.EndedByAdmin, session.ByOperator)
			return err
		}
		return nil
	}
	if when == "before" {
		w.store.before = hook
	} else {
		w.store.after = hook
	}
}

// An account that is disabled while its sign-in is under way: the account first,
// then the fence, as whoever disables does it.
func TestDisableDuringCheck(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, _, err := w.SignIn(t.Context(), session.SignIn{
		Subject: "alice",
		Check: func(ctx context.Context) (session.Grant, error) {
			// The account was read as enabled; now it is disabled.
			_, err := w.EndAll(ctx, "alice", session.AccountDisabled, session.ByOperator)
			return session.Grant{}, err
		},
	})
	if !errors.Is(err, session.ErrOvertaken) {
		t.Errorf("got %v, want ErrOvertaken", err)
	}
	w.wantLive("alice", 0)
}

var errFault = errors.New("the network is down")

// Each call of a sign-in fails, carried out or not. The sign-in is unavailable, no
// session is left live, and trying again works.
func TestSignInSurvivesEveryFault(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for step := range 5 {
			t.Run(fmt.Sprintf("applied %t call %d", applied, step), func(t *testing.T) {
				w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 1}})
				old, _ := w.signIn("bob")
				w.signIn("alice")
				w.clock.Move(time.Second)
				w.store.taken()
				fault := func(n int, _ string) error {
					if n == step || step >= 3 && n == step+1 { // what a new session ends is ended in two tries
						return errFault
					}
					return nil
				}
				if applied {
					w.store.after = fault
				} else {
					w.store.before = fault
				}
				_, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: old})
				if !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, errFault) {
					t.Fatalf("calls %v: got %v, want ErrUnavailable", w.store.taken(), err)
				}
				w.store.before, w.store.after = nil, nil
				w.wantNoneUnreleased("alice")
				p, _ := w.signIn("alice")
				w.wantOutcome(p, session.Allowed, "")
				w.wantLive("alice", 1)
			})
		}
	}
}

// wantNoneUnreleased: the only live session is the one from before, if that.
func (w *world) wantNoneUnreleased(subject string) {
	w.t.Helper()
	got, err := w.List(w.t.Context(), subject, session.UserPage{})
	if err != nil {
		w.t.Fatal(err)
	}
	for i, r := range got.Sessions {
		if i < len(got.Sessions)-1 && !r.Ended() {
			w.t.Errorf("session %v of the failed sign-in is live", r.ID)
		}
	}
}

// A sign-in whose caller hangs up after the record was made leaves no live session.
func TestSignInAbandonedByItsCaller(t *testing.T) {
	w := newWorld(t, session.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	w.store.after = func(_ int, call string) error {
		if call == "create" {
			cancel()
		}
		return nil
	}
	if _, _, err := w.SignIn(ctx, session.SignIn{Subject: "alice", Check: granted}); err == nil {
		t.Error("a cancelled sign-in succeeded")
	}
	w.wantLive("alice", 0)
}

// The answer to an end is lost: what is known is said, and repeating it is safe.
func TestEndWithALostAnswer(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.store.after = func(int, string) error { return errFault }
	if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	w.store.after = nil
	if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Errorf("repeated: %v", err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

// One end of many fails: the others are carried out, the call is not acknowledged.
func TestEndAllWithAFault(t *testing.T) {
	w := newWorld(t, session.Options{})
	for range 5 {
		w.clock.Move(time.Second)
		w.signIn("alice")
	}
	var failed atomic.Bool
	w.store.before = func(_ int, call string) error {
		if call == "end" && failed.CompareAndSwap(false, true) {
			return errFault
		}
		return nil
	}
	n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator)
	if !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %d, %v, want ErrUnavailable", n, err)
	}
	w.wantLive("alice", 1)
	w.store.before = nil
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Errorf("repeated: %d, %v", n, err)
	}
}

// A lookup while the store is down: nobody in, nobody out.
func TestLookupWhileTheStoreIsDown(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	w.store.before = func(int, string) error { return errFault }
	_, err := w.Lookup(t.Context(), p)
	if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNoSession) || !strings.Contains(err.Error(), "network is down") {
		t.Errorf("got %v", err)
	}
	w.store.before = nil
	w.wantOutcome(p, session.Allowed, "")
}

// A store that does not answer is given up within the bound.
func TestLookupIsBounded(t *testing.T) {
	w := newWorld(t, session.Options{Timeout: 20 * time.Millisecond})
	p, _ := w.signIn("alice")
	w.store.Store = stuck{w.store.Store}
	began := time.Now()
	w.wantOutcome(p, session.Unavailable, "")
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v: want about 20 ms", took)
	}
}

type stuck struct{ session.Store }

func (stuck) Read(ctx context.Context, _ session.Query) (session.Reading, error) {
	<-ctx.Done()
	return session.Reading{}, ctx.Err()
}

// A touch that fails does not fail the request; one that shows that the session was
// ended meanwhile does.
func TestTouchFaults(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.clock.Move(2 * w.Policy().TouchEvery)
	w.store.before = func(_ int, call string) error {
		if call == "touch" {
			return errFault
		}
		return nil
	}
	w.wantOutcome(p, session.Allowed, "")

	w.store.before = func(_ int, call string) error {
		if call == "touch" {
			w.store.before = nil
			_, err := w.End(context.Background(), r.ID, session.EndedByUser, session.ByOperator)
			return err
		}
		return nil
	}
	w.wantOutcome(p, session.Ended, session.EndedByUser)
}

// Two requests at once: one of them writes, both are allowed.
func TestParallelTouch(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	w.clock.Move(2 * w.Policy().TouchEvery)
	w.store.before = func(_ int, call string) error {
		if call == "touch" {
			w.store.before = nil
			w.wantOutcome(p, session.Allowed, "") // the other request, in between
		}
		return nil
	}
	w.wantOutcome(p, session.Allowed, "")
	if calls := strings.Count(strings.Join(w.store.taken(), " "), "touch"); calls != 2 {
		t.Errorf("%d touches: want one that wrote and one that found it done", calls)
	}
}

// A store that answers with what it was not asked for, or with what is no record, is
// unavailable: never an allow, never a sign-out.
func TestLyingStore(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	_, neighbour := w.signIn("alice")
	honest := w.store.Store
	for name, lie := range map[string]func(session.Reading) session.Reading{
		"neighbour's record": func(session.Reading) session.Reading {
			return session.Reading{Records: []session.Record{neighbour}}
		},
		"another subject": func(r session.Reading) session.Reading { r.Records[0].Subject = "root"; return r },
		"too many roles": func(r session.Reading) session.Reading {
			r.Records[0].Roles = make([]string, 100)
			return r
		},
		"no secret": func(r session.Reading) session.Reading { r.Records[0].Secrets = session.Secrets{}; return r },
		"damaged": func(r session.Reading) session.Reading {
			return session.Reading{Damaged: []session.ID{r.Records[0].ID}}
		},
	} {
		w.store.Store = liar{honest, lie}
		_, err := w.Lookup(t.Context(), p)
		if session.OutcomeOf(err) != session.Unavailable || !errors.Is(err, session.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type liar struct {
	session.Store
	lie func(session.Reading) session.Reading
}

func (l liar) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := l.Store.Read(ctx, q)
	return l.lie(got), err
}

// A store that says yes to an end and keeps the session live did not end it.
func TestEndThatWasNotWritten(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, r := w.signIn("alice")
	for name, answer := range map[string]error{"done": nil, "conflict": session.ErrConflict} {
		w.store.Store = unmoved{w.store.Store, r, answer}
		if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// unmoved answers every update with the record as it was.
type unmoved struct {
	session.Store
	record session.Record
	answer error
}

func (u unmoved) Update(context.Context, session.ID, session.Change) (session.Record, error) {
	return u.record, u.answer
}

// A damaged session in hand does not lock its user out of signing in.
func TestSignInWithADamagedSessionInHand(t *testing.T) {
	w := newWorld(t, session.Options{})
	old, _ := w.signIn("alice")
	honest := w.store.Store
	w.store.Store = liar{honest, func(r session.Reading) session.Reading {
		for i := range r.Records {
			r.Records[i].Subject = ""
		}
		return r
	}}
	if _, r, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: old}); err != nil || !r.Replaces.IsZero() {
		t.Errorf("got %v, replaces %v", err, r.Replaces)
	}
}

// Everybody's sessions are over within the time that the control may be old, those
// made within the skew after it included, and a sign-in right after it holds.
func TestEndedBefore(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	w.wantOutcome(p, session.Allowed, "")
	if err := w.store.RaiseEndedBefore(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(5 * time.Second)
	w.wantOutcome(p, session.Ended, session.EndedEverywhere)
	q, r := w.signIn("alice")
	if !r.CreatedAt.After(w.clock.Now()) {
		t.Errorf("made at %v, within the skew of the end", r.CreatedAt)
	}
	w.wantOutcome(q, session.Allowed, "")
	w.clock.Move(time.Minute)
	w.wantOutcome(q, session.Allowed, "")
	w.wantOutcome(p, session.Ended, session.EndedEverywhere)
}

func TestEndedBeforeReadWithEveryRequest(t *testing.T) {
	w := newWorld(t, session.Options{ControlEvery: -1})
	p, _ := w.signIn("alice")
	w.clock.Move(time.Second)
	if err := w.store.RaiseEndedBefore(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.wantOutcome(p, session.Ended, session.EndedEverywhere)
}

// A request's use that is written down after that of a later one changes nothing: it
// would let the session expire while it is in use.
func TestLateTouch(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.clock.Move(2 * w.Policy().TouchEvery)
	later := w.clock.Now().Add(time.Minute)
	w.store.before = func(_ int, call string) error {
		if call == "touch" {
			w.store.before = nil
			w.clock.Move(time.Minute)
			w.wantOutcome(p, session.Allowed, "") // the later request, in between
		}
		return nil
	}
	w.wantOutcome(p, session.Allowed, "")
	if got, err := w.Get(t.Context(), r.ID); err != nil || !got.LastSeenAt.Equal(later) {
		t.Errorf("last seen at %v, %v, want %v", got.LastSeenAt, err, later)
	}
}

// Where a new token cannot be written down, the one in hand stays good and no other is
// handed out; where the use of the new one cannot, nobody is let in and trying again is.
func TestRotationFaults(t *testing.T) {
	for name, lost := range map[string]bool{"not written": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, session.Options{Policy: session.Policy{Idle: 8 * time.Hour}})
			p, _ := w.signIn("alice")
			fail := func(int, string) error { return nil }
			w.store.before = func(n int, call string) error {
				if lost {
					return nil
				}
				return fail(n, call)
			}
			w.store.after = func(n int, call string) error {
				if !lost {
					return nil
				}
				return fail(n, call)
			}
			rotating := func(_ int, call string) error {
				if call == "rotate" {
					return errFault
				}
				return nil
			}
			w.clock.Move(w.Policy().RotateEvery)

			fail = rotating
			if _, renewed, err := w.Renew(t.Context(), p); err != nil || !renewed.IsZero() {
				t.Errorf("while nothing can be written: token handed out %t, %v", !renewed.IsZero(), err)
			}
			fail = func(int, string) error { return nil }
			w.clock.Move(2*w.Policy().Grace + session.Skew + time.Millisecond)
			_, renewed, err := w.Renew(t.Context(), p)
			if err != nil || renewed.IsZero() {
				t.Fatalf("afterwards: token handed out %t, %v", !renewed.IsZero(), err)
			}

			next := session.Presented{Token: renewed.Reveal()}
			fail = rotating
			w.wantOutcome(next, session.Unavailable, "")
			fail = func(int, string) error { return nil }
			w.wantOutcome(next, session.Allowed, "")
			w.wantOutcome(p, session.Allowed, "") // within the grace
		})
	}
}
