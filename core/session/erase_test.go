package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// kept returns everything that is kept of a subject, and the fence.
func (w *world) kept(subject string) session.Listing {
	w.t.Helper()
	got, err := w.store.Store.List(w.t.Context(), session.Range{Partition: session.PartitionOf(subject)})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) erase(subject string) int {
	w.t.Helper()
	n, err := w.Erase(w.t.Context(), subject, session.ByOperator)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Live, ended, expired and damaged: all of the user's records go, nobody else's does, and
// the fence stays.
func TestErase(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, expired := w.signIn("alice")
	w.clock.Move(time.Hour)
	p, _ := w.signIn("alice")
	_, ended := w.signIn("alice")
	_, damaged := w.signIn("alice")
	other, _ := w.signIn("bob")
	if _, err := w.End(t.Context(), ended.ID, session.SignedOut, session.BySubject("alice")); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Store.(*memory.Store).Damage(damaged.ID); err != nil {
		t.Fatal(err)
	}
	w.wantOutcome(p, session.Allowed, "")
	if n := w.erase("alice"); n != 4 {
		t.Errorf("forgot %d records, want 4, %v among them", n, expired.ID)
	}
	got := w.kept("alice")
	if len(got.Records)+len(got.Damaged) > 0 || got.Fence == (session.Fence{}) {
		t.Errorf("left %d records, %d damaged, a fence: %t", len(got.Records), len(got.Damaged), got.Fence != session.Fence{})
	}
	w.wantOutcome(p, session.Unknown, "")
	w.wantOutcome(other, session.Allowed, "")
	if n := w.erase("alice"); n != 0 {
		t.Errorf("repeated: forgot %d", n)
	}
	if n := w.erase("nobody"); n != 0 {
		t.Errorf("of nobody: forgot %d", n)
	}
	if _, err := w.Erase(t.Context(), "", session.ByOperator); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("no subject: %v", err)
	}
}

// What is past its absolute expiry, and so no end of many looks at it, goes too.
func TestEraseForgetsHistory(t *testing.T) {
	w := newWorld(t, session.Options{})
	for range 3 {
		w.signIn("alice")
		w.clock.Move(24 * time.Hour)
	}
	if n := w.erase("alice"); n != 3 || len(w.kept("alice").Records) != 0 {
		t.Errorf("forgot %d, left %d", n, len(w.kept("alice").Records))
	}
}

// An erasure that comes in at any call of a sign-in, or a sign-in that comes in at any call
// of an erasure, leaves nobody signed in; what the sign-in leaves goes with the next one.
func TestEraseBeatsEverySignInUnderWay(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		for step := range 4 { // the last is the end of what is replaced
			t.Run(fmt.Sprintf("%s call %d of the sign-in", when, step), func(t *testing.T) {
				w, other, disabled := newErasure(t)
				inHand, _ := w.signIn("bob")
				w.store.taken()
				w.meets(when, step, func() error {
					*disabled = true
					_, err := other.Erase(context.Background(), "alice", session.ByOperator)
					return err
				})
				w.gone(w.signInUnless(disabled, inHand))
			})
		}
		for step := range 12 {
			t.Run(fmt.Sprintf("%s call %d of the erasure", when, step), func(t *testing.T) {
				w, other, disabled := newErasure(t)
				w.signIn("alice")
				w.store.taken()
				var token session.Token
				var signIn error
				w.meets(when, step, func() error {
					token, _, signIn = other.SignIn(context.Background(), session.SignIn{Subject: "alice", Check: unless(disabled)})
					return nil
				})
				*disabled = true
				w.erase("alice")
				w.store.before, w.store.after = nil, nil
				w.gone(token, signIn)
			})
		}
	}
}

// newErasure is a world, a second process on its store, and whether the account is disabled.
func newErasure(t *testing.T) (w *world, other *session.Manager, disabled *bool) {
	t.Helper()
	w = newWorld(t, session.Options{})
	other, err := session.New(w.store.Store, w.keys, &session.Options{Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return w, other, new(bool)
}

var errDisabled = errors.New("the account is disabled")

func unless(disabled *bool) func(context.Context) (session.Grant, error) {
	return func(ctx context.Context) (session.Grant, error) {
		if *disabled {
			return session.Grant{}, errDisabled
		}
		return granted(ctx)
	}
}

func (w *world) signInUnless(disabled *bool, inHand session.Presented) (session.Token, error) {
	token, _, err := w.SignIn(w.t.Context(), session.SignIn{Subject: "alice", Check: unless(disabled), Replace: inHand})
	w.store.before, w.store.after = nil, nil
	return token, err
}

// meets does something once, at one call of what follows.
func (w *world) meets(when string, step int, do func() error) {
	hook := func(n int, _ string) error {
		if n == step {
			return do()
		}
		return nil
	}
	if when == "before" {
		w.store.before = hook
	} else {
		w.store.after = hook
	}
}

// gone wants nobody signed in by a token, and nothing left but the fence once more is
// erased.
func (w *world) gone(token session.Token, err error) {
	w.t.Helper()
	if err == nil && !token.IsZero() {
		w.wantOutcome(session.Presented{Token: token.Reveal()}, session.Unknown, "")
	}
	for _, r := range w.kept("alice").Records {
		if !r.Ended() {
			w.t.Errorf("session %v is left live; the sign-in: %v", r.ID, err)
		}
	}
	w.erase("alice")
	if got := w.kept("alice"); len(got.Records) > 0 || got.Fence == (session.Fence{}) {
		w.t.Errorf("left %d records, a fence: %t", len(got.Records), got.Fence != session.Fence{})
	}
}

// Each call of an erasure fails, carried out or not: it says so, and repeating it comes to
// the end.
func TestEraseSurvivesEveryFault(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for step := range 9 {
			t.Run(fmt.Sprintf("applied %t call %d", applied, step), func(t *testing.T) {
				w := newWorld(t, session.Options{})
				w.signIn("alice")
				_, ended := w.signIn("alice")
				if _, err := w.End(t.Context(), ended.ID, session.SignedOut, session.BySubject("alice")); err != nil {
					t.Fatal(err)
				}
				w.store.taken()
				fault := func(n int, _ string) error {
					if n == step || step == 0 && n == 1 { // a fence is set in two tries
						return errFault
					}
					return nil
				}
				if applied {
					w.store.after = fault
				} else {
					w.store.before = fault
				}
				_, err := w.Erase(t.Context(), "alice", session.ByOperator)
				calls := len(w.store.taken())
				w.store.before, w.store.after = nil, nil
				if step < calls && step != 1 && !errors.Is(err, session.ErrUnavailable) {
					t.Errorf("a call failed and nobody said so: %v", err)
				}
				w.erase("alice")
				if got := w.kept("alice"); len(got.Records) > 0 {
					t.Errorf("left %d records", len(got.Records))
				}
			})
		}
	}
}

// A store that answers with another user's session does not make an erasure take it.
func TestEraseTakesOnlyTheUsersOwn(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, neighbour := w.signIn("bob")
	w.signIn("alice")
	honest := w.store.Store
	w.store.Store = neighbours{honest, neighbour}
	if _, err := w.Erase(t.Context(), "alice", session.ByOperator); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	w.store.Store = honest
	if _, err := w.Get(t.Context(), neighbour.ID); err != nil {
		t.Errorf("the neighbour's record: %v", err)
	}
}

// neighbours lists another user's record among a user's.
type neighbours struct {
	session.Store
	record session.Record
}

func (n neighbours) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := n.Store.List(ctx, r)
	got.Records = append(got.Records, n.record)
	return got, err
}

// A later account of the same subject is safe: what a sign-in of the earlier life began
// finds the fence moved, although no fence stood when it began.
func TestErasedSubjectLivesAgain(t *testing.T) {
	w, other, _ := newErasure(t)
	_, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: func(ctx context.Context) (session.Grant, error) {
		// The earlier account was read; it is erased, and another made in its place.
		_, err := other.Erase(ctx, "alice", session.ByOperator)
		return session.Grant{Roles: []string{"boss"}}, err
	}})
	if !errors.Is(err, session.ErrOvertaken) {
		t.Errorf("the sign-in of the earlier life: %v", err)
	}
	w.erase("alice")
	p, r := w.signIn("alice")
	w.wantOutcome(p, session.Allowed, "")
	if got := w.kept("alice").Records; len(got) != 1 || got[0].ID != r.ID {
		t.Errorf("%d records, want the new one alone", len(got))
	}
}
