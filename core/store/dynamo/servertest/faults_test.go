package servertest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
)

// bed is a Manager whose store can be hurt. Its own bound is loose but for the tests
// of the bound: what is tested is what comes of a fault, on a busy machine too.
type bed struct {
	*session.Manager
	t        *testing.T
	store    *dynamo.Sessions
	accounts *dynamo.Accounts
	proxy    *proxy
	now      time.Time
}

func newBed(t *testing.T, timeout time.Duration) *bed {
	t.Helper()
	return newBedUnder(t, timeout, session.Policy{})
}

func newBedUnder(t *testing.T, timeout time.Duration, p session.Policy) *bed {
	t.Helper()
	b := &bed{t: t, now: time.Now()}
	b.store, b.accounts, b.proxy = hurtable(t)
	manager, err := session.New(b.store, tagKeys(t), &session.Options{
		Policy: p, Now: func() time.Time { return b.now }, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Manager = manager
	return b
}

func (b *bed) signIn() (session.Presented, session.Record, error) {
	token, r, err := b.SignIn(b.t.Context(), session.SignIn{
		Subject: "ann", Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})
	return session.Presented{Token: token.Reveal()}, r, err
}

// signedIn prepares: a stand-in on a busy machine may take longer at first than the
// product waits.
func (b *bed) signedIn() (p session.Presented, r session.Record) {
	b.t.Helper()
	err := session.ErrUnavailable
	for tries := 0; errors.Is(err, session.ErrUnavailable) && tries < 20; tries++ {
		p, r, err = b.signIn()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return p, r
}

// One fault, before or after the write was applied, is met by the client's own second
// try: what was asked for is done, once.
func TestLocalOneFault(t *testing.T) {
	t.Parallel()
	for f, name := range faultNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, 10*time.Second)
			once := func(what, operation string, run func() error) {
				t.Helper()
				b.proxy.hurt(f, operation, 1)
				if err := run(); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if b.proxy.pending() {
					t.Errorf("%s: no request met the fault", what)
				}
			}
			b.sessionFaults(once)
			b.accountFaults(once)
		})
	}
}

func (b *bed) sessionFaults(once func(what, operation string, run func() error)) {
	ctx := b.t.Context()
	var p session.Presented
	var r session.Record
	once("sign in", "PutItem", func() (err error) { p, r, err = b.signIn(); return err })
	once("sign in, list", "Query", func() error { _, _, err := b.signIn(); return err })
	lookup := func() error { _, err := b.Lookup(ctx, p); return err }
	once("look up", "GetItem", lookup)
	b.now = b.now.Add(3 * time.Minute)
	once("look up with control", "BatchGetItem", lookup)
	once("touch", "UpdateItem", func() error { return b.touch(r.ID) })
	once("end", "UpdateItem", func() error {
		ended, err := b.End(ctx, r.ID, session.SignedOut, session.ByOperator)
		if ended.End.By != session.ByOperator {
			return errors.Join(err, fmt.Errorf("the end is %+v", ended.End))
		}
		return err
	})
	once("end all", "UpdateItem", func() error {
		n, err := b.EndAll(ctx, "ann", session.SignedOut, session.ByOperator)
		if n != 1 {
			return errors.Join(err, fmt.Errorf("ended %d, want 1", n))
		}
		return err
	})
	once("delete", "DeleteItem", func() error { return b.store.Delete(ctx, r.ID) })
	once("end everybody", "UpdateItem", func() error { return b.store.RaiseEndedBefore(ctx, b.now) })
}

// touch is a touch with more patience than a look-up has for one. What a second try
// finds there is its own write.
func (b *bed) touch(id session.ID) error {
	there, err := b.Get(b.t.Context(), id)
	if err != nil {
		return err
	}
	at := there.LastSeenAt.Add(time.Second)
	is, err := b.store.Update(b.t.Context(), id, session.Change{
		If:    session.Condition{LastSeenAt: there.LastSeenAt},
		Touch: &session.Touch{LastSeenAt: at, ExpiresAt: there.ExpiresAt},
	})
	if err != nil && !errors.Is(err, session.ErrConflict) || !is.LastSeenAt.Equal(at) {
		return fmt.Errorf("last seen at %v, want %v; %w", is.LastSeenAt, at, err)
	}
	return nil
}

func (b *bed) accountFaults(once func(what, operation string, run func() error)) {
	ctx := b.t.Context()
	a := signin.Account{Subject: "usr_1", Name: "anne", Version: 1, CreatedAt: b.now.UTC().Truncate(time.Millisecond)}
	once("create account", "TransactWriteItems", func() error { return b.accounts.Create(ctx, a) })
	once("get account", "GetItem", func() error { _, err := b.accounts.Get(ctx, a.Subject); return err })
	once("list accounts", "Query", func() error { _, err := b.accounts.List(ctx, "", 3); return err })
	a.Disabled = true
	once("update account", "UpdateItem", func() error { return b.accounts.Update(ctx, a) })
	switch got, err := b.accounts.Get(ctx, a.Subject); {
	case err != nil:
		b.t.Error(err)
	case got.Version != 2 || !got.Disabled:
		b.t.Errorf("version %d, disabled %t, want 2, true", got.Version, got.Disabled)
	}
	once("delete account", "TransactWriteItems", func() error { return b.accounts.Delete(ctx, a.Subject) })
	if _, err := b.accounts.Get(ctx, a.Subject); !errors.Is(err, signin.ErrNotFound) {
		b.t.Errorf("the account after its delete: %v", err)
	}
}

// The first use of a new token meets its own write, too: its holder is let in, and the
// token before it is out of use.
func TestLocalRotationWithALostAnswer(t *testing.T) {
	t.Parallel()
	b := newBedUnder(t, 10*time.Second, session.Policy{Idle: 8 * time.Hour})
	p, r := b.signedIn()
	b.now = b.now.Add(time.Hour)
	var next session.Presented
	for tries := 0; next.Token == "" && tries < 10; tries++ { // an offer has little time, and may be left out
		_, token, err := b.Renew(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if !token.IsZero() {
			next.Token = token.Reveal()
		}
		b.now = b.now.Add(2 * time.Minute)
	}
	b.proxy.hurt(cutAfter, "UpdateItem", 1)
	next.Passive = true // a use would be another write
	if _, err := b.Lookup(t.Context(), next); err != nil || b.proxy.pending() {
		t.Errorf("the first use: %v, a fault was met: %t", err, !b.proxy.pending())
	}
	if got, err := b.Get(t.Context(), r.ID); err != nil || got.Secrets.Rotations != 1 {
		t.Errorf("%d rotations, %v", got.Secrets.Rotations, err)
	}
}

// Where the fault stays, the store is unavailable, within a second: nobody is let in,
// nobody is signed out.
func TestLocalLastingFault(t *testing.T) {
	for f, name := range faultNames {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, 0)
			p, r := b.signedIn()
			b.proxy.hurt(f, "", -1)
			for call, run := range map[string]func() error{
				"look up": func() error { _, err := b.Lookup(t.Context(), p); return err },
				"end":     func() error { _, err := b.End(t.Context(), r.ID, session.SignedOut, session.ByOperator); return err },
				"list":    func() error { _, err := b.List(t.Context(), "ann", session.UserPage{}); return err },
			} {
				begun := time.Now()
				err := run()
				if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNoSession) {
					t.Errorf("%s: got %v, want ErrUnavailable", call, err)
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("%s took %v, want at most 1 s", call, took)
				}
			}
			b.proxy.hurt(f, "", 0)
			if _, err := b.Lookup(t.Context(), p); session.OutcomeOf(err) == session.Unknown {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// A touch that gets no answer leaves the look-up as it is.
func TestLocalTouchWithoutAnswer(t *testing.T) {
	b := newBed(t, 0)
	p, _ := b.signedIn()
	b.now = b.now.Add(3 * time.Minute)
	b.proxy.hurt(throttle, "UpdateItem", -1)
	if _, err := b.Lookup(t.Context(), p); err != nil {
		t.Errorf("got %v, want the session", err)
	}
}

// A server that is not there, or has no such table, is unavailable too.
func TestLocalNoServerNoTable(t *testing.T) {
	t.Parallel()
	o := local.options()
	o.HTTPClient = nil
	nowhere := o
	nowhere.Endpoint = "http://127.0.0.1:1"
	for name, client := range map[string]dynamo.ClientOptions{"no table": o, "no server": nowhere} {
		manager, err := session.New(dynamo.NewSessions(dynamo.NewClient(client), "no-such-table"), tagKeys(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := manager.Get(t.Context(), session.ID{1}); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}
