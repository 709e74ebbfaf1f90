package lifetest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/lifetest"
	"coatcheck/core/store/memory"
)

// broken is a store that makes one mistake, which the named checks must catch.
type broken struct {
	session.Store
	update func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error)
	read   func(q session.Query, got *session.Reading)
	create func(r *session.Record)
	list   func(got *session.Listing)
	page   func(q session.PageQuery, got *session.Page)
	lost   map[string]bool // writes that are not made
}

func (b *broken) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if b.update != nil {
		return b.update(b.Store, ctx, id, c)
	}
	return b.Store.Update(ctx, id, c)
}

func (b *broken) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := b.Store.Read(ctx, q)
	if b.read != nil {
		b.read(q, &got)
	}
	return got, err
}

func (b *broken) Create(ctx context.Context, r session.Record) (session.Record, error) {
	if b.create != nil {
		b.create(&r)
	}
	return b.Store.Create(ctx, r)
}

func (b *broken) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := b.Store.List(ctx, r)
	if b.list != nil {
		b.list(&got)
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

func (b *broken) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	if b.lost["fence"] {
		return nil
	}
	return b.Store.SetFence(ctx, p, f)
}

func (b *broken) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	if b.lost["raise"] {
		return nil
	}
	return b.Store.RaiseEndedBefore(ctx, t)
}

func (b *broken) Count(ctx context.Context, q session.StatusRange) (int, error) {
	n, err := b.Store.Count(ctx, q)
	if b.lost["count"] {
		n++
	}
	return n, err
}

type update = func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error)

// secrets makes a store that keeps the secrets of an update otherwise.
func secrets(change func(*session.Secrets)) *broken {
	return &broken{update: func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		if c.Secrets != nil {
			is := *c.Secrets
			change(&is)
			c.Secrets = &is
		}
		return s.Update(ctx, id, c)
	}}
}

// changing makes a store that makes another change than it was told.
func changing(change func(*session.Change)) *broken {
	return &broken{update: func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		change(&c)
		return s.Update(ctx, id, c)
	}}
}

// keeping makes a store that keeps records otherwise than they were made.
func keeping(change func(*session.Record)) *broken { return &broken{create: change} }

var mistakes = map[string]struct {
	store  *broken
	caught []string
}{
	"the previous secret is not kept":     {secrets(func(s *session.Secrets) { s.Previous = session.Hash{} }), []string{"rotation-previous-within-the-grace", "replay-previous-after-the-grace"}},
	"the superseded secret is not kept":   {secrets(func(s *session.Secrets) { s.Superseded = session.Hash{} }), []string{"replay-superseded"}},
	"the pending secret is not kept":      {secrets(func(s *session.Secrets) { s.Next = session.Hash{} }), []string{"rotation-pending"}},
	"the time of the pending is lost":     {secrets(func(s *session.Secrets) { s.NextAt = time.Time{} }), []string{"rotation-current-pending-younger"}},
	"the time of confirmation is lost":    {secrets(func(s *session.Secrets) { s.ConfirmedAt = time.Time{} }), []string{"rotation-previous-within-the-grace"}},
	"rotations are not counted":           {secrets(func(s *session.Secrets) { s.Rotations = 0 }), []string{"rotation-pending"}},
	"the condition on secrets is ignored": {changing(func(c *session.Change) { c.If.Secrets = nil }), []string{"rotation-met-by-another"}},
	"secrets are not written":             {changing(func(c *session.Change) { c.Secrets = nil }), []string{"rotation-pending", "replay-previous-after-the-grace"}},
	"touches are not written":             {changing(func(c *session.Change) { c.Touch = nil }), []string{"policy-touch-interval-and-jitter", "acting-is-use-of-the-actors-session"}},
	"ends are not written":                {changing(func(c *session.Change) { c.End = nil }), []string{"end-one"}},
	"a touch keeps the old expiry": {changing(func(c *session.Change) {
		if c.Touch != nil {
			c.Touch.ExpiresAt = c.Touch.LastSeenAt.Add(time.Second)
		}
	}), []string{"policy-touch-interval-and-jitter"}},
	"what replaced it is lost": {changing(func(c *session.Change) {
		if c.End != nil {
			c.End.ReplacedBy = session.ID{}
		}
	}), []string{"stepup-makes-a-new-session"}},
	"the reason is another": {changing(func(c *session.Change) {
		if c.End != nil {
			c.End.Reason = session.EndedByAdmin
		}
	}), []string{"account-roles-changed", "sweep-writes-the-ends"}},
	"who ended is lost": {changing(func(c *session.Change) {
		if c.End != nil {
			c.End.By = "?"
		}
	}), []string{"acting-left-in-a-browser"}},
	"ended sessions are rotated": {&broken{update: update(func(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		r, err := s.Update(ctx, id, c)
		if c.Secrets != nil && err != nil {
			r.Secrets, r.End = *c.Secrets, session.End{}
			return r, nil
		}
		return r, err
	})}, []string{"rotation-meets-an-end"}},
	"the actor is not kept":         {keeping(func(r *session.Record) { r.Actor = session.ID{} }), []string{"acting-ends-with-the-actor", "acting-is-never-fresh"}},
	"who is remembered is not kept": {keeping(func(r *session.Record) { r.Remembered = false }), []string{"policy-remembered"}},
	"the transport is not kept":     {keeping(func(r *session.Record) { r.Bearer = false }), []string{"acting-left-in-a-browser"}},
	"roles are not kept":            {keeping(func(r *session.Record) { r.Roles = nil }), []string{"policy-roles-demanded", "where-each-field"}},
	"methods are not kept":          {keeping(func(r *session.Record) { r.Methods = nil }), []string{"where-each-field"}},
	"the client is not kept":        {keeping(func(r *session.Record) { r.Client = session.Client{} }), []string{"where-each-field"}},
	"what it replaces is not kept":  {keeping(func(r *session.Record) { r.Replaces = session.ID{} }), []string{"stepup-makes-a-new-session"}},
	"sessions live for ever":        {keeping(func(r *session.Record) { r.AbsoluteExpiry = r.AbsoluteExpiry.Add(100 * time.Hour) }), []string{"acting-at-most-an-hour"}},
	"fences are lost":               {&broken{lost: map[string]bool{"fence": true}}, []string{"account-change-races-a-sign-in"}},
	"the end of everybody is lost":  {&broken{lost: map[string]bool{"raise": true}}, []string{"everybody-elsewhere-within-the-bound", "everybody-with-every-request"}},
	"counts are wrong":              {&broken{lost: map[string]bool{"count": true}}, []string{"count-is-the-lists-length", "sweep-writes-the-ends"}},
	"the control is not read along": {&broken{read: func(q session.Query, got *session.Reading) {
		if len(q.Sessions) > 0 {
			got.EndedBefore = time.Time{}
		}
	}}, []string{"everybody-with-every-request"}},
	"one read answers one session": {&broken{read: func(q session.Query, got *session.Reading) {
		if !q.Subject.IsZero() && len(q.Sessions) > 0 {
			got.Records = nil
		}
	}}, []string{"stepup-makes-a-new-session", "acting-at-most-an-hour"}},
	"a list leaves the oldest out": {&broken{list: func(got *session.Listing) {
		if n := len(got.Records); n > 1 {
			got.Records = got.Records[:n-1]
		}
	}}, []string{"end-all-of-one", "policy-sessions-per-user"}},
	"a page leaves one out": {&broken{page: func(_ session.PageQuery, got *session.Page) {
		if len(got.Records) > 1 {
			got.Records = got.Records[1:]
		}
	}}, []string{"list-by-status", "where-goes-on", "sweep-goes-on"}},
	"a page forgets that there is more": {&broken{page: func(_ session.PageQuery, got *session.Page) { got.Next = "" }}, []string{"list-pages", "where-goes-on", "sweep-goes-on"}},
	"pages ignore the range": {&broken{page: func(q session.PageQuery, got *session.Page) {
		if !q.Until.IsZero() && len(got.Records) > 0 {
			got.Records = nil
		}
	}}, []string{"list-by-time"}},
}

// Every mistake is caught by the checks that are named for it, which let a correct
// store pass.
func TestChecksBite(t *testing.T) {
	checks := lifetest.Checks()
	for name, m := range mistakes {
		for _, caught := range m.caught {
			t.Run(name+"/"+caught, func(t *testing.T) {
				i := slices.IndexFunc(checks, func(c lifetest.Check) bool { return c.Name == caught })
				if i < 0 {
					t.Fatalf("there is no check %q", caught)
				}
				store := *m.store
				store.Store = memory.New()
				if checks[i].Test(t.Context(), lifetest.Stores{Sessions: &store, Accounts: memory.NewAccounts()}) == nil {
					t.Error("not caught")
				}
				if err := checks[i].Test(t.Context(), lifetest.Stores{Sessions: memory.New(), Accounts: memory.NewAccounts()}); err != nil {
					t.Errorf("a correct store: %v", err)
				}
			})
		}
	}
}

// Names are unique: adapters and broken stores refer to checks by them.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range lifetest.Checks() {
		if seen[c.Name] || c.Clause == "" {
			t.Errorf("%q is there twice, or guards nothing", c.Name)
		}
		seen[c.Name] = true
	}
}
