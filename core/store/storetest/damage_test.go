package storetest

import (
	"context"
	"testing"
	"time"

	"coatcheck/core/session"
)

// attic is a shelf of which some items are damaged: what the shelf has of them is kept,
// and told by nothing but their ID, and their end.
type attic struct {
	*shelf
	damaged map[session.ID]bool
}

func newAttic() *attic { return &attic{newShelf(), map[session.ID]bool{}} }

func (a *attic) damage(id session.ID) error {
	a.damaged[id] = true
	return nil
}

// part takes the damaged out of records.
func (a *attic) part(records []session.Record) (good []session.Record, bad []session.ID) {
	for _, r := range records {
		if a.damaged[r.ID] {
			bad = append(bad, r.ID)
		} else {
			good = append(good, r)
		}
	}
	return good, bad
}

func (a *attic) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := a.shelf.Read(ctx, q)
	got.Records, got.Damaged = a.part(got.Records)
	return got, err
}

func (a *attic) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := a.shelf.List(ctx, r)
	got.Records, got.Damaged = a.part(got.Records)
	return got, err
}

func (a *attic) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	got, err := a.shelf.Page(ctx, q)
	got.Records, got.Damaged = a.part(got.Records)
	return got, err
}

func (a *attic) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if !a.damaged[id] {
		return a.shelf.Update(ctx, id, c)
	}
	if !c.EndsOnly() {
		return session.Record{}, session.ErrDamaged
	}
	r, _ := a.shelf.Update(ctx, id, c)
	return session.Record{ID: id, End: r.End}, session.ErrDamaged
}

func (a *attic) Delete(ctx context.Context, id session.ID) error {
	err := a.shelf.Delete(ctx, id)
	if err == nil {
		delete(a.damaged, id)
	}
	return err
}

// brokenAttics each make one mistake with what is damaged.
var brokenAttics = map[string]struct {
	hooks  func(a *attic) hooks
	caught []string
}{
	"read leaves the damaged out": {func(a *attic) hooks {
		return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := a.Read(ctx, q)
			got.Damaged = nil
			return got, err
		}}
	}, by("damaged-item-is-named-by-read")},
	"list gives up": {func(a *attic) hooks {
		return hooks{list: func(ctx context.Context, r session.Range) (session.Listing, error) {
			got, err := a.List(ctx, r)
			if len(got.Damaged) > 0 {
				return session.Listing{}, session.ErrDamaged
			}
			return got, err
		}}
	}, by("damaged-item-is-named-by-list", "damaged-item-takes-an-end")},
	"page leaves the damaged out": {func(a *attic) hooks {
		return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			got, err := a.Page(ctx, q)
			got.Damaged = nil
			return got, err
		}}
	}, by("damaged-item-is-named-by-page", "damaged-item-moves-to-the-ended")},
	"create mends": {func(a *attic) hooks {
		return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			if a.damaged[r.ID] {
				delete(a.damaged, r.ID)
				return r, nil
			}
			return a.Create(ctx, r)
		}}
	}, by("damaged-item-is-not-replaced")},
	"any update takes hold": {func(a *attic) hooks {
		return updatingDamaged(a, func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			return a.shelf.Update(ctx, id, c)
		})
	}, by("damaged-item-refuses-touch-and-secrets")},
	"an end is refused": {func(a *attic) hooks {
		return updatingDamaged(a, func(context.Context, session.ID, session.Change) (session.Record, error) {
			return session.Record{}, session.ErrDamaged
		})
	}, by("damaged-item-takes-an-end", "damaged-item-keeps-the-first-end", "damaged-item-that-was-ended-keeps-that-end", "damaged-item-moves-to-the-ended")},
	"the last end stays": {func(a *attic) hooks {
		return updatingDamaged(a, func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			r, err := a.Update(ctx, id, c)
			if c.EndsOnly() {
				r.End = *c.End
			}
			return r, err
		})
	}, by("damaged-item-keeps-the-first-end")},
	"ending one ends another": {func(a *attic) hooks {
		return updatingDamaged(a, func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			for _, r := range a.all() {
				if c.EndsOnly() && r.ID != id {
					_, _ = a.shelf.Update(ctx, r.ID, c)
				}
			}
			return a.Update(ctx, id, c)
		})
	}, by("damaged-item-leaves-others-alone")},
	"what is damaged cannot be deleted": {func(a *attic) hooks {
		return hooks{forget: func(ctx context.Context, id session.ID) error {
			if a.damaged[id] {
				return session.ErrDamaged
			}
			return a.Delete(ctx, id)
		}}
	}, by("damaged-item-is-deleted-once-ended")},
	"what is damaged is deleted without an end": {func(a *attic) hooks {
		return hooks{forget: func(ctx context.Context, id session.ID) error {
			if a.damaged[id] {
				a.drop(id)
				delete(a.damaged, id)
				return nil
			}
			return a.Delete(ctx, id)
		}}
	}, by("damaged-item-is-deleted-once-ended")},
	"the end is told and not kept": {func(a *attic) hooks {
		return updatingDamaged(a, func(_ context.Context, id session.ID, c session.Change) (session.Record, error) {
			if c.EndsOnly() {
				return session.Record{ID: id, End: *c.End}, session.ErrDamaged
			}
			return session.Record{}, session.ErrDamaged
		})
	}, by("damaged-item-keeps-the-first-end", "damaged-item-moves-to-the-ended")},
}

// updatingDamaged makes an attic whose update of what is damaged is as given.
func updatingDamaged(a *attic, f func(context.Context, session.ID, session.Change) (session.Record, error)) hooks {
	return hooks{update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		if a.damaged[id] {
			return f(ctx, id, c)
		}
		return a.shelf.Update(ctx, id, c)
	}}
}

// hooked is an attic with hooks.
type hooked struct {
	*attic
	faulty
}

func (h hooked) Create(ctx context.Context, r session.Record) (session.Record, error) {
	return orElse(h.hooks.create, h.attic.Create)(ctx, r)
}

func (h hooked) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	return orElse(h.hooks.read, h.attic.Read)(ctx, q)
}

func (h hooked) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if h.hooks.update != nil {
		return h.hooks.update(ctx, id, c)
	}
	return h.attic.Update(ctx, id, c)
}

func (h hooked) List(ctx context.Context, r session.Range) (session.Listing, error) {
	return orElse(h.hooks.list, h.attic.List)(ctx, r)
}

func (h hooked) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	return orElse(h.hooks.page, h.attic.Page)(ctx, q)
}

func (h hooked) Delete(ctx context.Context, id session.ID) error {
	if h.hooks.forget != nil {
		return h.hooks.forget(ctx, id)
	}
	return h.attic.Delete(ctx, id)
}

func (h hooked) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	return h.attic.SetFence(ctx, p, f)
}

func (h hooked) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	return h.attic.RaiseEndedBefore(ctx, t)
}

func (h hooked) Count(ctx context.Context, q session.StatusRange) (int, error) {
	return h.attic.Count(ctx, q)
}

func TestAtticPasses(t *testing.T) {
	t.Parallel()
	RunDamaged(t, func(*testing.T) (session.Store, func(session.ID) error) {
		a := newAttic()
		return a, a.damage
	})
}

// Every check of what is damaged catches some attic, and every attic is caught.
func TestEveryDamageCheckBites(t *testing.T) {
	t.Parallel()
	checks, bites := map[string]DamageCheck{}, map[string]bool{}
	for _, c := range DamageChecks() {
		checks[c.Name] = c
	}
	for mistake, b := range brokenAttics {
		for _, name := range b.caught {
			bites[name] = true
			a := newAttic()
			c, ok := checks[name]
			if !ok || c.Run(t.Context(), hooked{a, faulty{a.shelf, b.hooks(a)}}, a.damage) == nil {
				t.Errorf("%s: %q (there is one: %t) passed: want it to fail", mistake, name, ok)
			}
		}
	}
	for name := range checks {
		if !bites[name] {
			t.Errorf("no broken attic is caught by %q", name)
		}
	}
}
