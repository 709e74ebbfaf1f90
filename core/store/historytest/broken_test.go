package historytest_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/historytest"
	"coatcheck/core/store/memory"
)

// Stores that do what the field's stores are known for (a late write, a cache, a list
// that lags) are found out.
func TestBrokenStoresAreFoundOut(t *testing.T) {
	for name, broken := range map[string]session.Store{
		"a use that is written late revives": &lateTouch{Store: memory.New()},
		"reads are cached":                   &cached{Store: memory.New()},
		"every hundredth end is lost":        &forgetful{Store: memory.New()},
		"lists lack what was made just now":  &laggingList{Store: memory.New()},
		"a rotation writes the whole record": &wholeRecord{lateTouch{Store: memory.New()}},
		"an end is acknowledged, then done":  &lateEnd{Store: memory.New()},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := historytest.Judge(t.Context(), broken, historytest.Load{Operations: 8_000, Clients: 8, Seed: 1})
			if err == nil {
				t.Errorf("not found out: %s", report)
			}
		})
	}
}

// lateTouch writes a use of a session that has ended meanwhile, as a store would that
// writes the whole record.
type lateTouch struct {
	session.Store
	mu      sync.Mutex
	revived map[session.ID]session.Record
}

func (s *lateTouch) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	got, err := s.Store.Update(ctx, id, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Touch != nil && got.Ended() {
		got.End = session.End{}
		if s.revived == nil {
			s.revived = map[session.ID]session.Record{}
		}
		s.revived[id] = got
		return got, nil
	}
	if c.End != nil {
		delete(s.revived, id)
	}
	return got, err
}

func (s *lateTouch) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := s.Store.Read(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range got.Records {
		if r, ok := s.revived[got.Records[i].ID]; ok {
			got.Records[i] = r
		}
	}
	return got, err
}

// wholeRecord does so with rotations.
type wholeRecord struct{ lateTouch }

func (s *wholeRecord) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.Secrets == nil {
		return s.lateTouch.Update(ctx, id, c)
	}
	got, err := s.Store.Update(ctx, id, c)
	if !got.Ended() {
		return got, err
	}
	return s.lateTouch.Update(ctx, id, session.Change{Touch: &session.Touch{}})
}

// cached answers reads of one session from a cache, every other time.
type cached struct {
	session.Store
	n     atomic.Int64
	cache sync.Map
}

func (s *cached) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if len(q.Sessions) != 1 {
		return s.Store.Read(ctx, q)
	}
	if old, ok := s.cache.Load(q.Sessions[0]); ok && s.n.Add(1)%2 == 0 {
		got := old.(session.Reading)
		got.Records = slices.Clone(got.Records)
		return got, nil
	}
	got, err := s.Store.Read(ctx, q)
	kept := got
	kept.Records = slices.Clone(got.Records)
	s.cache.Store(q.Sessions[0], kept)
	return got, err
}

// forgetful loses an end now and then, and says that it is done.
type forgetful struct {
	session.Store
	n atomic.Int64
}

func (s *forgetful) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End == nil || s.n.Add(1)%100 != 0 {
		return s.Store.Update(ctx, id, c)
	}
	got, err := s.Store.Update(ctx, id, session.Change{})
	if err == nil {
		got.End = *c.End
	}
	return got, err
}

// laggingList leaves out the newest session now and then.
type laggingList struct {
	session.Store
	n atomic.Int64
}

func (s *laggingList) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := s.Store.List(ctx, r)
	if len(got.Records) > 0 && r.Since.IsZero() && s.n.Add(1)%20 == 0 {
		got.Records = got.Records[1:]
	}
	return got, err
}

// lateEnd carries an end out when the next one comes.
type lateEnd struct {
	session.Store
	mu   sync.Mutex
	id   session.ID
	late *session.Change
}

func (s *lateEnd) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End == nil {
		return s.Store.Update(ctx, id, c)
	}
	got, err := s.Store.Update(ctx, id, session.Change{})
	if err != nil {
		return got, err
	}
	got.End = *c.End
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.late != nil {
		_, _ = s.Store.Update(ctx, s.id, *s.late)
	}
	s.id, s.late = id, &c
	return got, nil
}
