package session_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// Every deed has its events, in the order in which they took place, and no others.
func TestEvents(t *testing.T) {
	outage := errors.New("down")
	for name, c := range map[string]struct {
		do   func(*world)
		want []string
	}{
		"sign in": {func(w *world) { w.signIn("ann") }, []string{"session_created ann [pwd]"}},
		"sign in, refused": {func(w *world) {
			_, _, _ = w.SignIn(w.t.Context(), session.SignIn{Subject: "ann", Method: "otp", Check: func(context.Context) (session.Grant, error) {
				return session.Grant{}, errors.New("no")
			}})
		}, []string{"sign_in_refused ann [otp] no"}},
		"sign in over the limit": {func(w *world) {
			for range 3 {
				w.clock.Move(time.Second) // of two made at once the IDs decide which is the older
				w.signIn("ann")
			}
		}, []string{
			"session_created ann [pwd]", "session_created ann [pwd]",
			"session_ended ann session_limit", "session_created ann [pwd]",
		}},
		"lookup": {func(w *world) {
			p, _ := w.signIn("ann")
			w.wantOutcome(p, session.Allowed, "")
		}, []string{"session_created ann [pwd]", "session_checked ann allowed"}},
		"lookup, forged": {func(w *world) {
			w.wantOutcome(session.Presented{Token: strings.Repeat("A", 80)}, session.Malformed, "")
		}, []string{"session_checked  malformed"}},
		"lookup that touches": {func(w *world) {
			p, _ := w.signIn("ann")
			w.clock.Move(5 * time.Minute)
			w.wantOutcome(p, session.Allowed, "")
		}, []string{"session_created ann [pwd]", "session_touched ann", "session_checked ann allowed"}},
		"lookup whose touch fails": {func(w *world) {
			p, _ := w.signIn("ann")
			w.clock.Move(5 * time.Minute)
			w.store.before = func(_ int, method string) error {
				if method == "touch" {
					return outage
				}
				return nil
			}
			w.wantOutcome(p, session.Allowed, "")
		}, []string{"session_created ann [pwd]", "session_touched ann down", "session_checked ann allowed"}},
		"sign out, twice": {func(w *world) {
			p, _ := w.signIn("ann")
			for range 2 {
				if _, err := w.SignOut(w.t.Context(), p); err != nil {
					w.t.Error(err)
				}
			}
			w.wantOutcome(p, session.Ended, session.SignedOut)
		}, []string{"session_created ann [pwd]", "session_ended ann signed_out", "session_checked  ended signed_out"}},
		"a token is replaced and replayed": {func(w *world) {
			p, _ := w.signIn("ann")
			w.clock.Move(14 * time.Minute)
			w.wantOutcome(p, session.Allowed, "") // used, so that it lives
			w.clock.Move(14 * time.Minute)
			_, renewed, err := w.Renew(w.t.Context(), p)
			if err != nil || renewed.IsZero() {
				w.t.Fatal(renewed, err)
			}
			w.wantOutcome(session.Presented{Token: renewed.Reveal()}, session.Allowed, "")
			w.clock.Move(time.Minute)
			w.wantOutcome(p, session.Reused, session.TokenReuse)
		}, []string{
			"session_created ann [pwd]", "session_touched ann", "session_checked ann allowed",
			"token_offered ann", "session_touched ann", "session_checked ann allowed",
			"token_confirmed ann", "session_checked ann allowed",
			"session_ended ann token_reuse", "session_checked  reused token_reuse",
		}},
		"end everybody, and sweep": {func(w *world) {
			w.signIn("ann")
			if _, err := w.EndEveryone(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
			for range 2 {
				if _, err := w.Sweep(w.t.Context(), session.ByRule, ""); err != nil {
					w.t.Fatal(err)
				}
			}
		}, []string{"session_created ann [pwd]", "everyone_ended  ended_everywhere", "session_ended ann ended_everywhere"}},
		"end what is damaged, twice": {func(w *world) {
			_, r := w.signIn("ann")
			if err := w.store.Store.(*memory.Store).Damage(r.ID); err != nil {
				w.t.Fatal(err)
			}
			for range 2 {
				w.clock.Move(time.Second)
				w.end(r.ID, session.EndedByAdmin)
			}
		}, []string{"session_created ann [pwd]", "session_ended  ended_by_admin"}},
		"recheck": {func(w *world) {
			_, r := w.signIn("ann")
			w.wantRecheck(r.ID, session.Demand{AnyRole: []string{"owner"}}, session.Forbidden, "")
		}, []string{"session_created ann [pwd]", "session_checked ann forbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			w := newWorld(t, session.Options{
				Policy:  session.Policy{PerUser: 2, RotateEvery: 20 * time.Minute},
				Observe: func(_ context.Context, e session.Event) { got = append(got, told(e)) },
			})
			c.do(w)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// told is an event in words, without what differs from run to run.
func told(e session.Event) string {
	words := []string{string(e.Name), e.Subject}
	for _, word := range []string{string(e.Outcome), string(cmp.Or(e.Reason, e.End.Reason))} {
		if word != "" {
			words = append(words, word)
		}
	}
	if e.Methods != nil {
		words = append(words, fmt.Sprint(e.Methods))
	}
	if e.Err != nil && e.Name != session.EventChecked {
		words = append(words, e.Err.Error())
	}
	return strings.Join(words, " ")
}

// A refused sign-in is told of with its client as a record would have it: cut, and without
// tokens that somebody put into the name of a device.
func TestEventsHoldNoToken(t *testing.T) {
	var told session.Event
	w := newWorld(t, session.Options{Observe: func(_ context.Context, e session.Event) { told = e }})
	p, _ := w.signIn("ann")
	_, _, err := w.SignIn(t.Context(), session.SignIn{
		Subject: "ann", Client: session.Client{Address: strings.Repeat("9", 100), UserAgent: "Browser " + p.Token},
		Check: func(context.Context) (session.Grant, error) { return session.Grant{}, errors.New("no") },
	})
	if err == nil || told.Name != session.EventSignInRefused {
		t.Fatalf("%v, told %v", err, told.Name)
	}
	if strings.Contains(told.Client.UserAgent, p.Token[40:60]) || !strings.HasPrefix(told.Client.UserAgent, "Browser ") || len(told.Client.Address) > 64 {
		t.Errorf("told %+v", told.Client)
	}
}
