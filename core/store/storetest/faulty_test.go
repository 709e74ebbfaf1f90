package storetest

import (
	"context"
	"slices"
	"time"

	"coatcheck/core/session"
)

// hooks replace methods of a shelf; those that are nil work as they should.
type hooks struct {
	create   func(ctx context.Context, r session.Record) (session.Record, error)
	read     func(ctx context.Context, q session.Query) (session.Reading, error)
	update   func(ctx context.Context, id session.ID, c session.Change) (session.Record, error)
	forget   func(ctx context.Context, id session.ID) error
	list     func(ctx context.Context, r session.Range) (session.Listing, error)
	setFence func(ctx context.Context, p session.Partition, f session.Fence) error
	raise    func(ctx context.Context, t time.Time) error
	page     func(ctx context.Context, q session.PageQuery) (session.Page, error)
	count    func(ctx context.Context, q session.StatusRange) (int, error)
}

// faulty is a shelf with hooks.
type faulty struct {
	*shelf
	hooks hooks
}

func (f faulty) Create(ctx context.Context, r session.Record) (session.Record, error) {
	return orElse(f.hooks.create, f.shelf.Create)(ctx, r)
}

func (f faulty) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	return orElse(f.hooks.read, f.shelf.Read)(ctx, q)
}

func (f faulty) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if f.hooks.update != nil {
		return f.hooks.update(ctx, id, c)
	}
	return f.shelf.Update(ctx, id, c)
}

func (f faulty) Delete(ctx context.Context, id session.ID) error {
	if f.hooks.forget != nil {
		return f.hooks.forget(ctx, id)
	}
	return f.shelf.Delete(ctx, id)
}

func (f faulty) List(ctx context.Context, r session.Range) (session.Listing, error) {
	return orElse(f.hooks.list, f.shelf.List)(ctx, r)
}

func (f faulty) SetFence(ctx context.Context, p session.Partition, fence session.Fence) error {
	if f.hooks.setFence != nil {
		return f.hooks.setFence(ctx, p, fence)
	}
	return f.shelf.SetFence(ctx, p, fence)
}

func (f faulty) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	if f.hooks.raise != nil {
		return f.hooks.raise(ctx, t)
	}
	return f.shelf.RaiseEndedBefore(ctx, t)
}

func (f faulty) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	return orElse(f.hooks.page, f.shelf.Page)(ctx, q)
}

func (f faulty) Count(ctx context.Context, q session.StatusRange) (int, error) {
	return orElse(f.hooks.count, f.shelf.Count)(ctx, q)
}

type method[Q, A any] = func(context.Context, Q) (A, error)

func orElse[Q, A any](hook, correct method[Q, A]) method[Q, A] {
	if hook != nil {
		return hook
	}
	return correct
}

// broken is a store that makes one mistake, and the checks that must catch it.
type broken struct {
	mistake string
	make    func(s *shelf) hooks
	caught  []string
}

func brokenStores() []broken {
	return slices.Concat(
		brokenCreates(), brokenTaken(), brokenReads(), brokenUpdates(), brokenDeletes(), brokenParts(), brokenConditions(), brokenAges(),
		brokenLists(), brokenRanges(), brokenFences(), brokenControls(),
		brokenPages(), brokenCursors(), brokenCounts(), brokenSharing(), brokenRaces(), brokenContexts(),
		forgetful(),
	)
}

// by names the checks that must catch a mistake.
func by(checks ...string) []string { return checks }

// keeping makes a store that changes each record before it keeps it.
func keeping(change func(r *session.Record)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			r = clone(r)
			change(&r)
			return s.Create(ctx, r)
		}}
	}
}

// reading makes a store that changes each record before Read returns it.
func reading(change func(r *session.Record)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			for i := range got.Records {
				change(&got.Records[i])
			}
			return got, err
		}}
	}
}

// updating makes a store whose Update is as given.
func updating(f func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			return f(ctx, s, id, c)
		}}
	}
}

// changing makes a store that alters each change before it makes it.
func changing(alter func(r session.Record, c *session.Change)) func(s *shelf) hooks {
	return updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
		if r, ok := s.get(id); ok {
			alter(r, &c)
		}
		return s.Update(ctx, id, c)
	})
}

// listing makes a store that alters each List's answer; q is what was asked.
func listing(alter func(ctx context.Context, s *shelf, q session.Range, got *session.Listing)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{list: func(ctx context.Context, q session.Range) (session.Listing, error) {
			got, err := s.List(ctx, q)
			if err == nil {
				alter(ctx, s, q, &got)
			}
			return got, err
		}}
	}
}

// asking makes a store that alters each List's question.
func asking(alter func(q *session.Range)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{list: func(ctx context.Context, q session.Range) (session.Listing, error) {
			alter(&q)
			return s.List(ctx, q)
		}}
	}
}

// paging makes a store that alters each Page's answer; q is what was asked.
func paging(alter func(s *shelf, q session.PageQuery, got *session.Page)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			got, err := s.Page(ctx, q)
			if err == nil {
				alter(s, q, &got)
			}
			return got, err
		}}
	}
}

// seeking makes a store that alters each Page's question.
func seeking(alter func(q *session.PageQuery)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			alter(&q)
			return s.Page(ctx, q)
		}}
	}
}
