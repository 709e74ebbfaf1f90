package servertest_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/storetest"
)

// service is a Manager over DynamoDB Local with a clock of its own, measured.
type service struct {
	*session.Manager
	t     *testing.T
	store *dynamo.Sessions
	sent  *recorder
	now   time.Time
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, now: time.Now()}
	s.store, s.sent = local.measured(t)
	manager, err := session.New(s.store, tagKeys(t), &session.Options{
		Now: func() time.Time { return s.now }, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Manager = manager
	return s
}

func tagKeys(t *testing.T) session.Keys {
	t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (s *service) signIn(subject string) (session.Presented, session.Record) {
	s.t.Helper()
	token, r, err := s.SignIn(s.t.Context(), session.SignIn{
		Subject: subject, Client: session.Client{Address: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"editor"}, Methods: []string{"pwd"}}, nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return session.Presented{Token: token.Reveal()}, r
}

// replace signs in again with the session in hand.
func (s *service) replace(p *session.Presented, r *session.Record) error {
	token, again, err := s.SignIn(s.t.Context(), session.SignIn{
		Subject: r.Subject, Replace: *p,
		Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})
	*p, *r = session.Presented{Token: token.Reveal()}, again
	return err
}

// costs runs one operation of design.md section 5 and wants its calls and units.
func (s *service) costs(row string, run func() error, calls map[string]int, want units) {
	s.t.Helper()
	s.sent.take()
	if err := run(); err != nil {
		s.t.Errorf("%s: %v", row, err)
	}
	requests := s.sent.take()
	got := sum(requests)
	s.t.Logf("%-28s %v, units: table %g, index %g", row, operations(requests), got.Table, got.Index)
	if !maps.Equal(operations(requests), calls) {
		s.t.Errorf("%s: sent %v, want %v", row, operations(requests), calls)
	}
	if got != want {
		s.t.Errorf("%s: cost %+v, want %+v", row, got, want)
	}
}

// The table of design.md section 5, row by row, as DynamoDB Local meters it. It leaves
// out two things that DynamoDB charges: items that a batch did not find, so fence and
// control are made first, and the write unit of a condition that failed.
func TestLocalCosts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	lookup := func(p session.Presented, want session.Outcome) func() error {
		return func() error {
			if _, err := s.Lookup(ctx, p); session.OutcomeOf(err) != want {
				return fmt.Errorf("got %v, want %s", err, want)
			}
			return nil
		}
	}
	var p session.Presented
	var r session.Record
	s.costs("end everybody", func() error { return s.store.RaiseEndedBefore(ctx, s.now.Add(-time.Hour)) },
		map[string]int{"UpdateItem": 1}, units{1, 0})
	s.costs("fence", func() error { return s.store.SetFence(ctx, session.PartitionOf("ann"), session.Fence{1}) },
		map[string]int{"UpdateItem": 1}, units{1, 0})
	s.costs("sign in", func() error { p, r = s.signIn("ann"); return nil },
		map[string]int{"BatchGetItem": 1, "PutItem": 1, "Query": 1}, units{2 + 1 + 1, 1})
	s.costs("authorize", lookup(p, session.Allowed), map[string]int{"GetItem": 1}, units{1, 0})
	s.costs("authorize, forged", lookup(session.Presented{Token: p.Token[:session.TokenLength-1] + "A"}, session.Forged), nil, units{})
	s.costs("authorize, malformed", lookup(session.Presented{Token: "x"}, session.Malformed), nil, units{})
	s.now = s.now.Add(5 * time.Second)
	s.costs("authorize, control due", lookup(p, session.Allowed), map[string]int{"BatchGetItem": 1}, units{2, 0})
	s.now = s.now.Add(3 * time.Minute)
	s.costs("touch, control due", lookup(p, session.Allowed), map[string]int{"BatchGetItem": 1, "UpdateItem": 1}, units{2 + 1, 2})
	s.now = s.now.Add(4 * time.Second)
	s.costs("authorize, just touched", lookup(p, session.Allowed), map[string]int{"GetItem": 1}, units{1, 0})
	s.costs("sign in, replacing", func() error { return s.replace(&p, &r) },
		map[string]int{"BatchGetItem": 1, "PutItem": 1, "Query": 1, "UpdateItem": 1}, units{3 + 1 + 1 + 1, 1 + 2})
	s.costs("list", func() error { _, err := s.List(ctx, "ann", session.UserPage{}); return err },
		map[string]int{"Query": 1}, units{1, 0})
	s.costs("end one", func() error { _, err := s.End(ctx, r.ID, session.SignedOut, session.BySubject("ann")); return err },
		map[string]int{"UpdateItem": 1}, units{1, 2})
	s.costs("end one, again", func() error { _, err := s.End(ctx, r.ID, session.SignedOut, session.BySubject("ann")); return err },
		map[string]int{"UpdateItem": 1}, units{0, 0})
}

// The writes of a session, on the store itself.
func TestLocalCostsOfWrites(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, r := s.signIn("ann")
	touch := session.Change{
		If:    session.Condition{ExpiresAfter: s.now, LastSeenAt: r.LastSeenAt},
		Touch: &session.Touch{LastSeenAt: r.LastSeenAt.Add(time.Second), ExpiresAt: r.ExpiresAt.Add(time.Second)},
	}
	secrets := r.Secrets
	secrets.Next, secrets.NextAt = session.Hash{7}, r.LastSeenAt
	rotate := session.Change{If: session.Condition{Secrets: &r.Secrets}, Secrets: &secrets}
	update := func(c session.Change, want error) func() error {
		return func() error {
			if _, err := s.store.Update(t.Context(), r.ID, c); err != want {
				return fmt.Errorf("got %v, want %v", err, want)
			}
			return nil
		}
	}
	one := map[string]int{"UpdateItem": 1}
	s.costs("touch", update(touch, nil), one, units{1, 2})
	s.costs("touch, lost race", update(touch, session.ErrConflict), one, units{0, 0})
	s.costs("rotate", update(rotate, nil), one, units{1, 0})
	forget := func(want error) func() error {
		return func() error {
			if err := s.store.Delete(t.Context(), r.ID); err != want {
				return fmt.Errorf("got %v, want %v", err, want)
			}
			return nil
		}
	}
	once := map[string]int{"DeleteItem": 1}
	s.costs("delete, not ended", forget(session.ErrConflict), once, units{0, 0})
	s.costs("end", update(session.Change{End: &session.End{At: r.LastSeenAt, Reason: session.SignedOut, By: session.ByRule}}, nil), one, units{1, 2})
	s.costs("delete", forget(nil), once, units{1, 1})
}

func TestLocalCostsOfEndAll(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const live = 8
	for range live {
		s.signIn("ann")
	}
	s.costs(fmt.Sprintf("end all of %d", live), func() error {
		n, err := s.EndAll(t.Context(), "ann", session.SignedOut, session.BySubject("ann"))
		if n != live {
			return fmt.Errorf("ended %d, want %d; %w", n, live, err)
		}
		return err
	}, map[string]int{"UpdateItem": 1 + live, "Query": 1}, units{1 + 1 + live, 2 * live})
}

// Lists across users: a query of each shard, and a batch for the records.
func TestLocalCostsOfPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const records = 40 // in every shard some: Local does not charge for an empty one
	for i := range records {
		if _, err := s.store.Create(t.Context(), storetest.Record(fmt.Sprint(i), s.now, storetest.Numbered(uint64(i)))); err != nil {
			t.Fatal(err)
		}
	}
	live := session.StatusRange{Status: session.StatusLive, From: s.now}
	s.costs("list all active, a page", func() error {
		page, err := s.store.Page(t.Context(), session.PageQuery{StatusRange: live, Limit: 50})
		if len(page.Records) != records {
			return fmt.Errorf("%d records, want %d; %w", len(page.Records), records, err)
		}
		return err
	}, map[string]int{"Query": 16, "BatchGetItem": 1}, units{records, 16 * 0.5})
	s.costs("count active", func() error {
		n, err := s.store.Count(t.Context(), live)
		if n != records {
			return fmt.Errorf("counted %d, want %d; %w", n, records, err)
		}
		return err
	}, map[string]int{"Query": 16}, units{0, 16 * 0.5})
}

// Accounts: a transaction costs two units a KB and item.
func TestLocalCostsOfAccounts(t *testing.T) {
	t.Parallel()
	s := &service{t: t, sent: &recorder{}}
	o := local.options()
	o.HTTPClient = s.sent
	accounts := dynamo.NewAccounts(dynamo.NewClient(o), local.tables(t).Accounts)
	a := signin.Account{Subject: "usr_1", Name: "anne", Version: 1, CreatedAt: time.Now()}
	s.costs("create account", func() error { return accounts.Create(t.Context(), a) },
		map[string]int{"TransactWriteItems": 1}, units{2 + 2, 2})
	s.costs("subject of a name", func() error { _, err := accounts.Subject(t.Context(), "anne"); return err },
		map[string]int{"GetItem": 1}, units{1, 0})
	s.costs("get account", func() error { _, err := accounts.Get(t.Context(), "usr_1"); return err },
		map[string]int{"GetItem": 1}, units{1, 0})
	s.costs("update account", func() error { return accounts.Update(t.Context(), a) },
		map[string]int{"UpdateItem": 1}, units{1, 0})
	s.costs("list accounts", func() error { _, err := accounts.List(t.Context(), "", 100); return err },
		map[string]int{"Query": 1, "BatchGetItem": 1}, units{1, 0.5})
	a.Disabled, a.Version = true, 2
	s.costs("disable account", func() error { return accounts.Update(t.Context(), a) },
		map[string]int{"UpdateItem": 1}, units{1, 0})
	s.costs("delete account", func() error { return accounts.Delete(t.Context(), "usr_1") },
		map[string]int{"GetItem": 1, "TransactWriteItems": 1}, units{1 + 2 + 2, 2})
}
