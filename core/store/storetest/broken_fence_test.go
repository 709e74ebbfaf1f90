package storetest

import (
	"context"
	"sync"
	"time"

	"coatcheck/core/session"
)

// everybody is the partition under which a store keeps what all users share.
var everybody = session.PartitionOf("everybody")

func brokenFences() []broken {
	return append([]broken{
		{"missing fence is not found", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			if !q.Subject.IsZero() && got.Fence == (session.Fence{}) {
				return session.ErrNotFound
			}
			return nil
		}), by("fence-missing-is-zero")},
		{"missing fence made up", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
			if got.Fence == (session.Fence{}) {
				got.Fence[0] = 1
			}
		}), by("fence-missing-is-zero", "list-of-nobody")},
		{"first fence stays", settingFence(func(ctx context.Context, s *shelf, p session.Partition, f session.Fence) error {
			if got, err := s.Read(ctx, session.Query{Subject: p}); err != nil || got.Fence != (session.Fence{}) {
				return err
			}
			return s.SetFence(ctx, p, f)
		}), by("fence-is-replaced-at-once")},
		{"fence in a cache", cachedFence, by("fence-is-replaced-at-once")},
		{"fence shared by all users", func(s *shelf) hooks {
			return hooks{
				setFence: func(ctx context.Context, _ session.Partition, f session.Fence) error {
					return s.SetFence(ctx, everybody, f)
				},
				read: func(ctx context.Context, q session.Query) (session.Reading, error) {
					q.Subject = everybody
					return s.Read(ctx, q)
				},
			}
		}, by("fence-of-each-user-is-its-own")},
		{"no records, no fence", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
			if len(got.Records) == 0 {
				got.Fence = session.Fence{}
			}
		}), by("fence-with-a-list-of-no-records", "fence-with-a-list-of-a-range")},
		{"fence behind the limit", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			if q.Limit > 0 && len(got.Records) == q.Limit {
				got.Fence = session.Fence{}
			}
		}), by("fence-with-a-list-of-a-range")},
		{"fence out of the range", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			if !q.Before.IsZero() {
				got.Fence = session.Fence{}
			}
		}), by("fence-with-a-list-of-a-range")},
		{"fence lost on the second page", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
			if len(got.Records) > 500 {
				got.Fence = session.Fence{}
			}
		}), by("list-of-many")},
	}, brokenFenceItems()...)
}

// brokenFenceItems take the fence for one of the sessions beside it.
func brokenFenceItems() []broken {
	const isNoSession = "fence-makes-no-session"
	return []broken{
		{"fence counts towards the limit", asking(func(q *session.Range) {
			if q.Limit > 1 {
				q.Limit--
			}
		}), by("fence-takes-no-place-in-a-list")},
		{"fence listed as a session", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			if s.fences[q.Partition] != (session.Fence{}) {
				got.Records = append(got.Records, session.Record{})
			}
		}), by(isNoSession)},
		{"fence reported as damaged", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			if s.fences[q.Partition] != (session.Fence{}) {
				got.Damaged = append(got.Damaged, session.ID{})
			}
		}), by(isNoSession)},
		{"fence counted", func(s *shelf) hooks {
			return hooks{count: func(ctx context.Context, q session.StatusRange) (int, error) {
				n, err := s.Count(ctx, q)
				return n + len(s.fences), err
			}}
		}, by(isNoSession)},
		{"fence written over the user", settingFence(func(ctx context.Context, s *shelf, p session.Partition, f session.Fence) error {
			for _, r := range s.all() {
				if r.ID.Partition() == p {
					s.drop(r.ID)
				}
			}
			return s.SetFence(ctx, p, f)
		}), by("fence-leaves-sessions-alone")},
	}
}

func settingFence(f func(ctx context.Context, s *shelf, p session.Partition, f session.Fence) error) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{setFence: func(ctx context.Context, p session.Partition, fence session.Fence) error { return f(ctx, s, p, fence) }}
	}
}

// cachedFence lists with the first fence that it saw of the user.
func cachedFence(s *shelf) hooks {
	seen := map[session.Partition]session.Fence{}
	return hooks{list: func(ctx context.Context, q session.Range) (session.Listing, error) {
		got, err := s.List(ctx, q)
		if _, known := seen[q.Partition]; !known {
			seen[q.Partition] = got.Fence
		}
		got.Fence = seen[q.Partition]
		return got, err
	}}
}

func brokenControls() []broken {
	return []broken{
		{"missing control is 1970", answering(func(_ *shelf, q session.Query, got *session.Reading) error {
			if q.Control && got.EndedBefore.IsZero() {
				got.EndedBefore = time.Unix(0, 0).UTC()
			}
			return nil
		}), by("control-missing-is-zero")},
		{"control cut to the second", answering(func(_ *shelf, _ session.Query, got *session.Reading) error {
			got.EndedBefore = cut(got.EndedBefore)
			return nil
		}), by("control-is-raised-at-once")},
		{"control overwritten", ownControl(func(_, t time.Time) (time.Time, error) { return t, nil }), by("control-only-grows")},
		{"control set once", ownControl(func(old, t time.Time) (time.Time, error) {
			if !old.IsZero() {
				return old, nil
			}
			return t, nil
		}), by("control-is-raised-at-once")},
		{"lower control is an error", ownControl(func(old, t time.Time) (time.Time, error) {
			if !t.After(old) {
				return old, session.ErrConflict
			}
			return t, nil
		}), by("control-only-grows")},
		{"control in a cache", cachedControl, by("control-is-raised-at-once")},
		{"control counted", func(s *shelf) hooks {
			return hooks{count: func(ctx context.Context, q session.StatusRange) (int, error) {
				n, err := s.Count(ctx, q)
				got, _ := s.Read(anyTime, session.Query{Control: true})
				if !got.EndedBefore.IsZero() {
					n++
				}
				return n, err
			}}
		}, by("control-makes-no-session")},
		{"control ends the sessions", raising(func(ctx context.Context, s *shelf, t time.Time) error {
			for _, r := range s.all() {
				r.End = session.End{At: t, Reason: session.EndedEverywhere, By: session.ByRule}
				s.put(r)
			}
			return s.RaiseEndedBefore(ctx, t)
		}), by("control-leaves-sessions-and-fences-alone")},
	}
}

func raising(f func(ctx context.Context, s *shelf, t time.Time) error) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{raise: func(ctx context.Context, t time.Time) error { return f(ctx, s, t) }}
	}
}

// ownControl makes a store that raises its control by a rule of its own.
func ownControl(rule func(old, t time.Time) (time.Time, error)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		var mu sync.Mutex
		var control time.Time
		return hooks{
			raise: func(_ context.Context, t time.Time) (err error) {
				mu.Lock()
				defer mu.Unlock()
				control, err = rule(control, t)
				return err
			},
			read: func(ctx context.Context, q session.Query) (session.Reading, error) {
				got, err := s.Read(ctx, q)
				mu.Lock()
				defer mu.Unlock()
				if q.Control {
					got.EndedBefore = control
				}
				return got, err
			},
		}
	}
}

// cachedControl reads the control every other time.
func cachedControl(s *shelf) hooks {
	var known time.Time
	reads := 0
	return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) {
		got, err := s.Read(ctx, q)
		if reads++; reads%2 == 0 {
			got.EndedBefore = known
		}
		known = got.EndedBefore
		return got, err
	}}
}
