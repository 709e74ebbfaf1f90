package storetest

import (
	"errors"
	"maps"
	"slices"

	"coatcheck/core/session"
)

const sharesNothing = "A record shares no memory with the caller's."

// sharingChecks write all over a record after a call, and want the store's own to be
// untouched: one check for every way a record goes in or out.
func sharingChecks() []Check {
	shares := func(name string, hand func(b *bench, r session.Record) []session.Record) Check {
		return check("sharing-"+name, sharesNothing, func(b *bench) {
			r := Record("ann", noon, Full)
			given := hand(b, clone(r))
			if b.err == nil && len(given) != 1 {
				b.failf("got %d records, want 1", len(given))
			}
			for i := range given {
				scribble(&given[i])
			}
			b.holds(r)
		})
	}
	return []Check{
		shares("nothing-with-what-create-takes", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return []session.Record{r}
		}),
		shares("nothing-with-what-create-returns", func(b *bench, r session.Record) []session.Record {
			return []session.Record{b.created(r, nil)}
		}),
		shares("nothing-with-what-a-refused-create-returns", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return []session.Record{b.created(clone(r), session.ErrExists)}
		}),
		shares("nothing-with-what-read-returns", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return b.read(session.Query{Sessions: []session.ID{r.ID}}).Records
		}),
		shares("nothing-with-what-list-returns", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return b.list(of(r.Subject)).Records
		}),
		shares("nothing-with-what-update-returns", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return []session.Record{b.updated(r.ID, session.Change{}, nil)}
		}),
		shares("nothing-with-what-a-conflict-returns", func(b *bench, r session.Record) []session.Record {
			b.create(r)
			return []session.Record{b.updated(r.ID, unfit(r)[0], session.ErrConflict)}
		}),
		shares("nothing-with-what-page-returns", pagedAlone),
		check("sharing-nothing-with-a-change", sharesNothing, sharesNoChange),
	}
}

func clone(r session.Record) session.Record {
	r.Roles, r.Methods, r.Attributes = slices.Clone(r.Roles), slices.Clone(r.Methods), maps.Clone(r.Attributes)
	return r
}

// scribble overwrites whatever memory a record points to.
func scribble(r *session.Record) {
	for i := range r.Roles {
		r.Roles[i] = "scribbled"
	}
	for i := range r.Methods {
		r.Methods[i] = "scribbled"
	}
	for k := range r.Attributes {
		r.Attributes[k] = "scribbled"
	}
	if r.Attributes != nil {
		r.Attributes["more"] = "scribbled"
	}
}

// created and updated return what a call returned, which must end as said.
func (b *bench) created(r session.Record, want error) session.Record {
	if b.err != nil {
		return r
	}
	got, err := b.store.Create(b.ctx, r)
	if !errors.Is(err, want) {
		b.failf("create: got error %v, want %v", err, want)
	}
	return got
}

func (b *bench) updated(id session.ID, c session.Change, want error) session.Record {
	if b.err != nil {
		return session.Record{}
	}
	got, err := b.store.Update(b.ctx, id, c)
	if !errors.Is(err, want) {
		b.failf("update: got error %v, want %v", err, want)
	}
	return got
}

func pagedAlone(b *bench, r session.Record) []session.Record {
	b.create(r)
	b.pages(live, 10, clone(r))
	if b.err != nil {
		return nil
	}
	page, err := b.page(session.PageQuery{StatusRange: live, Limit: 10})
	b.want("page", err)
	return page.Records
}

func sharesNoChange(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	touch, after := touchOf(r)
	rotation, after := rotationOf(after)
	end, after := endOf(after)
	b.update(r.ID, session.Change{Touch: touch.Touch, Secrets: rotation.Secrets, End: end.End})
	*touch.Touch, *rotation.Secrets, *end.End = session.Touch{}, session.Secrets{}, session.End{}
	b.holds(after)
}
