package lifetest_test

import (
	"time"

	"coatcheck/core/session"
)

func brokenReads() []mistake {
	return []mistake{
		{what: "one read answers one session", sessions: always(broken{read: func(q session.Query, got *session.Reading) {
			if !q.Subject.IsZero() && len(q.Sessions) > 0 {
				got.Records = nil
			}
		}}), caught: []string{"stepup-makes-a-new-session", "acting-at-most-an-hour", "signin-with-a-session-in-hand"}},
		{what: "what is read along with a fence lags behind an end", sessions: always(broken{read: func(q session.Query, got *session.Reading) {
			if !q.Subject.IsZero() {
				for i := range got.Records {
					got.Records[i].End = session.End{}
				}
			}
		}}), caught: []string{"signin-with-an-ended-session-in-hand"}},
		{what: "a read counts as use", sessions: readingUses, caught: []string{"policy-passive"}},
		{what: "the control is not read along with sessions", sessions: always(broken{read: func(q session.Query, got *session.Reading) {
			if len(q.Sessions) > 0 {
				got.EndedBefore = time.Time{}
			}
		}}), caught: []string{"everybody-with-every-request"}},
		{what: "the control is not read along with a fence", sessions: always(broken{read: func(q session.Query, got *session.Reading) {
			if !q.Subject.IsZero() {
				got.EndedBefore = time.Time{}
			}
		}}), caught: []string{"everybody-sign-in-after-it"}},
	}
}

// readingUses moves the expiry of a session with each read, as stores do that forget
// what is not asked for.
func readingUses() *broken {
	reads := map[session.ID]time.Duration{}
	return reading(func(r *session.Record) {
		reads[r.ID]++
		by := 2 * time.Minute * reads[r.ID]
		r.LastSeenAt, r.ExpiresAt = r.LastSeenAt.Add(by), r.ExpiresAt.Add(by)
	})()
}

func brokenLists() []mistake {
	return []mistake{
		{what: "a list leaves the oldest out", sessions: always(broken{list: func(_ session.Range, got *session.Listing) {
			if n := len(got.Records); n > 1 {
				got.Records = got.Records[:n-1]
			}
		}}), caught: []string{"policy-sessions-per-user"}},
		{what: "a list without a time is empty", sessions: always(broken{list: func(r session.Range, got *session.Listing) {
			if r.Since.IsZero() {
				got.Records = nil
			}
		}}), caught: []string{"end-all-of-one", "end-others", "account-disabled", "account-password-reset", "account-password-changed-others-end"}},
		{what: "a page leaves one out", sessions: always(broken{page: func(_ session.PageQuery, got *session.Page) {
			if len(got.Records) > 1 {
				got.Records = got.Records[1:]
			}
		}}), caught: []string{"list-by-status", "where-goes-on", "sweep-goes-on"}},
		{what: "a page forgets that there is more", sessions: always(broken{page: func(_ session.PageQuery, got *session.Page) { got.Next = "" }}), caught: []string{
			"list-pages", "where-goes-on", "sweep-goes-on", "list-cursor-is-bound", "list-cursor-outlives-the-clock", "where-cursor-is-bound",
		}},
		{what: "pages with an end are empty", sessions: always(broken{page: func(q session.PageQuery, got *session.Page) {
			if !q.Until.IsZero() && len(got.Records) > 0 {
				got.Records = nil
			}
		}}), caught: []string{"list-by-time"}},
		{what: "counts are wrong", sessions: always(broken{count: func(n *int) { *n++ }}), caught: []string{"count-is-the-lists-length", "sweep-writes-the-ends"}},
	}
}

func brokenControls() []mistake {
	return []mistake{
		{what: "fences are lost", sessions: always(broken{lost: map[string]bool{"fence": true}}), caught: []string{"account-change-races-a-sign-in"}},
		{what: "the end of everybody is lost", sessions: always(broken{lost: map[string]bool{"raise": true}}), caught: []string{
			"everybody-elsewhere-within-the-bound", "everybody-with-every-request", "everybody-in-lists-before-the-sweep",
		}},
		{what: "the last end of everybody holds", sessions: func() *broken { return &broken{raise: &time.Time{}} }, caught: []string{"everybody-only-grows"}},
	}
}
