package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"coatcheck/core/session"
)

// live and ended are all records of a status.
var (
	live  = session.StatusRange{Status: session.StatusLive}
	ended = session.StatusRange{Status: session.StatusEnded}
)

// pollEvery is how long a check waits before it asks a lagging store again.
const pollEvery = 20 * time.Millisecond

// eventually asks again until the answer is right or the store's lag is over.
func (b *bench) eventually(ask func() error) {
	if b.err != nil {
		return
	}
	over := time.After(b.lag)
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-over:
			b.err = err
			return
		case <-b.ctx.Done():
			b.err = errors.Join(err, b.ctx.Err())
			return
		case <-time.After(pollEvery):
		}
	}
}

// maxPages is where a walk that does not come to its end is given up.
const maxPages = 300

// walk reads all pages.
func (b *bench) walk(q session.StatusRange, limit int) ([]session.Record, error) {
	return b.walkWith(q, limit, func([]session.Record) {})
}

// walkWith reads all pages and calls between after each.
func (b *bench) walkWith(q session.StatusRange, limit int, between func([]session.Record)) ([]session.Record, error) {
	var all []session.Record
	query := session.PageQuery{StatusRange: q, Limit: limit}
	for range maxPages {
		page, err := b.page(query)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Records...)
		if page.Next == "" {
			return all, nil
		}
		query.Cursor = page.Next
		between(page.Records)
	}
	return nil, fmt.Errorf("page: still a Next after %d pages, want an end", maxPages)
}

func (b *bench) page(q session.PageQuery) (session.Page, error) {
	page, err := b.store.Page(b.ctx, q)
	switch {
	case err != nil:
		return page, fmt.Errorf("page: %w", err)
	case len(page.Records) > q.Limit:
		return page, fmt.Errorf("page: got %d records, want at most %d", len(page.Records), q.Limit)
	case len(page.Damaged) > 0:
		return page, fmt.Errorf("page: got damaged %v, want none", page.Damaged)
	}
	return page, nil
}

// pages wants a walk to give each of these records once, ascending by time.
func (b *bench) pages(q session.StatusRange, limit int, records ...session.Record) {
	b.eventually(func() error {
		got, err := b.walk(q, limit)
		if err != nil {
			return err
		}
		byTime := func(x, y session.Record) int { return q.Status.Time(&x).Compare(q.Status.Time(&y)) }
		if err := sameSet(got, records); err != nil {
			return fmt.Errorf("walk of %s, limit %d: %w", q.Status, limit, err)
		}
		if !slices.IsSortedFunc(got, byTime) {
			return fmt.Errorf("walk of %s, limit %d: got order %v, want it ascending by time", q.Status, limit, names(got))
		}
		return nil
	})
}

// counts wants a Count to be right.
func (b *bench) counts(q session.StatusRange, want int) {
	b.eventually(func() error {
		switch got, err := b.store.Count(b.ctx, q); {
		case err != nil:
			return fmt.Errorf("count: %w", err)
		case got != want:
			return fmt.Errorf("count of %s from %v until %v: got %d, want %d", q.Status, q.From, q.Until, got, want)
		}
		return nil
	})
}
