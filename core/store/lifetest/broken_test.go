package lifetest_test

import (
	"context"
	"slices"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// mistake is what a store does wrong, and the checks that must catch it.
type mistake struct {
	what string
	// sessions makes the store of sessions; nil: it is a correct one.
	sessions func() *broken
	// accounts changes each account before it is kept; nil: the store is a correct one.
	accounts func(*signin.Account)
	// deletes replaces the store's delete of an account; nil: it is a correct one.
	deletes func(ctx context.Context, s signin.Accounts, subject string) error
	caught  []string
}

func mistakes() []mistake {
	return slices.Concat(brokenSecrets(), brokenUpdates(), brokenRecords(), brokenReads(), brokenLists(), brokenControls(), brokenAccounts(), brokenErasures())
}

// broken is a store that makes one mistake. What is nil works as it should.
type broken struct {
	session.Store
	create func(r *session.Record)
	read   func(q session.Query, got *session.Reading)
	update update
	list   func(r session.Range, got *session.Listing)
	page   func(q session.PageQuery, got *session.Page)
	count  func(n *int)
	lost   map[string]bool // writes that are not made
	raise  *time.Time      // the time that is read in place of the one that was raised
}

type update = func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error)

func (b *broken) Create(ctx context.Context, r session.Record) (session.Record, error) {
	if b.create != nil {
		b.create(&r)
	}
	return b.Store.Create(ctx, r)
}

func (b *broken) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := b.Store.Read(ctx, q)
	if b.read != nil {
		b.read(q, &got)
	}
	if b.raise != nil && q.Control {
		got.EndedBefore = *b.raise
	}
	return got, err
}

func (b *broken) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if b.update != nil {
		return b.update(b.Store, ctx, id, c)
	}
	return b.Store.Update(ctx, id, c)
}

func (b *broken) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := b.Store.List(ctx, r)
	if b.list != nil {
		b.list(r, &got)
	}
	return got, err
}

func (b *broken) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	got, err := b.Store.Page(ctx, q)
	if b.page != nil {
		b.page(q, &got)
	}
	return got, err
}

func (b *broken) Count(ctx context.Context, q session.StatusRange) (int, error) {
	n, err := b.Store.Count(ctx, q)
	if b.count != nil {
		b.count(&n)
	}
	return n, err
}

func (b *broken) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	if b.lost["fence"] {
		return nil
	}
	return b.Store.SetFence(ctx, p, f)
}

func (b *broken) Delete(ctx context.Context, id session.ID) error {
	if b.lost["delete"] {
		return nil
	}
	return b.Store.Delete(ctx, id)
}

func (b *broken) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	if b.lost["raise"] {
		return nil
	}
	if b.raise != nil {
		*b.raise = t
	}
	return b.Store.RaiseEndedBefore(ctx, t)
}

// always makes a store of the same kind each time.
func always(b broken) func() *broken {
	return func() *broken { made := b; return &made }
}

// changing makes a store that makes another change than it was told.
func changing(change func(*session.Change)) func() *broken {
	return always(broken{update: func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		change(&c)
		return s.Update(ctx, id, c)
	}})
}

// writing makes a store that keeps secrets otherwise than it was told.
func writing(change func(*session.Secrets)) func() *broken {
	return changing(func(c *session.Change) {
		if c.Secrets != nil {
			is := *c.Secrets
			change(&is)
			c.Secrets = &is
		}
	})
}

// touching makes a store that keeps a use otherwise than it was told.
func touching(change func(*session.Touch)) func() *broken {
	return changing(func(c *session.Change) {
		if c.Touch != nil {
			is := *c.Touch
			change(&is)
			c.Touch = &is
		}
	})
}

// ending makes a store that keeps an end otherwise than it was told.
func ending(change func(*session.End)) func() *broken {
	return changing(func(c *session.Change) {
		if c.End != nil {
			is := *c.End
			change(&is)
			c.End = &is
		}
	})
}

// keeping makes a store that keeps records otherwise than they were made.
func keeping(change func(*session.Record)) func() *broken { return always(broken{create: change}) }

// reading makes a store that reads records otherwise than they are.
func reading(change func(*session.Record)) func() *broken {
	return always(broken{read: func(_ session.Query, got *session.Reading) {
		for i := range got.Records {
			change(&got.Records[i])
		}
	}})
}

// get reads a record.
func get(ctx context.Context, s session.Store, id session.ID) session.Record {
	got, _ := s.Read(ctx, session.Query{Sessions: []session.ID{id}})
	if len(got.Records) == 0 {
		return session.Record{}
	}
	return got.Records[0]
}

// forgetful keeps accounts otherwise than they are.
type forgetful struct {
	signin.Accounts
	change func(*signin.Account)
	delete func(ctx context.Context, s signin.Accounts, subject string) error // nil: as it should
}

func (f forgetful) Delete(ctx context.Context, subject string) error {
	if f.delete != nil {
		return f.delete(ctx, f.Accounts, subject)
	}
	return f.Accounts.Delete(ctx, subject)
}

func (f forgetful) Create(ctx context.Context, a signin.Account) error {
	f.change(&a)
	return f.Accounts.Create(ctx, a)
}

func (f forgetful) Update(ctx context.Context, a signin.Account) error {
	f.change(&a)
	return f.Accounts.Update(ctx, a)
}
