package proof_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coatcheck/core/session"
)

// verdictOf is an answer as this package writes it: the outcome and the reason.
func verdictOf(err error) string {
	var refusal *session.Refusal
	switch {
	case errors.Is(err, session.ErrOvertaken):
		return "overtaken"
	case errors.Is(err, session.ErrInvalid):
		return "invalid"
	case !errors.As(err, &refusal):
		return "allowed"
	case refusal.Reason == "":
		return string(refusal.Outcome)
	}
	return fmt.Sprintf("%s %s", refusal.Outcome, refusal.Reason)
}

// machine does to the Manager and to the model what rapid draws.
type machine struct {
	*world
	sessions  []*model
	everybody time.Time
}

// TestMachine compares the Manager with the model over drawn sequences, in which the
// policy changes and the clock jumps, back too. Rotation has explorations of its own
// (core/session).
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{world: newWorld(t, policies[0])}
		t.Repeat(map[string]func(*rapid.T){
			"":         m.compare,
			"sign in":  m.signIn,
			"replace":  m.replace,
			"step up":  m.stepUp,
			"act":      m.act,
			"act more": m.act, // it takes two sessions, and they do not last
			"use":      m.use,
			"use more": m.use,
			"use on":   m.use,
			"end":      m.end,
			"sign out": m.signOut,
			"many":     m.endMany,
			"time":     m.time,
			"pass":     m.time,
			"policy":   m.changePolicy,
		})
	})
}

var policies = []session.Policy{
	{Idle: time.Hour, Absolute: 8 * time.Hour, PerUser: 3, RotateEvery: session.Never},
	{Idle: 10 * time.Minute, Absolute: 2 * time.Hour, PerUser: 2, RotateEvery: session.Never},
	{Idle: 3 * time.Hour, Absolute: 24 * time.Hour, PerUser: 5, RotateEvery: session.Never},
}

// drawn is one of the sessions, as rapid draws rather one of the newest.
func (m *machine) drawn(t *rapid.T) *model {
	if len(m.sessions) == 0 {
		t.Skip("no session") // of rapid: another action is drawn in place of this one, and the test goes on
	}
	return m.sessions[len(m.sessions)-1-rapid.IntRange(0, len(m.sessions)-1).Draw(t, "session, from the newest")]
}

func subjects(t *rapid.T) string { return rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "subject") }

// own is what a session's own record says now.
func (m *machine) own(s *model) string { return s.own(m.now, m.Policy(), m.everybody) }

func (m *machine) verdict(s *model) string { return s.verdict(m.now, m.Policy(), m.everybody) }

// forget leaves out of further comparison the oldest sessions that have ended.
func (m *machine) forget() {
	const most = 12
	for i := 0; len(m.sessions) > most && i < len(m.sessions); {
		if m.sessions[i].end == "" {
			i++
			continue
		}
		m.sessions = slices.Delete(m.sessions, i, i+1)
	}
}

// compare looks every session up, in a way that is no use.
func (m *machine) compare(t *rapid.T) {
	for i, s := range m.sessions {
		s.token.Passive = true
		if got, want := m.says(m.Manager, s.token), m.verdict(s); got != want {
			t.Fatalf("session %d: %s, want %s", i, got, want)
		}
	}
}

func (m *machine) use(t *rapid.T) {
	s := m.drawn(t)
	want := m.verdict(s)
	s.token.Passive = false
	if got := m.says(m.Manager, s.token); got != want {
		t.Fatalf("used: %s, want %s", got, want)
	}
	m.used(t, s, want)
	if s.actor != nil {
		m.used(t, s.actor, want)
	}
}

// used compares what was written of a use.
func (m *machine) used(t *rapid.T, s *model, verdict string) {
	r, err := m.Get(m.ctx, s.id)
	m.must(err)
	every, since := m.Policy().TouchEvery, m.now.Sub(s.seen)
	written := !r.LastSeenAt.Equal(s.seen)
	switch {
	case written && (verdict != "allowed" || since < every || !r.LastSeenAt.Equal(m.now)):
		t.Fatalf("a use was written down for %v, %v after the last, as %s", r.LastSeenAt, since, verdict)
	case !written && verdict == "allowed" && since > every+every/10:
		t.Fatalf("a use %v after the last was not written down", since)
	case written:
		s.idle = max(s.expires().Sub(m.now), min(s.idle, m.Policy().Idle)) // no expiry moves to an earlier time
		s.seen = m.now
	}
	if !r.ExpiresAt.Equal(s.expires()) {
		t.Fatalf("expires at %v, want %v", r.ExpiresAt, s.expires())
	}
}

// endThrough is what an end of one session does: where another of the user's has just
// taken its place, that one ends.
func (m *machine) endThrough(s *model, reason session.EndReason) {
	recent := m.now.Add(-m.Policy().Grace - session.Skew)
	for s.end != "" && s.by != nil && s.by.subject == s.subject && s.replacedAt.After(recent) {
		s = s.by
	}
	m.overNow(s, reason)
}

func (m *machine) end(t *rapid.T) {
	s := m.drawn(t)
	_, err := m.End(m.ctx, s.id, session.EndedByAdmin, session.ByOperator)
	m.must(err)
	m.endThrough(s, session.EndedByAdmin)
}

// signOut leaves a session; who acts leaves his own, too.
func (m *machine) signOut(t *rapid.T) {
	s := m.drawn(t)
	_, err := m.SignOut(m.ctx, s.token)
	m.must(err)
	if s.actor != nil {
		m.overNow(s.actor, session.SignedOut)
	}
	m.endThrough(s, session.SignedOut)
}

// overWith is what an end of many does to a session: what a late touch might bring back
// is not left, what ended with everybody's keeps that reason, and what is over for good
// its own.
func (m *machine) overWith(s *model, reason session.EndReason) {
	if s.absolute.Add(session.Skew).After(m.now) {
		m.overNow(s, reason)
	}
}

// overNow ends a session; with everybody's, if it was over with them.
func (m *machine) overNow(s *model, reason session.EndReason) {
	if m.own(s) == "ended ended_everywhere" {
		reason = session.EndedEverywhere
	}
	s.over(reason)
}

// endMany ends all of a user's, all but one, or everybody's; or writes the last down.
func (m *machine) endMany(t *rapid.T) {
	switch rapid.SampledFrom([]string{"all", "others", "everybody's", "sweep"}).Draw(t, "which") {
	case "all":
		m.endAll(t)
	case "others":
		m.endOthers(t)
	case "everybody's":
		m.endEveryone()
	default:
		m.sweep()
	}
}

func (m *machine) endAll(t *rapid.T) {
	subject := subjects(t)
	_, err := m.EndAll(m.ctx, subject, session.RolesChanged, session.ByOperator)
	m.must(err)
	for _, s := range m.sessions {
		if s.subject == subject {
			m.overWith(s, session.RolesChanged)
		}
	}
}

func (m *machine) endOthers(t *rapid.T) {
	here := m.drawn(t)
	_, err := m.EndOthers(m.ctx, here.subject, here.id, session.EndedByUser, session.ByOperator)
	m.must(err)
	for _, s := range m.sessions {
		if s.subject == here.subject && !s.follows(here) {
			m.overWith(s, session.EndedByUser)
		}
	}
}

// follows reports whether a session is another, or took its place.
func (s *model) follows(o *model) bool {
	for s != nil && s != o && s.subject == o.subject {
		s = s.replaces
	}
	return s == o
}

func (m *machine) endEveryone() {
	before, err := m.EndEveryone(m.ctx)
	m.must(err)
	if before.After(m.everybody) {
		m.everybody = before
	}
}

// sweep writes down what the look-ups say already.
func (m *machine) sweep() {
	_, err := m.Sweep(m.ctx, session.ByRule, "")
	m.must(err)
	for _, s := range m.sessions {
		if m.own(s) == "ended ended_everywhere" && !s.expires().Before(m.everybody) {
			s.over(session.EndedEverywhere)
		}
	}
}

func (m *machine) time(t *rapid.T) {
	jump := rapid.SampledFrom([]time.Duration{
		ms, time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour, -time.Second, -time.Minute, -time.Hour,
	}).Draw(t, "jump")
	m.now = m.now.Add(jump)
}

func (m *machine) changePolicy(t *rapid.T) {
	m.policy = rapid.SampledFrom(policies).Draw(t, "policy")
	m.Manager = m.process(0)
}
