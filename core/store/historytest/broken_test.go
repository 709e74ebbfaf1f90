package historytest_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/historytest"
	"coatcheck/core/store/memory"
)

// Stores that do what the field's stores are known for (a late write, a cache, a list
// that lags) are found out. Each makes the order of calls that shows its mistake by
// itself, so that it does not take luck to meet it.
func TestBrokenStoresAreFoundOut(t *testing.T) {
	for name, broken := range map[string]session.Store{
		"a use that is written late revives": &lateWrite{Store: memory.New(), late: func(c session.Change) bool { return c.Touch != nil }},
		"a rotation writes the whole record": &lateWrite{Store: memory.New(), late: func(c session.Change) bool { return c.Secrets != nil }},
		"reads are cached":                   &cached{Store: memory.New()},
		"ends of some sessions are lost":     &forgetful{Store: memory.New()},
		"lists lack what was made just now":  &laggingList{Store: memory.New()},
		"an end is acknowledged, then done":  &lateEnd{Store: memory.New()},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := historytest.Judge(t.Context(), broken, historytest.Load{Operations: 8_000, Clients: 8, Seed: 1})
			t.Log(report)
			if err == nil || report.Violations() == 0 {
				t.Errorf("not found out: %s, %v", report, err)
			}
		})
	}
}

// lateWrite carries some writes out twice, as a retry that is on its way for long: the
// second time after the session was ended. It writes the whole record, and so revives
// the session, once.
type lateWrite struct {
	session.Store
	late    func(session.Change) bool
	mu      sync.Mutex
	onWay   map[session.ID]session.Record // the records of late writes
	revived map[session.ID]session.Record // as they are now, ended again or not
}

func (s *lateWrite) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.revived[id]; ok {
		is, err := c.Apply(was)
		s.revived[id] = is
		return is, err
	}
	got, err := s.Store.Update(ctx, id, c)
	switch {
	case err != nil:
	case s.late(c):
		keep(&s.onWay, got)
	case c.End != nil:
		if r, ok := s.onWay[id]; ok {
			keep(&s.revived, r)
		}
	}
	return got, err
}

func keep(in *map[session.ID]session.Record, r session.Record) {
	if *in == nil {
		*in = map[session.ID]session.Record{}
	}
	(*in)[r.ID] = r
}

func (s *lateWrite) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := s.Store.Read(ctx, q)
	s.revive(got.Records)
	return got, err
}

func (s *lateWrite) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := s.Store.List(ctx, r)
	s.revive(got.Records)
	return got, err
}

func (s *lateWrite) revive(records []session.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range records {
		if r, ok := s.revived[records[i].ID]; ok {
			records[i] = r
		}
	}
}

// cached answers reads of one session from a cache, which every write of the session
// renews but its end.
type cached struct {
	session.Store
	cache sync.Map
}

func (s *cached) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if len(q.Sessions) != 1 || !q.Subject.IsZero() {
		return s.Store.Read(ctx, q)
	}
	if old, ok := s.cache.Load(q.Sessions[0]); ok {
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

func (s *cached) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	got, err := s.Store.Update(ctx, id, c)
	if c.End == nil {
		s.cache.Delete(id)
	}
	return got, err
}

// forgetful acknowledges every end, and carries out none of one session in eight.
type forgetful struct{ session.Store }

func (s *forgetful) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End == nil || id[len(id)-1]%8 != 0 {
		return s.Store.Update(ctx, id, c)
	}
	return acknowledged(ctx, s.Store, id, *c.End)
}

// acknowledged answers an end that is not carried out.
func acknowledged(ctx context.Context, s session.Store, id session.ID, e session.End) (session.Record, error) {
	got, err := s.Update(ctx, id, session.Change{})
	if err == nil {
		got.End = e
	}
	return got, err
}

// laggingList leaves out the newest session, save for the sign-in that made it.
type laggingList struct{ session.Store }

func (s *laggingList) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := s.Store.List(ctx, r)
	if len(got.Records) > 0 && r.Since.IsZero() {
		got.Records = got.Records[1:]
	}
	return got, err
}

// lateEnd carries an end out once so many others were asked for.
type lateEnd struct {
	session.Store
	mu   sync.Mutex
	late []func()
}

func (s *lateEnd) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End == nil {
		return s.Store.Update(ctx, id, c)
	}
	const behind = 50
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, func() { _, _ = s.Store.Update(context.WithoutCancel(ctx), id, c) })
	if len(s.late) > behind {
		s.late[0]()
		s.late = s.late[1:]
	}
	return acknowledged(ctx, s.Store, id, *c.End)
}
