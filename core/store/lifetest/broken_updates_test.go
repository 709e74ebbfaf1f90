package lifetest_test

import (
	"context"
	"time"

	"coatcheck/core/session"
)

func brokenUpdates() []mistake {
	return []mistake{
		{what: "uses are not written", sessions: changing(func(c *session.Change) { c.Touch = nil }), caught: []string{
			"policy-touch-interval-and-jitter", "acting-is-use-of-the-actors-session",
		}},
		{what: "a use keeps another expiry", sessions: touching(func(t *session.Touch) { t.ExpiresAt = t.LastSeenAt.Add(time.Second) }), caught: []string{
			"policy-touch-interval-and-jitter",
		}},
		{what: "a use extends beyond the record's own limit", sessions: touching(func(t *session.Touch) { t.ExpiresAt = t.ExpiresAt.Add(time.Minute) }), caught: []string{
			"policy-looser",
		}},
		{what: "uses are kept late", sessions: touching(func(t *session.Touch) { t.LastSeenAt, t.ExpiresAt = late(t.LastSeenAt), late(t.ExpiresAt) }), caught: []string{
			"policy-idle", "policy-remembered",
		}},
		{what: "ends are not written", sessions: changing(func(c *session.Change) { c.End = nil }), caught: []string{"end-one"}},
		{what: "ends are acknowledged and not carried out", sessions: always(broken{update: acknowledges}), caught: []string{
			"end-one", "end-all-of-one", "rotation-of-an-ended-session", "replay-of-an-ended-session", "stepup-of-what-is-over",
			"account-change-repeated", "where-account", "where-repeated-after-a-fault",
			"acting-as-a-disabled-user",
		}},
		{what: "an end ends the user's other sessions too", sessions: always(broken{update: endsAll}), caught: []string{
			"end-others", "account-password-changed-others-stay",
		}},
		{what: "an end wants the session not to have expired", sessions: changing(func(c *session.Change) {
			if c.End != nil {
				c.If.ExpiresAfter = c.End.At
			}
		}), caught: []string{"end-of-what-expired"}},
		{what: "what replaced it is lost", sessions: ending(func(e *session.End) { e.ReplacedBy = session.ID{} }), caught: []string{"stepup-makes-a-new-session"}},
		{what: "the reason is another", sessions: ending(func(e *session.End) { e.Reason = session.EndedByAdmin }), caught: []string{
			"account-roles-changed", "sweep-writes-the-ends", "signin-with-a-session-in-hand", "signin-with-anothers-session-in-hand",
		}},
		{what: "who ended is lost", sessions: ending(func(e *session.End) { e.By = "?" }), caught: []string{"acting-left-in-a-browser"}},
	}
}

// acknowledges answers an end and makes none.
func acknowledges(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End == nil {
		return s.Update(ctx, id, c)
	}
	got, err := s.Update(ctx, id, session.Change{If: c.If})
	if err == nil {
		got.End = *c.End
	}
	return got, err
}

func endsAll(s session.Store, ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	got, err := s.Update(ctx, id, c)
	if c.End != nil {
		others, _ := s.List(ctx, session.Range{Partition: id.Partition()})
		for i := range others.Records {
			_, _ = s.Update(ctx, others.Records[i].ID, c)
		}
	}
	return got, err
}
