package storetest

import (
	"context"
	"sync"

	"coatcheck/core/session"
)

func brokenSharing() []broken {
	var out []broken
	for _, way := range []string{
		"create-takes", "create-returns", "a-refused-create-returns", "read-returns",
		"list-returns", "update-returns", "a-conflict-returns", "page-returns",
	} {
		out = append(out, broken{"aliasing of what " + way, func(s *shelf) hooks { return aliases(s, way) }, by("sharing-nothing-with-what-" + way)})
	}
	return append(out, broken{"keeps the change it was given", keepsChange, by("sharing-nothing-with-a-change")})
}

// aliasing is a store that hands its own memory out, or takes the caller's, in one way.
type aliasing struct {
	store *shelf
	way   string
	mu    sync.Mutex
	own   map[session.ID]session.Record
}

// give returns the record with the store's own memory, or a copy of it, by the way
// it goes.
func (a *aliasing) give(way string, r session.Record) session.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	own, ok := a.own[r.ID]
	if !ok {
		return r
	}
	if way != a.way {
		own = clone(own)
	}
	r.Roles, r.Methods, r.Attributes = own.Roles, own.Methods, own.Attributes
	return r
}

func (a *aliasing) giveAll(way string, records []session.Record) {
	for i, r := range records {
		records[i] = a.give(way, r)
	}
}

func aliases(s *shelf, way string) hooks {
	a := &aliasing{store: s, way: way, own: map[session.ID]session.Record{}}
	return hooks{
		create: a.create,
		update: a.update,
		read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			a.giveAll("read-returns", got.Records)
			return got, err
		},
		list: func(ctx context.Context, q session.Range) (session.Listing, error) {
			got, err := s.List(ctx, q)
			a.giveAll("list-returns", got.Records)
			return got, err
		},
		page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			got, err := s.Page(ctx, q)
			a.giveAll("page-returns", got.Records)
			return got, err
		},
	}
}

func (a *aliasing) create(ctx context.Context, r session.Record) (session.Record, error) {
	there, err := a.store.Create(ctx, r)
	if err != nil {
		return a.give("a-refused-create-returns", there), err
	}
	own := r
	if a.way != "create-takes" {
		own = clone(r)
	}
	a.mu.Lock()
	a.own[r.ID] = own
	a.mu.Unlock()
	return a.give("create-returns", r), nil
}

func (a *aliasing) update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	r, err := a.store.Update(ctx, id, c)
	if err != nil {
		return a.give("a-conflict-returns", r), err
	}
	return a.give("update-returns", r), nil
}

// keepsChange applies a change when the record is read, by the caller's pointers.
func keepsChange(s *shelf) hooks {
	changes := map[session.ID]session.Change{}
	return hooks{
		update: func(_ context.Context, id session.ID, c session.Change) (session.Record, error) {
			r, ok := s.get(id)
			if !ok {
				return r, session.ErrNotFound
			}
			changes[id] = c
			return c.Apply(r)
		},
		read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			for i, r := range got.Records {
				got.Records[i], _ = changes[r.ID].Apply(r)
			}
			return got, err
		},
	}
}
