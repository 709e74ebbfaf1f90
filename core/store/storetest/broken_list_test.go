package storetest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"coatcheck/core/session"
)

// sorting makes a store that lists in another order.
func sorting(order func(a, b session.Record) int) func(s *shelf) hooks {
	return listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
		slices.SortFunc(got.Records, order)
	})
}

func brokenLists() []broken {
	return []broken{
		{"oldest first", sorting(func(a, b session.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) }), by("list-newest-first")},
		{"sort key in base64", sorting(func(a, b session.Record) int { return cmp.Compare(b.ID.String(), a.ID.String()) }), by("list-newest-first")},
		{"ordered by creation time", sorting(func(a, b session.Record) int { return b.CreatedAt.Compare(a.CreatedAt) }), by("list-orders-by-ID-not-by-time")},
		{"ordered by seconds in 32 bits", sorting(func(a, b session.Record) int {
			return cmp.Compare(int32(b.CreatedAt.Unix()), int32(a.CreatedAt.Unix()))
		}), by("list-orders-beyond-2038")},
		{"scan runs on into the next user", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			for _, r := range s.all() {
				if p := r.ID.Partition(); bytes.Compare(p[:], q.Partition[:]) < 0 {
					got.Records = append(got.Records, r)
				}
			}
		}), by("list-one-user-only")},
		{"no records is not found", func(s *shelf) hooks {
			return hooks{list: func(ctx context.Context, q session.Range) (session.Listing, error) {
				got, err := s.List(ctx, q)
				if err == nil && len(got.Records) == 0 {
					err = session.ErrNotFound
				}
				return got, err
			}}
		}, by("list-of-nobody", "fence-with-a-list-of-no-records")},
		{"eventually consistent list", behind(1), by("list-sees-a-create-at-once", "list-sees-an-update-at-once", "fence-is-replaced-at-once")},
		{"list from a replica", behind(2), by("race-of-sign-in-and-end-all-shows-in-one")},
		{"first megabyte only", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
			got.Records = got.Records[:min(500, len(got.Records))]
		}), by("list-of-many")},
		{"first megabyte, then the limit", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			if q.Limit > 500 && len(got.Records) > 500 {
				got.Records, got.More = got.Records[:500], true
			}
		}), by("list-of-many")},
	}
}

// behind makes a store whose List is so many writes behind.
func behind(writes int) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		var mu sync.Mutex
		var states [][]session.Record
		var history []map[session.Partition]session.Fence
		remember := func() {
			mu.Lock()
			defer mu.Unlock()
			s.mu.RLock()
			fences := maps.Clone(s.fences)
			s.mu.RUnlock()
			history, states = append(history, fences), append(states, s.all())
		}
		return hooks{
			create: func(ctx context.Context, r session.Record) (session.Record, error) {
				remember()
				return s.Create(ctx, r)
			},
			update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
				remember()
				return s.Update(ctx, id, c)
			},
			setFence: func(ctx context.Context, p session.Partition, f session.Fence) error {
				remember()
				return s.SetFence(ctx, p, f)
			},
			list: func(ctx context.Context, q session.Range) (session.Listing, error) {
				mu.Lock()
				defer mu.Unlock()
				if len(states) < writes {
					return session.Listing{}, nil
				}
				replica := newShelf()
				for _, r := range states[len(states)-writes] {
					_, _ = replica.Create(ctx, r)
				}
				for p, f := range history[len(history)-writes] {
					_ = replica.SetFence(ctx, p, f)
				}
				return replica.List(ctx, q)
			},
		}
	}
}

func brokenRanges() []broken {
	return append([]broken{
		{"since exclusive", asking(func(q *session.Range) {
			if !q.Since.IsZero() {
				q.Since = q.Since.Add(time.Second)
			}
		}), by("list-since-is-inclusive-by-second")},
		{"since by the millisecond", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			got.Records = without(got.Records, func(r session.Record) bool { return r.CreatedAt.Before(q.Since) })
		}), by("list-since-is-inclusive-by-second")},
		{"since in unsigned 32 bits", asking(func(q *session.Range) {
			if !q.Since.IsZero() {
				q.Since = time.Unix(int64(uint32(q.Since.Unix())), 0)
			}
		}), by("list-since-long-ago-or-far-ahead")},
		{"before inclusive", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			if r, ok := s.get(q.Before); ok {
				got.Records = append([]session.Record{r}, got.Records...)
			}
		}), by("list-before-is-exclusive")},
		{"before must be there", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			if _, ok := s.get(q.Before); !ok && !q.Before.IsZero() {
				got.Records = nil
			}
		}), by("list-before-what-is-not-there")},
		{"cursor seeks one too far", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			if _, ok := s.get(q.Before); !ok && !q.Before.IsZero() && len(got.Records) > 0 {
				got.Records = got.Records[1:]
			}
		}), by("list-before-what-is-not-there")},
		{"since forgotten with before", asking(func(q *session.Range) {
			if !q.Before.IsZero() {
				q.Since = time.Time{}
			}
		}), by("list-since-and-before-together")},
	}, brokenLimits()...)
}

// brokenLimits are wrong at the end of a page.
func brokenLimits() []broken {
	const boundary = "list-limit-at-its-boundary"
	return []broken{
		{"limit of zero is none", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			if q.Limit == 0 {
				got.Records = nil
			}
		}), by("list-limit-zero-is-all")},
		{"limit of zero is five", asking(func(q *session.Range) { q.Limit = cmp.Or(q.Limit, 5) }), by("list-limit-zero-is-all")},
		{"limit off by one", asking(func(q *session.Range) {
			if q.Limit > 0 {
				q.Limit++
			}
		}), by(boundary)},
		{"more when just full", listing(func(_ context.Context, _ *shelf, q session.Range, got *session.Listing) {
			got.More = q.Limit > 0 && len(got.Records) == q.Limit
		}), by(boundary, "list-more-only-for-the-range")},
		{
			"never more", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) { got.More = false }),
			by(boundary, "list-walk-sees-each-once"),
		},
		{"more for what is out of range", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			all, _ := s.List(anyTime, session.Range{Partition: q.Partition})
			got.More = len(all.Records) > len(got.Records)
		}), by("list-more-only-for-the-range")},
		{"limit before the range", listing(func(_ context.Context, s *shelf, q session.Range, got *session.Listing) {
			first, _ := s.List(anyTime, session.Range{Partition: q.Partition, Limit: q.Limit})
			got.Records = without(first.Records, func(r session.Record) bool { return !q.Holds(r.ID) })
		}), by("list-walk-sees-each-once")},
		{"last record of the page repeated", asking(func(q *session.Range) {
			if !q.Before.IsZero() {
				q.Before[len(q.Before)-1]++
			}
		}), by("list-walk-sees-each-once")},
	}
}
