package servertest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"coatcheck/core/session"
)

// The life of a session in units, as design.md section 5 has them. The control is
// known to the process but where the row says otherwise.
func TestLocalCostsOfRotation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.touchless(t)
	p, _ := s.signIn("ann")
	s.now = s.now.Add(time.Hour)
	s.know()
	var second session.Presented
	renew := func(p session.Presented, fresh bool) func() error {
		return func() error {
			_, token, err := s.Renew(t.Context(), p)
			if err == nil && token.IsZero() == fresh {
				err = fmt.Errorf("new token: %t, want %t", !token.IsZero(), fresh)
			}
			if fresh {
				second = session.Presented{Token: token.Reveal()}
			}
			return err
		}
	}
	s.costs("rotate", renew(p, true), map[string]int{"GetItem": 1, "UpdateItem": 1}, units{1 + 1, 0})
	s.costs("authorize, pending elsewhere", renew(p, false), map[string]int{"GetItem": 1}, units{1, 0})
	s.costs("its confirmation", renew(second, false), map[string]int{"GetItem": 1, "UpdateItem": 1}, units{1 + 1, 0})
	s.costs("authorize in the grace", renew(p, false), map[string]int{"GetItem": 1}, units{1, 0})
	s.now = s.now.Add(time.Minute)
	s.know()
	s.costs("replay", func() error {
		if _, err := s.Lookup(t.Context(), p); session.OutcomeOf(err) != session.Reused {
			return fmt.Errorf("got %v", err)
		}
		return nil
	}, map[string]int{"GetItem": 1, "UpdateItem": 1}, units{1 + 1, 2})
}

// touchless is the service with a policy under which no use is written down.
func (s *service) touchless(t *testing.T) {
	t.Helper()
	m, err := session.New(s.store, tagKeys(t), &session.Options{
		Now: func() time.Time { return s.now }, Timeout: 10 * time.Second,
		Policy: session.Policy{Idle: 8 * time.Hour, TouchEvery: 4 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Manager = m
}

// know lets the process read the control, by a look-up of nothing.
func (s *service) know() {
	s.t.Helper()
	_, _ = s.Get(s.t.Context(), session.ID{1})
}

func TestLocalCostsOfPrivilege(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	if err := s.store.RaiseEndedBefore(ctx, s.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.store.SetFence(ctx, session.PartitionOf("ann"), session.Fence{1}); err != nil {
		t.Fatal(err)
	}
	p, r := s.signIn("ann")
	s.costs("step up", func() error {
		_, _, err := s.SignIn(ctx, session.SignIn{
			Subject: "ann", StepUp: true, Replace: p,
			Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
		})
		return err
	}, map[string]int{"BatchGetItem": 1, "PutItem": 1, "Query": 1, "UpdateItem": 1}, units{3 + 1 + 1 + 1, 1 + 2})
	_ = r

	_, owner := s.signIn("olga")
	if err := s.store.SetFence(ctx, session.PartitionOf("bob"), session.Fence{1}); err != nil {
		t.Fatal(err)
	}
	var acting session.Presented
	s.costs("sign in as somebody", func() error {
		token, _, err := s.SignIn(ctx, session.SignIn{
			Subject: "bob", Actor: owner.ID,
			Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
		})
		acting = session.Presented{Token: token.Reveal()}
		return err
	}, map[string]int{"BatchGetItem": 1, "PutItem": 1, "Query": 1}, units{3 + 1 + 1, 1})
	s.costs("authorize as somebody", func() error { _, err := s.Lookup(ctx, acting); return err },
		map[string]int{"GetItem": 2}, units{2, 0})
	s.costs("replace the fence", func() error { return s.ReplaceFence(ctx, "ann") }, map[string]int{"UpdateItem": 1}, units{1, 0})
}

func TestLocalCostsOfEndingMany(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	const users = 20
	for i := range users {
		s.signIn(fmt.Sprint("user", i))
	}
	list := func(want int) func() error {
		return func() error {
			page, err := s.ListAll(ctx, session.AllQuery{State: session.StateActive})
			if err == nil && len(page.Sessions) != want {
				err = fmt.Errorf("%d listed, want %d", len(page.Sessions), want)
			}
			return err
		}
	}
	// A query of a shard in which there is nothing is charged by DynamoDB, not here.
	shards := float64(s.shardsInUse())
	s.costs("list all active, a page", list(users), map[string]int{"Query": 16, "BatchGetItem": 1}, units{users, shards / 2})
	s.costs("count active", func() error { _, err := s.CountAll(ctx, session.StateActive, time.Time{}, time.Time{}); return err },
		map[string]int{"Query": 16}, units{0, shards / 2})
	walk := session.Walk{All: true, DryRun: true, Reason: session.EndedByAdmin, By: session.ByOperator}
	s.costs("by predicate, dry run", func() error { _, err := s.EndWhere(ctx, walk); return err },
		map[string]int{"Query": 16, "BatchGetItem": 1}, units{users, shards / 2})
	s.now = s.now.Add(time.Second)
	s.costs("end everybody", func() error { _, err := s.EndEveryone(ctx); return err },
		map[string]int{"GetItem": 1, "UpdateItem": 1}, units{2, 0})
	s.costs("the sweep behind it", func() error {
		step, err := s.Sweep(ctx, session.ByRule, "")
		if err == nil && step.Ended != users {
			err = fmt.Errorf("ended %d, want %d", step.Ended, users)
		}
		return err
	}, map[string]int{"GetItem": 1, "Query": 16, "BatchGetItem": 1, "UpdateItem": users}, units{1 + users + users, shards/2 + 2*users})
}

// shardsInUse is how many shards of the index have live sessions, told by what a count
// is charged.
func (s *service) shardsInUse() int {
	s.t.Helper()
	s.sent.take()
	if _, err := s.store.Count(s.t.Context(), session.StatusRange{Status: session.StatusLive}); err != nil {
		s.t.Fatal(err)
	}
	return int(2 * sum(s.sent.take()).Index)
}
