package lifetest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"coatcheck/core/session"
)

func brokenSecrets() []mistake {
	return []mistake{
		{what: "the previous secret is not kept", sessions: writing(func(s *session.Secrets) { s.Previous = session.Hash{} }), caught: []string{
			"rotation-previous-within-the-grace", "replay-previous-after-the-grace", "replay-where-a-cookie-can-be-set",
			"rotation-signing-out", "rotation-signing-in-with-a-token-in-hand",
		}},
		{what: "the superseded secret is not kept", sessions: writing(func(s *session.Secrets) { s.Superseded = session.Hash{} }), caught: []string{
			"replay-superseded", "replay-superseded-after-confirmation",
		}},
		{what: "the pending secret is not kept", sessions: writing(func(s *session.Secrets) { s.Next = session.Hash{} }), caught: []string{"rotation-pending"}},
		{what: "the time of the pending is lost", sessions: writing(func(s *session.Secrets) { s.NextAt = time.Time{} }), caught: []string{
			"rotation-current-pending-younger",
		}},
		{what: "the time of the pending is kept early", sessions: writing(func(s *session.Secrets) { s.NextAt = early(s.NextAt) }), caught: []string{
			"rotation-clocks-apart", "rotation-current-pending-younger",
		}},
		{what: "the time of confirmation is lost", sessions: writing(func(s *session.Secrets) { s.ConfirmedAt = time.Time{} }), caught: []string{
			"rotation-previous-within-the-grace",
		}},
		{what: "the time of the first secret is kept early", sessions: keeping(func(r *session.Record) { r.Secrets.ConfirmedAt = early(r.Secrets.ConfirmedAt) }), caught: []string{
			"rotation-current-interval-not-over",
		}},
		{what: "the time of the first secret is kept late", sessions: keeping(func(r *session.Record) { r.Secrets.ConfirmedAt = late(r.Secrets.ConfirmedAt) }), caught: []string{
			"rotation-current-interval-over",
		}},
		{what: "rotations are not counted", sessions: writing(func(s *session.Secrets) { s.Rotations = 0 }), caught: []string{"rotation-pending"}},
		{what: "secrets are not written", sessions: changing(func(c *session.Change) { c.Secrets = nil }), caught: []string{
			"rotation-pending", "replay-previous-after-the-grace",
		}},
		{what: "the condition on secrets is ignored", sessions: changing(func(c *session.Change) { c.If.Secrets = nil }), caught: []string{"rotation-met-by-another"}},
		{what: "what is pending stays", sessions: always(broken{update: pendingStays}), caught: []string{"rotation-current-pending-older"}},
		{what: "the first previous secret stays", sessions: always(broken{update: previousStays}), caught: []string{"rotation-unknown"}},
		{what: "a confirmation writes the time alone", sessions: always(broken{update: confirmsNothing}), caught: []string{"rotation-pending-by-who-cannot-set-a-cookie"}},
		{what: "a use is a rotation", sessions: changing(func(c *session.Change) {
			if c.Touch != nil {
				c.Secrets = &session.Secrets{Current: session.Hash{1}, ConfirmedAt: c.Touch.LastSeenAt}
			}
		}), caught: []string{"rotation-current-no-cookie-possible"}},
		{what: "a rotation is an authentication", sessions: reading(func(r *session.Record) {
			if r.Secrets.Rotations > 0 {
				r.CreatedAt, r.AuthTime = r.CreatedAt.Add(time.Millisecond), r.AuthTime.Add(time.Millisecond)
			}
		}), caught: []string{"rotation-keeps-the-session"}},
		{what: "reads are cached and the condition on secrets is ignored", sessions: cachedReads, caught: []string{"rotation-parallel-requests"}},
		{what: "ended sessions are rotated", sessions: always(broken{update: rotatesEnded}), caught: []string{"rotation-meets-an-end"}},
	}
}

// early and late are a time rounded the wrong way, where it is one.
func early(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-time.Millisecond)
}

func late(t time.Time) time.Time { return t.Add(time.Millisecond) }

// pendingStays keeps the first of two pending secrets.
func pendingStays(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if was := get(ctx, s, id).Secrets; c.Secrets != nil && !was.Next.IsZero() && !c.Secrets.Next.IsZero() {
		is := *c.Secrets
		is.Next, is.NextAt = was.Next, was.NextAt
		c.Secrets = &is
	}
	return s.Update(ctx, id, c)
}

// previousStays keeps the first of two previous secrets.
func previousStays(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if was := get(ctx, s, id).Secrets; c.Secrets != nil && !was.Previous.IsZero() {
		is := *c.Secrets
		is.Previous = was.Previous
		c.Secrets = &is
	}
	return s.Update(ctx, id, c)
}

// confirmsNothing keeps the secrets as they are when one is confirmed, and says that it
// did as told.
func confirmsNothing(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.Secrets == nil || !c.Secrets.Next.IsZero() {
		return s.Update(ctx, id, c)
	}
	got, err := s.Update(ctx, id, session.Change{If: c.If})
	if err == nil {
		got.Secrets = *c.Secrets
	}
	return got, err
}

// cachedReads answers reads of one session as the first time for ever, so that parallel
// requests all find nothing pending, and writes without looking.
func cachedReads() *broken {
	var cache sync.Map
	b := changing(func(c *session.Change) { c.If.Secrets = nil })()
	b.read = func(q session.Query, got *session.Reading) {
		if len(q.Sessions) == 1 && len(got.Records) == 1 {
			first, _ := cache.LoadOrStore(q.Sessions[0], got.Records[0])
			got.Records[0] = first.(session.Record)
		}
	}
	return b
}

func rotatesEnded(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	r, err := s.Update(ctx, id, c)
	if c.Secrets != nil && errors.Is(err, session.ErrConflict) {
		r.Secrets, r.End, err = *c.Secrets, session.End{}, nil
	}
	return r, err
}
