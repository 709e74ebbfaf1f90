package storetest

import (
	"context"
	"strings"
	"sync"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// shelf is a memory store whose records can also be put and dropped at will, as no
// correct store lets one do. Broken stores are made of it.
type shelf struct {
	mu     sync.RWMutex
	mem    *memory.Store
	fences map[session.Partition]session.Fence
}

func newShelf() *shelf {
	return &shelf{mem: memory.New(), fences: map[session.Partition]session.Fence{}}
}

func (s *shelf) store() *memory.Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mem
}

var anyTime = context.Background()

// all returns every record there is.
func (s *shelf) all() []session.Record {
	const most = 1 << 30
	lives, _ := s.store().Page(anyTime, session.PageQuery{StatusRange: live, Limit: most})
	overs, _ := s.store().Page(anyTime, session.PageQuery{StatusRange: ended, Limit: most})
	return append(lives.Records, overs.Records...)
}

// get returns a record, and whether it is there.
func (s *shelf) get(id session.ID) (session.Record, bool) {
	got, _ := s.store().Read(anyTime, session.Query{Sessions: []session.ID{id}})
	if len(got.Records) == 0 {
		return session.Record{}, false
	}
	return got.Records[0], true
}

// put keeps a record in place of whatever there is under its ID.
func (s *shelf) put(r session.Record) { s.rebuild(r.ID, r) }

// drop forgets a record.
func (s *shelf) drop(id session.ID) { s.rebuild(id) }

// rebuild makes a new store of what there is but for one ID, and of more.
func (s *shelf) rebuild(without session.ID, with ...session.Record) {
	records := append(s.all(), with...)
	control, _ := s.store().Read(anyTime, session.Query{Control: true})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem = memory.New()
	for i, r := range records {
		if r.ID != without || i >= len(records)-len(with) {
			_, _ = s.mem.Create(anyTime, r)
		}
	}
	for p, f := range s.fences {
		_ = s.mem.SetFence(anyTime, p, f)
	}
	_ = s.mem.RaiseEndedBefore(anyTime, control.EndedBefore)
}

func (s *shelf) Create(ctx context.Context, r session.Record) (session.Record, error) {
	return s.store().Create(ctx, r)
}

func (s *shelf) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	return s.store().Read(ctx, q)
}

func (s *shelf) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	return s.store().Update(ctx, id, c)
}

func (s *shelf) Delete(ctx context.Context, id session.ID) error {
	return s.store().Delete(ctx, id)
}

func (s *shelf) List(ctx context.Context, r session.Range) (session.Listing, error) {
	return s.store().List(ctx, r)
}

func (s *shelf) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	err := s.store().SetFence(ctx, p, f)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fences[p] = f
	}
	return err
}

func (s *shelf) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	return s.store().RaiseEndedBefore(ctx, t)
}

// Page ties cursors to their status, whether or not the memory store does.
func (s *shelf) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	prefix := string(q.Status) + "."
	if q.Cursor != "" {
		if !strings.HasPrefix(q.Cursor, prefix) || q.Cursor == prefix {
			return session.Page{}, session.ErrCursor
		}
		q.Cursor = strings.TrimPrefix(q.Cursor, prefix)
	}
	page, err := s.store().Page(ctx, q)
	if page.Next != "" {
		page.Next = prefix + page.Next
	}
	return page, err
}

func (s *shelf) Count(ctx context.Context, q session.StatusRange) (int, error) {
	return s.store().Count(ctx, q)
}
