package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"coatcheck/core/session"
)

// bench is the store under one check. It keeps the first fault and does nothing after
// it, so that a check reads as what must happen.
type bench struct {
	ctx   context.Context
	store session.Store
	lag   time.Duration
	err   error
}

func (b *bench) failf(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// want keeps an error, told what was done.
func (b *bench) want(what string, err error) {
	if err != nil {
		b.failf("%s: %w", what, err)
	}
}

// create keeps records, in parallel where they are many.
func (b *bench) create(records ...session.Record) {
	if b.err != nil {
		return
	}
	faults := make([]error, len(records))
	parallel(min(len(records), 16), func(worker int) {
		for i := worker; i < len(records); i += 16 {
			_, faults[i] = b.store.Create(b.ctx, records[i])
		}
	})
	b.want("create", errors.Join(faults...))
}

// taken wants a Create refused for the record that is there, which stays.
func (b *bench) taken(offered, there session.Record) {
	if b.err != nil {
		return
	}
	got, err := b.store.Create(b.ctx, offered)
	if !errors.Is(err, session.ErrExists) {
		b.failf("create under a taken ID: got error %v, want ErrExists", err)
		return
	}
	b.want("record returned with ErrExists", Diff(got, there))
	b.holds(there)
}

// update makes a change whose outcome another step looks at.
func (b *bench) update(id session.ID, c session.Change) {
	if b.err != nil {
		return
	}
	_, err := b.store.Update(b.ctx, id, c)
	b.want("update", err)
}

// changes wants a change made, and the record to be as given afterwards.
func (b *bench) changes(c session.Change, after session.Record) {
	if b.err != nil {
		return
	}
	got, err := b.store.Update(b.ctx, after.ID, c)
	if err != nil {
		b.failf("update: got error %v, want it made", err)
		return
	}
	b.want("record returned by update", Diff(got, after))
	b.holds(after)
}

// rejects wants a change refused, and the record to stay as it stands.
func (b *bench) rejects(c session.Change, stands session.Record) {
	if b.err != nil {
		return
	}
	got, err := b.store.Update(b.ctx, stands.ID, c)
	if !errors.Is(err, session.ErrConflict) {
		b.failf("update: got error %v, want ErrConflict", err)
		return
	}
	b.want("record returned with ErrConflict", Diff(got, stands))
	b.holds(stands)
}

// notFound wants a change refused because there is no such record.
func (b *bench) notFound(id session.ID, c session.Change) {
	if b.err != nil {
		return
	}
	if _, err := b.store.Update(b.ctx, id, c); !errors.Is(err, session.ErrNotFound) {
		b.failf("update of a missing session: got error %v, want ErrNotFound", err)
	}
}

func (b *bench) read(q session.Query) session.Reading {
	if b.err != nil {
		return session.Reading{}
	}
	got, err := b.store.Read(b.ctx, q)
	b.want("read", err)
	if len(got.Damaged) > 0 {
		b.failf("read: got damaged %v, want none", got.Damaged)
	}
	return got
}

// holds wants the records to be there as given.
func (b *bench) holds(records ...session.Record) {
	var q session.Query
	for _, r := range records {
		q.Sessions = append(q.Sessions, r.ID)
	}
	b.finds(q, records...)
}

// misses wants that there are no such sessions.
func (b *bench) misses(ids ...session.ID) { b.finds(session.Query{Sessions: ids}) }

// finds wants a Read to return these records and no other.
func (b *bench) finds(q session.Query, records ...session.Record) session.Reading {
	got := b.read(q)
	if b.err == nil {
		b.want("read", sameSet(got.Records, records))
	}
	return got
}

func (b *bench) list(q session.Range) session.Listing {
	if b.err != nil {
		return session.Listing{}
	}
	got, err := b.store.List(b.ctx, q)
	b.want("list", err)
	if len(got.Damaged) > 0 {
		b.failf("list: got damaged %v, want none", got.Damaged)
	}
	return got
}

// lists wants a List to return these records in this order.
func (b *bench) lists(q session.Range, more bool, records ...session.Record) {
	got := b.list(q)
	if b.err != nil {
		return
	}
	b.want("list", sameList(got.Records, records))
	if got.More != more {
		b.failf("list of %d records with limit %d: got More %v, want %v", len(got.Records), q.Limit, got.More, more)
	}
}

// parallel calls f so many times at once, as far as can be, and waits for all.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}
