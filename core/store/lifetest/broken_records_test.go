package lifetest_test

import (
	"time"

	"coatcheck/core/session"
)

func brokenRecords() []mistake {
	return []mistake{
		{what: "times are kept late", sessions: keeping(func(r *session.Record) {
			r.CreatedAt, r.LastSeenAt = late(r.CreatedAt), late(r.LastSeenAt)
			r.ExpiresAt, r.AbsoluteExpiry = late(r.ExpiresAt), late(r.AbsoluteExpiry)
		}), caught: []string{"policy-absolute", "policy-tighter-idle", "policy-tighter-absolute"}},
		{what: "sessions are kept as used later", sessions: keeping(func(r *session.Record) {
			r.LastSeenAt, r.ExpiresAt = r.LastSeenAt.Add(2*time.Minute), r.ExpiresAt.Add(2*time.Minute)
		}), caught: []string{"sweep-leaves-what-was-over"}},
		{what: "sessions live for ever", sessions: keeping(func(r *session.Record) { r.AbsoluteExpiry = r.AbsoluteExpiry.Add(100 * time.Hour) }), caught: []string{
			"acting-at-most-an-hour",
		}},
		{what: "the age of the authentication is that of the session before", sessions: keeping(func(r *session.Record) {
			if !r.Replaces.IsZero() {
				r.AuthTime = r.AuthTime.Add(-15 * time.Minute)
			}
		}), caught: []string{"stepup-is-fresh"}},
		{what: "the time of the authentication is kept early", sessions: keeping(func(r *session.Record) { r.AuthTime = early(r.AuthTime) }), caught: []string{
			"policy-fresh-age",
		}},
		{what: "the actor is not kept", sessions: keeping(func(r *session.Record) { r.Actor = session.ID{} }), caught: []string{
			"acting-ends-with-the-actor", "acting-is-never-fresh", "acting-is-listed-to-the-user", "acting-does-not-count-against-the-limit",
			"acting-is-no-step-up", "acting-from-acting",
		}},
		{what: "who is remembered is not kept", sessions: keeping(func(r *session.Record) { r.Remembered = false }), caught: []string{
			"policy-remembered", "stepup-keeps-how-it-was-handed-out",
		}},
		{what: "the transport is not kept", sessions: keeping(func(r *session.Record) { r.Bearer = false }), caught: []string{"acting-left-in-a-browser"}},
		{what: "roles are not kept", sessions: keeping(func(r *session.Record) { r.Roles = nil }), caught: []string{
			"policy-roles-demanded", "where-each-field", "list-by-filter",
		}},
		{what: "methods are not kept", sessions: keeping(func(r *session.Record) { r.Methods = nil }), caught: []string{"where-each-field"}},
		{what: "the client is not kept", sessions: keeping(func(r *session.Record) { r.Client = session.Client{} }), caught: []string{"where-each-field"}},
		{what: "what it replaces is not kept", sessions: keeping(func(r *session.Record) { r.Replaces = session.ID{} }), caught: []string{"stepup-makes-a-new-session"}},
	}
}
