package proof_test

import (
	"context"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// calls is a store that meets each call before it is carried out.
type calls struct {
	session.Store
	known map[session.ID]int // sessions in the order in which they were made
	meet  func(ctx context.Context, c call, do func() error) error
}

// call is one call of a store.
type call struct {
	name    string
	session int // in the order in which sessions were made; 0: none
}

// newest is the session that was made last, whatever became of it.
func (c *calls) newest() session.ID {
	for id, n := range c.known {
		if n == len(c.known) {
			return id
		}
	}
	return session.ID{}
}

func (c *calls) through(ctx context.Context, name string, id session.ID, do func() error) error {
	if c.meet == nil {
		return do()
	}
	return c.meet(ctx, call{name, c.known[id]}, do)
}

func (c *calls) Create(ctx context.Context, r session.Record) (got session.Record, err error) {
	err = c.through(ctx, "create", session.ID{}, func() error {
		if _, ok := c.known[r.ID]; !ok {
			c.known[r.ID] = len(c.known) + 1
		}
		got, err = c.Store.Create(ctx, r)
		return err
	})
	return got, err
}

func (c *calls) Read(ctx context.Context, q session.Query) (got session.Reading, err error) {
	var id session.ID
	if len(q.Sessions) > 0 {
		id = q.Sessions[0]
	}
	err = c.through(ctx, "read", id, func() error { got, err = c.Store.Read(ctx, q); return err })
	return got, err
}

func (c *calls) Update(ctx context.Context, id session.ID, change session.Change) (got session.Record, err error) {
	name := "touch"
	switch {
	case change.End != nil:
		name = "end"
	case change.Secrets != nil:
		name = "rotate"
	}
	err = c.through(ctx, name, id, func() error { got, err = c.Store.Update(ctx, id, change); return err })
	return got, err
}

func (c *calls) Delete(ctx context.Context, id session.ID) error {
	return c.through(ctx, "delete", id, func() error { return c.Store.Delete(ctx, id) })
}

func (c *calls) List(ctx context.Context, r session.Range) (got session.Listing, err error) {
	err = c.through(ctx, "list", session.ID{}, func() error { got, err = c.Store.List(ctx, r); return err })
	return got, err
}

func (c *calls) Page(ctx context.Context, q session.PageQuery) (got session.Page, err error) {
	err = c.through(ctx, "page", session.ID{}, func() error { got, err = c.Store.Page(ctx, q); return err })
	return got, err
}

func (c *calls) Count(ctx context.Context, q session.StatusRange) (n int, err error) {
	err = c.through(ctx, "count", session.ID{}, func() error { n, err = c.Store.Count(ctx, q); return err })
	return n, err
}

func (c *calls) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	return c.through(ctx, "fence", session.ID{}, func() error { return c.Store.SetFence(ctx, p, f) })
}

func (c *calls) RaiseEndedBefore(ctx context.Context, at time.Time) error {
	return c.through(ctx, "raise", session.ID{}, func() error { return c.Store.RaiseEndedBefore(ctx, at) })
}

// accounts is the accounts' store, met in the same way.
type accounts struct {
	signin.Accounts
	calls *calls
}

func (a *accounts) Create(ctx context.Context, account signin.Account) error {
	return a.calls.through(ctx, "account-create", session.ID{}, func() error { return a.Accounts.Create(ctx, account) })
}

func (a *accounts) Subject(ctx context.Context, name string) (subject string, err error) {
	err = a.calls.through(ctx, "account-name", session.ID{}, func() error { subject, err = a.Accounts.Subject(ctx, name); return err })
	return subject, err
}

func (a *accounts) List(ctx context.Context, after string, limit int) (got []signin.Account, err error) {
	err = a.calls.through(ctx, "account-list", session.ID{}, func() error { got, err = a.Accounts.List(ctx, after, limit); return err })
	return got, err
}

func (a *accounts) Delete(ctx context.Context, subject string) error {
	return a.calls.through(ctx, "account-delete", session.ID{}, func() error { return a.Accounts.Delete(ctx, subject) })
}

func (a *accounts) Get(ctx context.Context, subject string) (got signin.Account, err error) {
	err = a.calls.through(ctx, "account", session.ID{}, func() error { got, err = a.Accounts.Get(ctx, subject); return err })
	return got, err
}

func (a *accounts) Update(ctx context.Context, account signin.Account) error {
	return a.calls.through(ctx, "account-write", session.ID{}, func() error { return a.Accounts.Update(ctx, account) })
}
