package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"coatcheck/core/session"
)

func brokenConditions() []broken {
	return append([]broken{
		{"condition dropped", changing(func(_ session.Record, c *session.Change) { c.If = session.Condition{} }), by(
			"condition-expires-after", "condition-last-seen-at", "condition-current-secret", "condition-next-secret",
			"condition-needs-all-parts", "condition-failed-changes-nothing", "condition-sees-the-latest-write",
			"race-of-touches-has-one-winner", "update-of-no-part-changes-nothing")},
		{"later or equal", changing(func(_ session.Record, c *session.Change) {
			if !c.If.ExpiresAfter.IsZero() {
				c.If.ExpiresAfter = c.If.ExpiresAfter.Add(-time.Millisecond)
			}
		}), by("condition-expires-after")},
		{"expiry compared in seconds", unless(func(r session.Record, i session.Condition) bool {
			return !i.ExpiresAfter.IsZero() && !cut(r.ExpiresAt).After(cut(i.ExpiresAfter))
		}), by("condition-expires-after")},
		{"last use compared in seconds", changing(func(r session.Record, c *session.Change) {
			if cut(r.LastSeenAt).Equal(cut(c.If.LastSeenAt)) {
				c.If.LastSeenAt = r.LastSeenAt
			}
		}), by("condition-last-seen-at")},
		{"last use at most", changing(func(r session.Record, c *session.Change) {
			if r.LastSeenAt.Before(c.If.LastSeenAt) {
				c.If.LastSeenAt = r.LastSeenAt
			}
		}), by("condition-last-seen-at")},
		{"current secret not compared", onSecrets(func(r session.Record, s *session.Secrets) { s.Current = r.Secrets.Current }), by("condition-current-secret")},
		{"next secret not compared", onSecrets(func(r session.Record, s *session.Secrets) { s.Next = r.Secrets.Next }), by("condition-next-secret")},
		{"no next secret taken for any", onSecrets(func(r session.Record, s *session.Secrets) {
			if s.Next.IsZero() {
				s.Next = r.Secrets.Next
			}
		}), by("condition-next-secret")},
		{"all of the secrets compared", unless(func(r session.Record, i session.Condition) bool {
			return i.Secrets != nil && *i.Secrets != r.Secrets
		}), by("condition-on-secrets-looks-at-no-more")},
		{"any condition is enough", changing(func(r session.Record, c *session.Change) {
			if !c.If.LastSeenAt.IsZero() && (r.ExpiresAt.After(c.If.ExpiresAfter) || r.LastSeenAt.Equal(c.If.LastSeenAt)) {
				c.If = session.Condition{}
			}
		}), by("condition-needs-all-parts")},
		{"zero time compared", unless(func(_ session.Record, i session.Condition) bool {
			return i.LastSeenAt.IsZero()
		}), by("condition-of-zero-fields")},
	}, brokenRefusals()...)
}

// brokenRefusals find that the condition does not hold, and then do the wrong thing.
func brokenRefusals() []broken {
	return []broken{
		{"written, then checked", onConflict(func(s *shelf, r session.Record, c session.Change) session.Record {
			c.If = session.Condition{}
			if after, err := c.Apply(r); err == nil {
				s.put(after)
			}
			return r
		}), by("condition-failed-changes-nothing")},
		{"conflict without the record", onConflict(func(*shelf, session.Record, session.Change) session.Record {
			return session.Record{}
		}), by("condition-failed-returns-the-record")},
		{"conflict with what would have been", onConflict(func(_ *shelf, r session.Record, c session.Change) session.Record {
			c.If = session.Condition{}
			after, _ := c.Apply(r)
			return after
		}), by("condition-failed-returns-the-record")},
		{"condition on a cached record", cachedCondition, by("condition-sees-the-latest-write")},
	}
}

// unless makes a store that refuses more than it should.
func unless(refuses func(r session.Record, i session.Condition) bool) func(s *shelf) hooks {
	return updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
		if r, ok := s.get(id); ok && refuses(r, c.If) {
			return r, session.ErrConflict
		}
		return s.Update(ctx, id, c)
	})
}

// onSecrets alters a copy of the condition's secrets.
func onSecrets(alter func(r session.Record, s *session.Secrets)) func(s *shelf) hooks {
	return changing(func(r session.Record, c *session.Change) {
		if c.If.Secrets != nil {
			secrets := *c.If.Secrets
			alter(r, &secrets)
			c.If.Secrets = &secrets
		}
	})
}

func onConflict(f func(s *shelf, r session.Record, c session.Change) session.Record) func(s *shelf) hooks {
	return updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
		r, err := s.Update(ctx, id, c)
		if errors.Is(err, session.ErrConflict) {
			return f(s, r, c), err
		}
		return r, err
	})
}

// cachedCondition checks conditions against the record as it first saw it.
func cachedCondition(s *shelf) hooks {
	var mu sync.Mutex
	first := map[session.ID]session.Record{}
	return hooks{update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		if r, there := s.get(id); there && first[id].ID.IsZero() {
			first[id] = r
		}
		if _, err := c.Apply(first[id]); err != nil {
			return first[id], err
		}
		c.If = session.Condition{}
		return s.Update(ctx, id, c)
	}}
}
