package session

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Listed is a session as a list tells it: its record, and where it is in its life by
// this process's clock and policy.
type Listed struct {
	Record
	State State
	// Reason is why the session is over; "" while it is active.
	Reason EndReason
}

// Get returns one session, live or not. It returns [ErrNotFound] where there is none.
func (m *Manager) Get(ctx context.Context, id ID) (Listed, error) {
	bound, cancel := m.bounded(ctx)
	defer cancel()
	r, err := m.fetch(bound, id)
	if err != nil {
		return Listed{}, fmt.Errorf("get session %v: %w", id, err)
	}
	listed, err := m.listed(ctx, []Record{r})
	if err != nil {
		return Listed{}, fmt.Errorf("get session %v: %w", id, err)
	}
	return listed[0], nil
}

// listed tells the state of each record. What it depends on beside the record is read
// if need be: the last end of everybody, and the sessions of those who act.
func (m *Manager) listed(ctx context.Context, records []Record) ([]Listed, error) {
	now := m.clock()
	if err := m.refresh(ctx); err != nil {
		return nil, err
	}
	overActors, err := m.overActors(ctx, records, now)
	if err != nil {
		return nil, err
	}
	all := make([]Listed, len(records))
	for i := range records {
		r := &records[i]
		state, reason := m.state(r, now)
		if why, over := overActors[r.Actor]; over && state == StateActive {
			state, reason = StateEnded, why
		}
		all[i] = Listed{Record: *r, State: state, Reason: reason}
	}
	return all, nil
}

// maxRead is how many sessions one Read takes.
const maxRead = 100

// overActors returns, of those who act in the records, whose own session is over and
// why.
func (m *Manager) overActors(ctx context.Context, records []Record, now time.Time) (map[ID]EndReason, error) {
	asked := map[ID]EndReason{}
	var ids []ID
	for i := range records {
		actor := records[i].Actor
		if _, known := asked[actor]; !actor.IsZero() && !known && !records[i].Ended() {
			ids, asked[actor] = append(ids, actor), SignedOut // unless it is found live
		}
	}
	for batch := range slices.Chunk(ids, maxRead) {
		got, err := m.readBounded(ctx, Query{Sessions: batch})
		if err != nil {
			return nil, err
		}
		for i := range got.Records {
			if state, reason := m.state(&got.Records[i], now); state != StateActive {
				asked[got.Records[i].ID] = reason
				continue
			}
			delete(asked, got.Records[i].ID)
		}
	}
	return asked, nil
}

// refresh learns of the last end of everybody if it is time to.
func (m *Manager) refresh(ctx context.Context) error {
	if !m.control.due(m.now()) {
		return nil
	}
	_, err := m.readBounded(ctx, Query{Control: true})
	return err
}

// readBounded is one bounded read.
func (m *Manager) readBounded(ctx context.Context, q Query) (Reading, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	return m.read(ctx, q)
}

// Bounds of a list's page.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// UserPage asks for a page of a user's sessions.
type UserPage struct {
	Limit  int    // 1 to MaxPage; 0: DefaultPage
	Cursor string // the Next of the page before; "" for the first
}

// ListPage is a page of a list of sessions.
// Damaged names stored items that are no records: never let in, shown so that
// somebody mends them. Next is "" after the last page.
type ListPage struct {
	Sessions []Listed
	Damaged  []ID
	Next     string
}

// List returns a subject's sessions, live and ended, newest first, strongly
// consistent. A cursor of another list is [ErrCursor].
func (m *Manager) List(ctx context.Context, subject string, page UserPage) (ListPage, error) {
	if !ValidSubject(subject) {
		return ListPage{}, invalidSubject()
	}
	if page.Limit == 0 {
		page.Limit = DefaultPage
	}
	if page.Limit < 1 || page.Limit > MaxPage {
		return ListPage{}, invalid("limit is %d: want 1 to %d", page.Limit, MaxPage)
	}
	r := Range{Partition: PartitionOf(subject), Limit: page.Limit}
	if page.Cursor != "" {
		before, err := m.openUser(page.Cursor, r.Partition)
		if err != nil {
			return ListPage{}, err
		}
		r.Before = before
	}
	listing, err := m.list(ctx, r)
	if err != nil {
		return ListPage{}, err
	}
	sessions, err := m.listed(ctx, listing.Records)
	if err != nil {
		return ListPage{}, err
	}
	out := ListPage{Sessions: sessions, Damaged: listing.Damaged}
	if listing.More {
		last := listing.last()
		out.Next = m.SealCursor(userList(r.Partition), last[:])
	}
	return out, nil
}

// userList is the name of a user's list.
func userList(p Partition) string { return "user\x00" + string(p[:]) }

// openUser returns the ID at which the list of a user goes on.
func (m *Manager) openUser(cursor string, p Partition) (ID, error) {
	raw, err := m.OpenCursor(userList(p), cursor)
	if err != nil || len(raw) != len(ID{}) {
		return ID{}, ErrCursor
	}
	return ID(raw), nil
}

// last returns the lowest ID of a listing, damaged items included.
func (l *Listing) last() ID {
	var ids []ID
	for i := range l.Records {
		ids = append(ids, l.Records[i].ID)
	}
	var last ID
	for i, id := range append(ids, l.Damaged...) {
		if i == 0 || string(id[:]) < string(last[:]) {
			last = id
		}
	}
	return last
}

// walkPage is how many records a walk asks for at once: few enough that a page is
// read well within the bound of a call, however long a user's history is.
const walkPage = 1000

// walk visits the pages of a range, newest first, until visit returns an error.
func (m *Manager) walk(ctx context.Context, r Range, visit func(*Listing) error) error {
	r.Limit = walkPage
	for {
		page, err := m.list(ctx, r)
		if err != nil {
			return err
		}
		if err := visit(&page); err != nil || !page.More {
			return err
		}
		r.Before = page.last()
	}
}

// list is one bounded List whose records were checked.
func (m *Manager) list(ctx context.Context, r Range) (Listing, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	got, err := m.store.List(ctx, r)
	if err != nil {
		return Listing{}, unavailable("list", err)
	}
	kept := got.Records[:0]
	for _, rec := range got.Records {
		if rec.ID.Partition() != r.Partition || rec.Validate() != nil {
			got.Damaged = append(got.Damaged, rec.ID)
			continue
		}
		kept = append(kept, rec)
	}
	got.Records = kept
	return got, nil
}
