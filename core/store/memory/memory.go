// Package memory keeps sessions in the memory of one process: for tests, examples
// and benchmarks. What it holds is gone with the process.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"coatcheck/core/session"
)

// Store is a [session.Store] in memory. Its zero value is empty and ready. Page and
// Count do not lag and walk everything.
type Store struct {
	mu          sync.RWMutex
	users       map[session.Partition]*user
	damaged     map[session.ID]bool
	endedBefore time.Time
}

var _ session.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{} }

type user struct {
	records map[session.ID]session.Record
	fence   session.Fence
}

// user returns the collection of a partition, made if need be. The caller holds mu.
func (s *Store) user(p session.Partition) *user {
	if s.users == nil {
		s.users = map[session.Partition]*user{}
	}
	u := s.users[p]
	if u == nil {
		u = &user{records: map[session.ID]session.Record{}}
		s.users[p] = u
	}
	return u
}

// record returns a copy of a record. The caller holds mu.
func (s *Store) record(id session.ID) (session.Record, bool) {
	u := s.users[id.Partition()]
	if u == nil {
		return session.Record{}, false
	}
	r, ok := u.records[id]
	return clone(r), ok
}

func clone(r session.Record) session.Record {
	r.Roles = slices.Clone(r.Roles)
	r.Methods = slices.Clone(r.Methods)
	r.Attributes = maps.Clone(r.Attributes)
	return r
}

// Create implements [session.Store].
func (s *Store) Create(ctx context.Context, r session.Record) (session.Record, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch there, ok := s.record(r.ID); {
	case s.damaged[r.ID]:
		return session.Record{}, session.ErrDamaged
	case ok:
		return there, session.ErrExists
	}
	s.user(r.ID.Partition()).records[r.ID] = clone(r)
	return clone(r), nil
}

// Read implements [session.Store].
func (s *Store) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if err := ctx.Err(); err != nil {
		return session.Reading{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []session.Record
	for _, id := range q.Sessions {
		if r, ok := s.record(id); ok {
			found = append(found, r)
		}
	}
	var got session.Reading
	got.Records, got.Damaged = s.readable(found)
	if u := s.users[q.Subject]; u != nil {
		got.Fence = u.fence
	}
	if q.Control {
		got.EndedBefore = s.endedBefore
	}
	return got, nil
}

// Update implements [session.Store].
func (s *Store) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.record(id)
	switch {
	case !ok:
		return session.Record{}, session.ErrNotFound
	case s.damaged[id]:
		return s.updateDamaged(r, c)
	}
	r, err := c.Apply(r)
	if err == nil {
		s.users[id.Partition()].records[id] = clone(r)
	}
	return r, err
}

// Delete implements [session.Store].
func (s *Store) Delete(ctx context.Context, id session.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r, ok := s.record(id); {
	case !ok:
		return nil
	case !r.Ended():
		return session.ErrConflict
	}
	delete(s.users[id.Partition()].records, id)
	delete(s.damaged, id)
	return nil
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, q session.Range) (session.Listing, error) {
	if err := ctx.Err(); err != nil {
		return session.Listing{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.users[q.Partition]
	if u == nil {
		return session.Listing{}, nil
	}
	out := session.Listing{Fence: u.fence}
	var found []session.Record
	for _, r := range u.records {
		if q.Holds(r.ID) {
			found = append(found, clone(r))
		}
	}
	slices.SortFunc(found, func(a, b session.Record) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	if q.Limit > 0 && len(found) > q.Limit {
		found, out.More = found[:q.Limit], true
	}
	out.Records, out.Damaged = s.readable(found)
	return out, nil
}

// SetFence implements [session.Store].
func (s *Store) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user(p).fence = f
	return nil
}

// RaiseEndedBefore implements [session.Store].
func (s *Store) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.After(s.endedBefore) {
		s.endedBefore = t
	}
	return nil
}

// Page implements [session.Store].
func (s *Store) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	after, err := parseCursor(q.Status, q.Cursor)
	if err != nil {
		return session.Page{}, err
	}
	all, err := s.matching(ctx, q.StatusRange)
	if err != nil {
		return session.Page{}, err
	}
	slices.SortFunc(all, func(a, b session.Record) int { return at(q.Status, a).compare(at(q.Status, b)) })
	if q.Cursor != "" {
		all = slices.DeleteFunc(all, func(r session.Record) bool { return at(q.Status, r).compare(after) <= 0 })
	}
	var page session.Page
	if len(all) > q.Limit {
		all = all[:q.Limit]
		page.Next = at(q.Status, all[q.Limit-1]).cursor(q.Status)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	page.Records, page.Damaged = s.readable(all)
	return page, nil
}

// Count implements [session.Store].
func (s *Store) Count(ctx context.Context, q session.StatusRange) (int, error) {
	all, err := s.matching(ctx, q)
	return len(all), err
}

func (s *Store) matching(ctx context.Context, q session.StatusRange) ([]session.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []session.Record
	for _, u := range s.users {
		for _, r := range u.records {
			if q.Holds(&r) {
				out = append(out, clone(r))
			}
		}
	}
	return out, nil
}

// position is where a record stands in the order of its status.
type position struct {
	millis int64
	id     session.ID
}

func at(s session.Status, r session.Record) position {
	return position{s.Time(&r).UnixMilli(), r.ID}
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.millis, o.millis), bytes.Compare(p.id[:], o.id[:]))
}

// cursor names the status too: the position in one list means nothing in the other.
func (p position) cursor(s session.Status) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(p.millis)) //nolint:gosec // G115: back again in parseCursor
	return string(s) + "." + base64.RawURLEncoding.EncodeToString(append(raw, p.id[:]...))
}

func parseCursor(s session.Status, text string) (position, error) {
	var p position
	if text == "" {
		return p, nil
	}
	rest, ours := strings.CutPrefix(text, string(s)+".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if !ours || err != nil || len(raw) != 8+len(p.id) || len(rest) != base64.RawURLEncoding.EncodedLen(len(raw)) {
		return p, session.ErrCursor
	}
	p.millis = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // G115: see cursor
	copy(p.id[:], raw[8:])
	return p, nil
}
