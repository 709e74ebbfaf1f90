package proof_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coatcheck/core/session"
)

// verdictOf is an answer as this package writes it: the outcome and the reason.
func verdictOf(err error) string {
	var refusal *session.Refusal
	if !errors.As(err, &refusal) {
		return "allowed"
	}
	if refusal.Reason == "" {
		return string(refusal.Outcome)
	}
	return fmt.Sprintf("%s %s", refusal.Outcome, refusal.Reason)
}

// model is what a session is: all that decides over it, in one place.
type model struct {
	subject       string
	created, seen time.Time
	idle          time.Duration // between its last use and its expiry, as it was made
	absolute      time.Time
	end           session.EndReason
	token         session.Presented
	id            session.ID
}

// expires is when the session is over unless it is used, by its record alone.
func (s *model) expires() time.Time { return earliest(s.seen.Add(s.idle), s.absolute) }

// verdict is what a look-up has to say at a time, under a policy, everybody having been
// ended before some time.
func (s *model) verdict(now time.Time, p session.Policy, everybody time.Time) string {
	absolute := earliest(s.absolute, s.created.Add(p.Absolute))
	idle := earliest(s.expires(), s.seen.Add(p.Idle), absolute)
	switch {
	case s.end != "":
		return "ended " + string(s.end)
	case !everybody.IsZero() && !s.created.After(everybody.Add(session.Skew)) && earliest(everybody, now).Before(idle):
		return "ended ended_everywhere"
	case now.Before(idle):
		return "allowed"
	case idle.Before(absolute):
		return "expired idle_timeout"
	}
	return "expired absolute_timeout"
}

func earliest(times ...time.Time) time.Time {
	first := times[0]
	for _, t := range times[1:] {
		if t.Before(first) {
			first = t
		}
	}
	return first
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
			"use":      m.use,
			"end":      m.end,
			"end all":  m.endAll,
			"others":   m.endOthers,
			"everyone": m.endEveryone,
			"sweep":    m.sweep,
			"time":     m.time,
			"policy":   m.changePolicy,
		})
	})
}

var policies = []session.Policy{
	{Idle: time.Hour, Absolute: 8 * time.Hour, RotateEvery: session.Never},
	{Idle: 10 * time.Minute, Absolute: 2 * time.Hour, RotateEvery: session.Never},
	{Idle: 3 * time.Hour, Absolute: 24 * time.Hour, RotateEvery: session.Never},
}

func (m *machine) drawn(t *rapid.T) *model {
	if len(m.sessions) == 0 {
		t.Skip("no session")
	}
	return m.sessions[rapid.IntRange(0, len(m.sessions)-1).Draw(t, "session")]
}

func subjects(t *rapid.T) string { return rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "subject") }

// compare looks every session up, in a way that is no use.
func (m *machine) compare(t *rapid.T) {
	for i, s := range m.sessions {
		s.token.Passive = true
		if got, want := m.says(m.Manager, s.token), s.verdict(m.now, m.Policy(), m.everybody); got != want {
			t.Fatalf("session %d: %s, want %s", i, got, want)
		}
	}
}

func (m *machine) signIn(t *rapid.T) {
	if len(m.sessions) == 8 { // under the limit of sessions of one user
		t.Skip("enough sessions")
	}
	subject := subjects(t)
	k := m.world.signIn(m.ctx, m.Manager, session.SignIn{Subject: subject, Check: grantAll})
	m.must(k.err)
	p := m.Policy()
	m.sessions = append(m.sessions, &model{
		subject: subject, created: k.record.CreatedAt, seen: k.record.CreatedAt, idle: p.Idle,
		absolute: k.record.CreatedAt.Add(p.Absolute), token: k.Presented, id: k.record.ID,
	})
	if early := k.record.CreatedAt.Before(m.now); early || k.record.CreatedAt.After(m.now) && !k.record.CreatedAt.After(m.everybody.Add(session.Skew)) {
		t.Fatalf("created at %v, now is %v", k.record.CreatedAt, m.now)
	}
}

func (m *machine) use(t *rapid.T) {
	s := m.drawn(t)
	want := s.verdict(m.now, m.Policy(), m.everybody)
	s.token.Passive = false
	if got := m.says(m.Manager, s.token); got != want {
		t.Fatalf("used: %s, want %s", got, want)
	}
	r, err := m.Get(m.ctx, s.id)
	m.must(err)
	every, since := m.Policy().TouchEvery, m.now.Sub(s.seen)
	written := !r.LastSeenAt.Equal(s.seen)
	switch {
	case written && (want != "allowed" || since < every || !r.LastSeenAt.Equal(m.now)):
		t.Fatalf("a use was written down for %v, %v after the last, as %s", r.LastSeenAt, since, want)
	case !written && want == "allowed" && since > every+every/10:
		t.Fatalf("a use %v after the last was not written down", since)
	case written:
		s.idle = max(s.expires().Sub(m.now), min(s.idle, m.Policy().Idle)) // no expiry moves to an earlier time
		s.seen = m.now
	}
	if !r.ExpiresAt.Equal(s.expires()) {
		t.Fatalf("expires at %v, want %v", r.ExpiresAt, s.expires())
	}
}

// over ends a session of the model, unless it has ended.
func (s *model) over(reason session.EndReason) {
	if s.end == "" {
		s.end = reason
	}
}

func (m *machine) end(t *rapid.T) {
	s := m.drawn(t)
	_, err := m.End(m.ctx, s.id, session.EndedByAdmin, session.ByOperator)
	m.must(err)
	s.over(session.EndedByAdmin)
}

// overWith is what an end of many does to a session: what a late touch might bring back
// is not left, what ended with everybody's keeps that reason, and what is over for good
// its own.
func (m *machine) overWith(s *model, reason session.EndReason) {
	switch {
	case s.absolute.Add(session.Skew).Before(m.now):
	case s.verdict(m.now, m.Policy(), m.everybody) == "ended ended_everywhere":
		s.over(session.EndedEverywhere)
	default:
		s.over(reason)
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
		if s != here && s.subject == here.subject {
			m.overWith(s, session.EndedByUser)
		}
	}
}

func (m *machine) endEveryone(*rapid.T) {
	before, err := m.EndEveryone(m.ctx)
	m.must(err)
	if before.After(m.everybody) {
		m.everybody = before
	}
}

// sweep writes down what the look-ups say already.
func (m *machine) sweep(*rapid.T) {
	_, err := m.Sweep(m.ctx, session.ByRule, "")
	m.must(err)
	for _, s := range m.sessions {
		if s.verdict(m.now, m.Policy(), m.everybody) == "ended ended_everywhere" && !s.expires().Before(m.everybody) {
			s.over(session.EndedEverywhere)
		}
	}
}

func (m *machine) time(t *rapid.T) {
	jump := rapid.SampledFrom([]time.Duration{
		ms, time.Second, time.Minute, 5 * time.Minute, time.Hour, -time.Second, -time.Minute, -time.Hour,
	}).Draw(t, "jump")
	m.now = m.now.Add(jump)
}

func (m *machine) changePolicy(t *rapid.T) {
	m.policy = rapid.SampledFrom(policies).Draw(t, "policy")
	m.Manager = m.process(0)
}
