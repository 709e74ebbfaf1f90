package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"coatcheck/core/session"
)

const (
	missingNotFound = "update-of-a-missing-record-is-not-found"
	missingNothing  = "update-of-a-missing-record-makes-nothing"
	endedConflicts  = "update-of-an-ended-record-conflicts"
	firstEnd        = "update-keeps-the-first-end"
)

func brokenUpdates() []broken {
	return append([]broken{
		{"upsert revives", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			r, err := s.Update(ctx, id, c)
			if errors.Is(err, session.ErrNotFound) {
				r = session.Record{ID: id, ExpiresAt: noon}
				s.put(r)
				return r, nil
			}
			return r, err
		}), by(missingNotFound, missingNothing)},
		{"upsert leaves a stub", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			r, err := s.Update(ctx, id, c)
			if errors.Is(err, session.ErrNotFound) {
				s.put(session.Record{ID: id, ExpiresAt: noon})
			}
			return r, err
		}), by(missingNothing)},
		{"missing taken for a failed condition", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			r, err := s.Update(ctx, id, c)
			if errors.Is(err, session.ErrNotFound) && !c.If.ExpiresAfter.IsZero() {
				return r, session.ErrConflict
			}
			return r, err
		}), by(missingNotFound)},
		{"last end wins", onEnded(func(s *shelf, r session.Record, c session.Change) (session.Record, error) {
			if c.End != nil {
				r.End = *c.End
				s.put(r)
				return r, nil
			}
			return r, session.ErrConflict
		}), by(firstEnd, endedConflicts, "race-of-ends-has-one-winner")},
		{"touch of what has ended", onEnded(func(s *shelf, r session.Record, c session.Change) (session.Record, error) {
			if c.Touch != nil {
				r.LastSeenAt, r.ExpiresAt = c.Touch.LastSeenAt, c.Touch.ExpiresAt
				s.put(r)
			}
			return r, session.ErrConflict
		}), by(endedConflicts)},
		{"ending twice is success", onEnded(func(_ *shelf, r session.Record, c session.Change) (session.Record, error) {
			if c.End != nil {
				return r, nil
			}
			return r, session.ErrConflict
		}), by(firstEnd, endedConflicts)},
	}, brokenUpdated()...)
}

// brokenUpdated change the record that they should, and more or less than they should.
func brokenUpdated() []broken {
	return []broken{
		{"returns the old record", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			old, _ := s.get(id)
			r, err := s.Update(ctx, id, c)
			if err == nil {
				return old, nil
			}
			return r, err
		}), by("update-returns-the-new-record")},
		{"returns the changed parts alone", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			r, err := s.Update(ctx, id, c)
			if err == nil {
				return session.Record{ID: id, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt, Secrets: r.Secrets, End: r.End}, nil
			}
			return r, err
		}), by("update-returns-the-new-record")},
		{"change of a cached record", cachedBase, by("update-sees-the-latest-write", "race-of-parts-keeps-both")},
		{"update of the whole user", alsoUpdating(func(a, b session.ID) bool { return a.Partition() == b.Partition() }), by("update-changes-that-record-only")},
		{"update of every user's", alsoUpdating(func(a, b session.ID) bool { return bytes.Equal(a[15:], b[15:]) }), by("update-changes-that-record-only")},
	}
}

// onEnded makes a store that does something else with records that are ended.
func onEnded(f func(s *shelf, r session.Record, c session.Change) (session.Record, error)) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		var mu sync.Mutex
		return hooks{update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
			mu.Lock()
			defer mu.Unlock()
			if r, ok := s.get(id); ok && r.Ended() {
				return f(s, r, c)
			}
			return s.Update(ctx, id, c)
		}}
	}
}

// cachedBase makes every change to the record as it was when it was made.
func cachedBase(s *shelf) hooks {
	var mu sync.Mutex
	first := map[session.ID]session.Record{}
	return hooks{update: func(_ context.Context, id session.ID, c session.Change) (session.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		r, there := s.get(id)
		if !there {
			return r, session.ErrNotFound
		}
		if _, known := first[id]; !known {
			first[id] = r
		}
		r, err := c.Apply(first[id])
		if err == nil {
			s.put(r)
		}
		return r, err
	}}
}

// alsoUpdating makes a store that changes other records too.
func alsoUpdating(too func(a, b session.ID) bool) func(s *shelf) hooks {
	return updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
		for _, r := range s.all() {
			if r.ID != id && too(r.ID, id) {
				_, _ = s.Update(ctx, r.ID, c)
			}
		}
		return s.Update(ctx, id, c)
	})
}

func brokenParts() []broken {
	return []broken{
		{"touch clears the rotation", changing(func(r session.Record, c *session.Change) {
			if c.Touch != nil {
				c.Secrets = &session.Secrets{Current: r.Secrets.Current}
			}
		}), by("touch-leaves-the-rest")},
		{"rotation is a touch", changing(func(r session.Record, c *session.Change) {
			if c.Secrets != nil {
				c.Touch = &session.Touch{LastSeenAt: c.Secrets.NextAt, ExpiresAt: r.ExpiresAt}
			}
		}), by("secrets-leave-the-rest")},
		{"end cuts the expiry", changing(func(r session.Record, c *session.Change) {
			if c.End != nil {
				c.Touch = &session.Touch{LastSeenAt: r.LastSeenAt, ExpiresAt: c.End.At}
			}
		}), by("end-leaves-the-rest")},
		{"end forgets the secrets", changing(func(r session.Record, c *session.Change) {
			if c.End != nil {
				c.Secrets = &session.Secrets{Current: r.Secrets.Current}
			}
		}), by("end-leaves-the-rest")},
		{"end forgets where it came from", changing(func(_ session.Record, c *session.Change) {
			if c.End != nil {
				end := *c.End
				end.From, c.End = "", &end
			}
		}), by("update-returns-the-new-record")},
		{"empty change refused", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			if c.Touch == nil && c.Secrets == nil && c.End == nil {
				return session.Record{}, errRefused
			}
			return s.Update(ctx, id, c)
		}), by("update-of-no-part-changes-nothing")},
		{"first part only", changing(func(_ session.Record, c *session.Change) {
			if c.Touch != nil {
				c.Secrets, c.End = nil, nil
			}
		}), by("update-of-all-parts-at-once")},
		{"zero fields not written", changing(func(r session.Record, c *session.Change) {
			if c.Secrets != nil && c.Secrets.Next.IsZero() {
				secrets := *c.Secrets
				secrets.Next, secrets.NextAt = r.Secrets.Next, r.Secrets.NextAt
				c.Secrets = &secrets
			}
		}), by("secrets-clear-what-is-zero")},
		{"expiry only grows", changing(func(r session.Record, c *session.Change) {
			if c.Touch != nil && c.Touch.ExpiresAt.Before(r.ExpiresAt) {
				c.Touch = &session.Touch{LastSeenAt: c.Touch.LastSeenAt, ExpiresAt: r.ExpiresAt}
			}
		}), by("touch-moves-either-way")},
	}
}

// brokenAges trust their own clock over the caller's.
func brokenAges() []broken {
	expired := func(r session.Record) bool { return r.AbsoluteExpiry.Before(noon) && r.PurgeAt.After(noon) }
	overdue := func(r session.Record) bool { return r.PurgeAt.Before(noon) }
	return append(forgettingOld("expiry taken for absence", "an-expired-record", expired),
		forgettingOld("TTL trusted", "a-purgeable-record", overdue)...)
}

func forgettingOld(mistake, what string, gone func(r session.Record) bool) []broken {
	return []broken{
		{mistake + " by Read", answering(func(_ *shelf, _ session.Query, got *session.Reading) error {
			got.Records = without(got.Records, gone)
			return nil
		}), by("read-" + what)},
		{mistake + " by List", listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
			got.Records = without(got.Records, gone)
		}), by("list-" + what)},
		{mistake + " by Update", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			if r, ok := s.get(id); ok && gone(r) {
				return session.Record{}, session.ErrNotFound
			}
			return s.Update(ctx, id, c)
		}), by("update-" + what)},
		{mistake + " by Page", paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
			got.Records = without(got.Records, gone)
		}), by("page-" + what)},
	}
}

func without(records []session.Record, gone func(r session.Record) bool) []session.Record {
	var out []session.Record
	for _, r := range records {
		if !gone(r) {
			out = append(out, r)
		}
	}
	return out
}

func cut(t time.Time) time.Time { return t.Truncate(time.Second) }
