package session_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"coatcheck/core/session"
)

// end ends a session or fails the test.
func (w *world) end(id session.ID, reason session.EndReason) {
	w.t.Helper()
	if _, err := w.End(w.t.Context(), id, reason, session.ByOperator); err != nil {
		w.t.Fatal(err)
	}
}

// acting signs olga in, and then in as alice.
func (w *world) acting() (actor, acted session.Record) {
	w.t.Helper()
	_, actor = w.signIn("olga")
	_, acted, err := w.SignIn(w.t.Context(), session.SignIn{Subject: "alice", Actor: actor.ID, Check: granted})
	if err != nil {
		w.t.Fatal(err)
	}
	return actor, acted
}

func TestRecheck(t *testing.T) {
	for _, c := range []struct {
		name    string
		demand  session.Demand
		after   func(w *world, r session.Record)
		outcome session.Outcome
		reason  session.EndReason
	}{
		{"live", session.Demand{}, nil, session.Allowed, ""},
		{"ended", session.Demand{}, func(w *world, r session.Record) { w.end(r.ID, session.RolesChanged) }, session.Ended, session.RolesChanged},
		{"ended with everybody's", session.Demand{}, func(w *world, _ session.Record) {
			if _, err := w.EndEveryone(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		}, session.Ended, session.EndedEverywhere},
		{"just before the idle limit", session.Demand{}, func(w *world, _ session.Record) { w.clock.Move(15*time.Minute - time.Millisecond) }, session.Allowed, ""},
		{"at the idle limit", session.Demand{}, func(w *world, _ session.Record) { w.clock.Move(15 * time.Minute) }, session.Expired, session.IdleTimeout},
		{"long after both limits", session.Demand{}, func(w *world, _ session.Record) { w.clock.Move(8 * time.Hour) }, session.Expired, session.IdleTimeout},
		{"purged", session.Demand{}, func(w *world, _ session.Record) { w.store.Store = newWorld(w.t, session.Options{}).store }, session.Unknown, ""},
		{"the store is down", session.Demand{}, func(w *world, _ session.Record) {
			w.store.before = func(int, string) error { return errors.New("the network is down") }
		}, session.Unavailable, ""},
		{"one of the roles", session.Demand{AnyRole: []string{"owner", "editor"}}, nil, session.Allowed, ""},
		{"none of the roles", session.Demand{AnyRole: []string{"owner"}}, nil, session.Forbidden, ""},
		{"still fresh", session.Demand{MaxAuthAge: time.Minute}, func(w *world, _ session.Record) { w.clock.Move(time.Minute - time.Millisecond) }, session.Allowed, ""},
		{"no longer fresh", session.Demand{MaxAuthAge: time.Minute}, func(w *world, _ session.Record) { w.clock.Move(time.Minute) }, session.Forbidden, ""},
		{"ended before a role is asked for", session.Demand{AnyRole: []string{"owner"}}, func(w *world, r session.Record) { w.end(r.ID, session.SignedOut) }, session.Ended, session.SignedOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, session.Options{})
			_, r := w.signIn("alice")
			if c.after != nil {
				c.after(w, r)
			}
			w.wantRecheck(r.ID, c.demand, c.outcome, c.reason)
		})
	}
}

func (w *world) wantRecheck(id session.ID, d session.Demand, outcome session.Outcome, reason session.EndReason) {
	w.t.Helper()
	err := w.Recheck(w.t.Context(), id, d)
	var refusal *session.Refusal
	errors.As(err, &refusal)
	switch {
	case session.OutcomeOf(err) != outcome:
		w.t.Errorf("got %v, want %s", err, outcome)
	case refusal != nil && (refusal.Reason != reason || refusal.Session != id):
		w.t.Errorf("got %v of session %v, want reason %q of %v", err, refusal.Session, reason, id)
	}
}

func TestRecheckHoldsTheTighterPolicy(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, r := w.signIn("alice")
	tight, err := session.New(w.store, w.keys, &session.Options{Now: w.clock.Now, Policy: session.Policy{Idle: 5 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(5 * time.Minute)
	w.wantRecheck(r.ID, session.Demand{}, session.Allowed, "")
	w.Manager = tight
	w.wantRecheck(r.ID, session.Demand{}, session.Expired, session.IdleTimeout)
}

func TestRecheckOfActing(t *testing.T) {
	w := newWorld(t, session.Options{})
	actor, acted := w.acting()
	w.wantRecheck(acted.ID, session.Demand{}, session.Allowed, "")
	w.wantRecheck(acted.ID, session.Demand{MaxAuthAge: time.Hour}, session.Forbidden, "")
	w.end(actor.ID, session.AccountDisabled)
	w.wantRecheck(acted.ID, session.Demand{}, session.Ended, session.AccountDisabled)
}

// A connection that is checked again and again is no use of its session, nor of the
// actor's, and costs what is stated.
func TestRecheckIsNoUse(t *testing.T) {
	w := newWorld(t, session.Options{ControlEvery: 5 * time.Second})
	_, acted := w.acting()
	_, own := w.signIn("bob")
	w.clock.Move(2 * w.Policy().TouchEvery)
	w.store.taken()
	w.wantRecheck(own.ID, session.Demand{}, session.Allowed, "")
	w.wantRecheck(own.ID, session.Demand{}, session.Allowed, "")
	w.wantRecheck(acted.ID, session.Demand{}, session.Allowed, "")
	if got, want := w.store.taken(), []string{"read+control", "read", "read", "read"}; !slices.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	w.clock.Move(15*time.Minute - 2*w.Policy().TouchEvery)
	w.wantRecheck(own.ID, session.Demand{}, session.Expired, session.IdleTimeout)
}

// The token with which a connection was opened is replaced while it is open. To present
// it once more would end the session; to check the session does not.
func TestRecheckOutlivesTheToken(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{Idle: 2 * time.Hour}})
	opened, r := w.signIn("alice")
	w.clock.Move(w.Policy().RotateEvery)
	_, renewed, err := w.Renew(t.Context(), opened)
	if err != nil || renewed.IsZero() {
		t.Fatalf("no new token: %v", err)
	}
	next := session.Presented{Token: renewed.Reveal()}
	w.wantOutcome(next, session.Allowed, "")
	w.clock.Move(w.Policy().Grace + session.Skew + time.Second)
	for range 3 {
		w.wantRecheck(r.ID, session.Demand{}, session.Allowed, "")
	}
	w.wantOutcome(next, session.Allowed, "")
	w.wantOutcome(opened, session.Reused, session.TokenReuse)
}

// A recheck waits for the store as long as a look-up does.
func TestRecheckIsBounded(t *testing.T) {
	w := newWorld(t, session.Options{Timeout: 20 * time.Millisecond})
	_, r := w.signIn("alice")
	w.store.Store = stuck{w.store.Store}
	w.wantRecheck(r.ID, session.Demand{}, session.Unavailable, "")
}

func TestIssued(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.end(r.ID, session.SignedOut)
	w.store.taken()
	last := p.Token[len(p.Token)-1]
	for text, want := range map[string]bool{
		p.Token:                             true,
		"":                                  false,
		p.Token[:len(p.Token)-1]:            false,
		p.Token + " ":                       false,
		p.Token[:79] + string(rune(last^1)): false,
		"eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk": false,
		"Bearer " + p.Token:                 false,
	} {
		if got := w.Issued(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	if calls := w.store.taken(); len(calls) > 0 {
		t.Errorf("store calls %v: want none", calls)
	}
}
