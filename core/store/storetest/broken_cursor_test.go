package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"coatcheck/core/session"
)

func brokenCursors() []broken {
	const (
		garbled, other = "page-refuses-a-garbled-cursor", "page-refuses-a-cursor-of-the-other-status"
		sizes          = "page-limits-of-all-sizes"
	)
	return []broken{
		{"garbled cursor is the first page", onErrCursor(func(s *shelf, q session.PageQuery) (session.Page, error) {
			q.Cursor = ""
			return s.Page(anyTime, q)
		}), by(garbled, other)},
		{"garbled cursor is the last page", onErrCursor(func(*shelf, session.PageQuery) (session.Page, error) {
			return session.Page{}, nil
		}), by(garbled, other)},
		{"garbled cursor is no known error", onErrCursor(func(*shelf, session.PageQuery) (session.Page, error) {
			return session.Page{}, errors.New("unexpected end of cursor")
		}), by(garbled)},
		{"cursor not tied to its status", onErrCursor(func(s *shelf, q session.PageQuery) (session.Page, error) {
			if strings.HasPrefix(q.Cursor, "live.") && q.Status == session.StatusEnded {
				return session.Page{Records: s.matching(q.StatusRange)[:1]}, nil
			}
			return session.Page{}, session.ErrCursor
		}), by(other)},
		{"cursor used up", usedUp, by("page-cursor-may-be-used-again")},
		{"cursor is a time, exclusive", byTime(func(t, cursor time.Time) bool { return !t.After(cursor) }), by("page-sees-each-of-one-millisecond-once")},
		{"cursor is a time, inclusive", byTime(func(t, cursor time.Time) bool { return t.Before(cursor) }), by("page-sees-each-of-one-millisecond-once", sizes)},
		{
			"cursor is an offset", byOffset(func(s *shelf, q session.PageQuery) []session.Record { return s.matching(q.StatusRange) }),
			by("page-misses-none-while-others-end", "page-misses-none-while-others-come", "page-misses-none-that-is-touched"),
		},
		{"walk drops what moved", snapshotWalk, by("page-misses-none-that-is-touched")},
		{"limit off by one", seeking(func(q *session.PageQuery) { q.Limit++ }), by(sizes)},
		{"limit for each shard", seeking(func(q *session.PageQuery) { q.Limit *= 2 }), by(sizes)},
		{"cursor off by one", paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
			if got.Next != "" && len(got.Records) > 1 {
				got.Records = got.Records[:len(got.Records)-1]
			}
		}), by(sizes, "page-sees-each-of-one-millisecond-once", "page-misses-none-while-others-come")},
		{"last page repeated", lastRepeated, by(sizes)},
		{"last page left out", paging(func(_ *shelf, q session.PageQuery, got *session.Page) {
			if q.Cursor != "" && got.Next == "" {
				got.Records = nil
			}
		}), by(sizes)},
		{"batch of 100 of a page", paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
			got.Records = got.Records[:min(100, len(got.Records))]
		}), by("page-of-many")},
	}
}

// onErrCursor makes a store that does something else with a cursor that is none.
func onErrCursor(f func(s *shelf, q session.PageQuery) (session.Page, error)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			got, err := s.Page(ctx, q)
			if errors.Is(err, session.ErrCursor) {
				return f(s, q)
			}
			return got, err
		}}
	}
}

// usedUp lets each cursor be used once, as a scan kept open on a server does.
func usedUp(s *shelf) hooks {
	used := map[string]bool{}
	return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
		if q.Cursor != "" && used[q.Cursor] {
			return session.Page{}, nil
		}
		used[q.Cursor] = true
		return s.Page(ctx, q)
	}}
}

// byTime makes a store whose cursor is the last record's time and no more.
func byTime(before func(t, cursor time.Time) bool) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{page: func(_ context.Context, q session.PageQuery) (session.Page, error) {
			all := s.matching(q.StatusRange)
			if q.Cursor != "" {
				ms, _ := strconv.ParseInt(q.Cursor, 10, 64)
				all = without(all, func(r session.Record) bool { return before(q.Status.Time(&r), time.UnixMilli(ms)) })
			}
			page := session.Page{Records: all[:min(q.Limit, len(all))]}
			if len(all) > q.Limit {
				page.Next = strconv.FormatInt(q.Status.Time(&all[q.Limit-1]).UnixMilli(), 10)
			}
			return page, nil
		}}
	}
}

// snapshotWalk takes the index once a walk and leaves out what has moved since.
func snapshotWalk(s *shelf) hooks {
	var index []session.Record
	own := byOffset(func(s *shelf, q session.PageQuery) []session.Record {
		if q.Cursor == "" {
			index = s.matching(q.StatusRange)
		}
		return index
	})(s)
	return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
		page, err := own.page(ctx, q)
		page.Records = without(page.Records, func(r session.Record) bool {
			is, there := s.get(r.ID)
			return !there || q.Status.Time(&is) != q.Status.Time(&r)
		})
		return page, err
	}}
}

// lastRepeated gives the last page again, once, under a cursor of its own.
func lastRepeated(s *shelf) hooks {
	return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
		again, repeated := strings.CutSuffix(q.Cursor, "!")
		q.Cursor = again
		got, err := s.Page(ctx, q)
		if err == nil && got.Next == "" && !repeated && len(got.Records) > 0 {
			got.Next = q.Cursor + "!"
		}
		got.Records = slices.Clip(got.Records)
		return got, err
	}}
}
