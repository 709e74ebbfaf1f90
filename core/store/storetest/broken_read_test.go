package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"coatcheck/core/session"
)

var errRefused = errors.New("validation: request refused")

func brokenReads() []broken {
	return []broken{
		{"eventually consistent read", staleRead, by("read-sees-a-create-at-once", "read-sees-an-update-at-once")},
		{"one missing fails all", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			if len(got.Records) < len(q.Sessions) {
				return session.ErrNotFound
			}
			return nil
		}), by("read-several-of-several-users")},
		{"missing read as an empty record", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			got.Records = append(got.Records, make([]session.Record, len(q.Sessions)-len(got.Records))...)
			return nil
		}), by("read-several-of-several-users")},
		{"first user only", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			got.Records = slices.DeleteFunc(got.Records, func(r session.Record) bool {
				return r.ID.Partition() != q.Sessions[0].Partition()
			})
			return nil
		}), by("read-several-of-several-users")},
		{"batch of 25", answering(func(_ *shelf, _ session.Query, got *session.Reading) error {
			got.Records = got.Records[:min(25, len(got.Records))]
			return nil
		}), by("read-a-hundred")},
		{"batch of 100 keys, fence and control included", answering(func(_ *shelf, q session.Query, _ *session.Reading) error {
			if len(q.Sessions) > 98 && q.Control {
				return errRefused
			}
			return nil
		}), by("read-a-hundred")},
		{"same key twice refused", answering(func(_ *shelf, q session.Query, _ *session.Reading) error {
			if len(q.Sessions) == 2 && q.Sessions[0] == q.Sessions[1] {
				return errRefused
			}
			return nil
		}), by("read-the-same-ID-twice")},
		{"empty batch refused", answering(func(_ *shelf, q session.Query, _ *session.Reading) error {
			if len(q.Sessions) == 0 && q.Subject.IsZero() && !q.Control {
				return errRefused
			}
			return nil
		}), by("read-nothing")},
		{"fence of the first session", answering(func(s *shelf, q session.Query, got *session.Reading) error {
			if q.Subject.IsZero() && len(q.Sessions) > 0 {
				of, err := s.Read(anyTime, session.Query{Subject: q.Sessions[0].Partition()})
				got.Fence = of.Fence
				return err
			}
			return nil
		}), by("read-only-what-is-asked")},
		{"control of 1970 when not asked", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			if !q.Control {
				got.EndedBefore = time.Unix(0, 0).UTC()
			}
			return nil
		}), by("read-only-what-is-asked", "read-nothing")},
		{"neighbour's record", orNear(func(a, b session.ID) bool { return bytes.Equal(a[:26], b[:26]) }), by("read-no-neighbour-by-last-byte")},
		{"another user's record", orNear(func(a, b session.ID) bool { return bytes.Equal(a[15:], b[15:]) }), by("read-no-neighbour-of-another-user")},
	}
}

// answering makes a store that alters each Read's answer, or fails it.
func answering(alter func(s *shelf, q session.Query, got *session.Reading) error) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			return got, errors.Join(err, alter(s, q, &got))
		}}
	}
}

// orNear makes a store that answers for what is missing with what is near.
func orNear(near func(a, b session.ID) bool) func(s *shelf) hooks {
	return answering(func(s *shelf, q session.Query, got *session.Reading) error {
		for _, r := range s.all() {
			for _, id := range q.Sessions {
				if _, there := s.get(id); !there && near(r.ID, id) {
					got.Records = append(got.Records, r)
				}
			}
		}
		return nil
	})
}

// staleRead answers once, after each write, with what was there before it.
func staleRead(s *shelf) hooks {
	var mu sync.Mutex
	before := map[session.ID][]session.Record{}
	remember := func(id session.ID) {
		mu.Lock()
		defer mu.Unlock()
		before[id] = nil
		if r, ok := s.get(id); ok {
			before[id] = []session.Record{r}
		}
	}
	return hooks{
		create: func(ctx context.Context, r session.Record) (session.Record, error) {
			remember(r.ID)
			return s.Create(ctx, r)
		},
		update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			remember(id)
			return s.Update(ctx, id, c)
		},
		read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			for _, id := range q.Sessions {
				if old, stale := before[id]; stale {
					got.Records = append(slices.DeleteFunc(got.Records, func(r session.Record) bool { return r.ID == id }), old...)
					delete(before, id)
				}
			}
			return got, err
		},
	}
}
