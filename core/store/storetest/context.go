package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coatcheck/core/session"
)

const (
	doneFails  = "A call whose context is done returns promptly, with an error. Missing is never confused with failed."
	promptly   = time.Second
	doneWrites = "A call whose context was done before it began writes nothing."
)

func contextChecks() []Check {
	return []Check{
		check("done-context-is-an-error", doneFails, doneIsError),
		check("done-context-writes-nothing", doneWrites, doneWritesNothing),
	}
}

// call is one method of a store, on records that the check knows.
type call struct {
	name string
	do   func(ctx context.Context, s session.Store) error
}

// writesOf are the writes: of r, which is there, of one that is ended, and of a record
// that is not.
func writesOf(r, over, fresh session.Record) []call {
	end, _ := endOf(r)
	return []call{
		{"Create", func(ctx context.Context, s session.Store) error { return second(s.Create(ctx, fresh)) }},
		{"Create of a taken ID", func(ctx context.Context, s session.Store) error { return second(s.Create(ctx, r)) }},
		{"Update", func(ctx context.Context, s session.Store) error { return second(s.Update(ctx, r.ID, end)) }},
		{"Update of a missing session", func(ctx context.Context, s session.Store) error { return second(s.Update(ctx, fresh.ID, end)) }},
		{"Delete", func(ctx context.Context, s session.Store) error { return s.Delete(ctx, over.ID) }},
		{"Delete of what is not ended", func(ctx context.Context, s session.Store) error { return s.Delete(ctx, r.ID) }},
		{"Delete of a missing session", func(ctx context.Context, s session.Store) error { return s.Delete(ctx, fresh.ID) }},
		{"SetFence", func(ctx context.Context, s session.Store) error {
			return s.SetFence(ctx, r.ID.Partition(), session.Fence{7})
		}},
		{"RaiseEndedBefore", func(ctx context.Context, s session.Store) error { return s.RaiseEndedBefore(ctx, noon) }},
	}
}

func readsOf(r session.Record) []call {
	return []call{
		{"Read", func(ctx context.Context, s session.Store) error {
			return second(s.Read(ctx, session.Query{Sessions: []session.ID{r.ID}}))
		}},
		{"Read of fence and control", func(ctx context.Context, s session.Store) error {
			return second(s.Read(ctx, session.Query{Subject: r.ID.Partition(), Control: true}))
		}},
		{"List", func(ctx context.Context, s session.Store) error { return second(s.List(ctx, of("ann"))) }},
		{"Page", func(ctx context.Context, s session.Store) error {
			return second(s.Page(ctx, session.PageQuery{StatusRange: live, Limit: 10}))
		}},
		{"Count", func(ctx context.Context, s session.Store) error { return second(s.Count(ctx, live)) }},
	}
}

func second[T any](_ T, err error) error { return err }

// done returns a context that was cancelled, and one whose time is over.
func (b *bench) done() []context.Context {
	cancelled, cancel := context.WithCancel(b.ctx)
	cancel()
	late, cancel := context.WithDeadline(b.ctx, ago)
	cancel()
	return []context.Context{cancelled, late}
}

func doneIsError(b *bench) {
	r, over, fresh := Record("ann", noon), Record("ann", noon, EndedAt(noon)), Record("ann", noon)
	b.create(r, over)
	for _, ctx := range b.done() {
		for _, c := range append(readsOf(r), writesOf(r, over, fresh)...) {
			if b.err != nil {
				return
			}
			b.want(c.name+" with a done context", b.failsPromptly(func() error { return c.do(ctx, b.store) }))
		}
	}
}

// failsPromptly wants an error that says nothing about what is stored.
func (b *bench) failsPromptly(call func() error) error {
	result := make(chan error, 1)
	go func() { result <- call() }()
	var err error
	select {
	case err = <-result:
	case <-time.After(promptly):
		return fmt.Errorf("no answer within %v", promptly)
	}
	if err == nil {
		return errors.New("got no error, want one")
	}
	for _, wrong := range []error{
		session.ErrNotFound, session.ErrExists, session.ErrConflict, session.ErrDamaged, session.ErrCursor,
	} {
		if errors.Is(err, wrong) {
			return fmt.Errorf("got %w, want an error that is no answer", err)
		}
	}
	return nil
}

func doneWritesNothing(b *bench) {
	r, over, fresh := Record("ann", noon), Record("ann", noon, EndedAt(noon)), Record("ann", noon)
	b.create(r, over)
	b.setFence("ann", session.Fence{1})
	b.raise(ago)
	for _, ctx := range b.done() {
		for _, c := range writesOf(r, over, fresh) {
			if b.err != nil {
				return
			}
			_ = c.do(ctx, b.store)
			b.holds(r, over)
			b.misses(fresh.ID)
			b.fence("ann", session.Fence{1})
			b.control(ago)
		}
	}
	b.pages(live, 10, r)
}
