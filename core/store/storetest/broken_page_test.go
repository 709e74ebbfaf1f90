package storetest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"coatcheck/core/session"
)

// matching returns all records of a query in the order that Page gives them.
func (s *shelf) matching(q session.StatusRange) []session.Record {
	all := without(s.all(), func(r session.Record) bool { return !q.Holds(&r) })
	slices.SortFunc(all, func(a, b session.Record) int {
		return cmp.Or(q.Status.Time(&a).Compare(q.Status.Time(&b)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return all
}

// ordering makes a store that pages in another order, by offset.
func ordering(order func(a, b session.Record) int) func(s *shelf) hooks {
	return byOffset(func(s *shelf, q session.PageQuery) []session.Record {
		all := s.matching(q.StatusRange)
		slices.SortStableFunc(all, order)
		return all
	})
}

// byOffset makes a store whose cursor is an offset into a list.
func byOffset(list func(s *shelf, q session.PageQuery) []session.Record) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{page: func(_ context.Context, q session.PageQuery) (session.Page, error) {
			from, _ := strconv.Atoi(q.Cursor)
			all := list(s, q)
			from = min(from, len(all))
			to := min(from+q.Limit, len(all))
			page := session.Page{Records: all[from:to]}
			if to < len(all) {
				page.Next = strconv.Itoa(to)
			}
			return page, nil
		}}
	}
}

func brokenPages() []broken {
	return append([]broken{
		{"pages by creation", ordering(func(a, b session.Record) int { return a.CreatedAt.Compare(b.CreatedAt) }), by("page-live-by-expiry")},
		{"ended by expiry", ordering(func(a, b session.Record) int { return a.ExpiresAt.Compare(b.ExpiresAt) }), by("page-ended-by-end")},
		{"descending", ordering(func(a, b session.Record) int { return b.ExpiresAt.Compare(a.ExpiresAt) }), by("page-live-by-expiry")},
		{"shard after shard", ordering(func(a, b session.Record) int { return cmp.Compare(a.ID[0]%4, b.ID[0]%4) }), by("page-live-by-expiry", "page-ended-by-end")},
		{"one shard only", paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
			got.Records = without(got.Records, func(r session.Record) bool { return r.ID[0]%2 == 0 })
		}), by("page-live-by-expiry", "page-ended-by-end", "page-limits-of-all-sizes")},
		{"no records is not found", func(s *shelf) hooks {
			return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
				got, err := s.Page(ctx, q)
				if err == nil && len(got.Records) == 0 {
					err = session.ErrNotFound
				}
				return got, err
			}}
		}, by("page-of-an-empty-store")},
		{"always a next page", func(s *shelf) hooks {
			return hooks{page: func(_ context.Context, q session.PageQuery) (session.Page, error) {
				return session.Page{Records: s.matching(q.StatusRange), Next: "more"}, nil
			}}
		}, by("page-of-an-empty-store", "page-limits-of-all-sizes")},
		{"index left as it was created", staleIndex, by("page-follows-a-touch", "page-follows-an-end", "count-follows-writes")},
		{"ended stay in the live index", paging(func(s *shelf, q session.PageQuery, got *session.Page) {
			if q.Status == session.StatusLive && got.Next == "" {
				got.Records = append(got.Records, s.matching(ended)...)
			}
		}), by("page-follows-an-end", "page-live-by-expiry")},
		{"expired left out", paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
			got.Records = without(got.Records, func(r session.Record) bool { return r.ExpiresAt.Before(noon) })
		}), by("page-keeps-what-expired-live")},
	}, brokenPageRanges()...)
}

// brokenPageRanges are wrong at the ends of the range.
func brokenPageRanges() []broken {
	return []broken{
		{"from exclusive", seeking(func(q *session.PageQuery) {
			if !q.From.IsZero() {
				q.From = q.From.Add(time.Millisecond)
			}
		}), by("page-from-is-inclusive", "page-from-and-until-together")},
		{"from in seconds", seeking(func(q *session.PageQuery) { q.From = cut(q.From) }), by("page-from-is-inclusive")},
		{"until inclusive", seeking(func(q *session.PageQuery) {
			if !q.Until.IsZero() {
				q.Until = q.Until.Add(time.Millisecond)
			}
		}), by("page-until-is-exclusive", "page-from-and-until-together")},
		{"until in seconds", seeking(func(q *session.PageQuery) { q.Until = cut(q.Until) }), by("page-until-is-exclusive")},
		{"until forgotten with from", seeking(func(q *session.PageQuery) {
			if !q.From.IsZero() {
				q.Until = time.Time{}
			}
		}), by("page-from-and-until-together")},
		{"range forgotten after the first page", byOffset(func(s *shelf, q session.PageQuery) []session.Record {
			if q.Cursor != "" {
				q.Until = time.Time{}
			}
			return s.matching(q.StatusRange)
		}), by("page-from-and-until-together")},
		{"empty range refused", func(s *shelf) hooks {
			return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
				if !q.Until.IsZero() && q.Until.Before(q.From) {
					return session.Page{}, errRefused
				}
				return s.Page(ctx, q)
			}}
		}, by("page-from-and-until-together")},
	}
}

// staleIndex pages and counts records as they were created.
func staleIndex(s *shelf) hooks {
	index := newShelf()
	return hooks{
		create: func(ctx context.Context, r session.Record) (session.Record, error) {
			_, _ = index.Create(ctx, r)
			return s.Create(ctx, r)
		},
		page:  index.Page,
		count: index.Count,
	}
}

func brokenCounts() []broken {
	counting := func(f func(s *shelf, q session.StatusRange, n int) (int, error)) func(s *shelf) hooks {
		return func(s *shelf) hooks {
			return hooks{count: func(ctx context.Context, q session.StatusRange) (int, error) {
				n, err := s.Count(ctx, q)
				if err != nil {
					return 0, err
				}
				return f(s, q, n)
			}}
		}
	}
	return []broken{
		{"count of one page", counting(func(_ *shelf, _ session.StatusRange, n int) (int, error) { return min(n, 25), nil }), by("count-is-what-a-walk-gives")},
		{"count without the range", counting(func(s *shelf, q session.StatusRange, _ int) (int, error) {
			return s.Count(anyTime, session.StatusRange{Status: q.Status})
		}), by("count-is-what-a-walk-gives", "page-from-is-inclusive")},
		{"count of both", counting(func(s *shelf, _ session.StatusRange, _ int) (int, error) { return len(s.all()), nil }), by("count-follows-writes")},
		{"count of nothing is an error", counting(func(_ *shelf, _ session.StatusRange, n int) (int, error) {
			if n == 0 {
				return 0, session.ErrNotFound
			}
			return n, nil
		}), by("count-of-an-empty-store")},
	}
}
