package proof_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"coatcheck/core/session"
)

// What the machine does to sign in: plainly, with a session in hand, by a step-up, and
// as somebody else.

func (m *machine) signIn(t *rapid.T) {
	m.enters(t, session.SignIn{}, &model{subject: subjects(t)}, "allowed")
}

// replace signs in with a session in hand, whoever's it is, over or not.
func (m *machine) replace(t *rapid.T) {
	fresh := &model{subject: subjects(t), replaces: m.drawn(t)}
	in := session.SignIn{Replace: fresh.replaces.token}
	if fresh.replaces.end != "" || m.own(fresh.replaces) == "ended ended_everywhere" {
		fresh.replaces = nil
	}
	m.enters(t, in, fresh, "allowed")
}

// stepUp shows a credential in a session, and now and then somebody else's.
func (m *machine) stepUp(t *rapid.T) {
	old := m.drawn(t)
	fresh := &model{subject: subjects(t), replaces: old}
	want := m.own(old)
	switch {
	case want != "allowed":
	case fresh.subject != old.subject:
		want = "unknown"
	case old.actor != nil:
		want = "forbidden"
	}
	m.enters(t, session.SignIn{Replace: old.token, StepUp: true}, fresh, want)
}

// act signs the holder of a session in as a user.
func (m *machine) act(t *rapid.T) {
	own := m.drawn(t)
	fresh := &model{subject: subjects(t), actor: own}
	want := m.own(own)
	switch {
	case fresh.subject == own.subject:
		want = "invalid"
	case own.actor != nil:
		want = "forbidden"
	}
	m.enters(t, session.SignIn{Actor: own.id}, fresh, want)
}

// enters signs in, compares the answer with what speaks for or against it, and the
// limit of the user's sessions, and keeps the model of the new session.
func (m *machine) enters(t *rapid.T, in session.SignIn, fresh *model, want string) {
	m.forget()
	in.Subject, in.Check = fresh.subject, grantAll
	k := m.world.signIn(m.ctx, m.Manager, in)
	var surplus []*model
	if want == "allowed" {
		m.made(fresh)
		if surplus = m.surplus(fresh); slices.Contains(surplus, fresh) {
			want = "overtaken"
		}
	}
	if got := verdictOf(k.err); got != want {
		t.Fatalf("sign-in: %s (%v), want %s", got, k.err, want)
	}
	if want != "allowed" {
		return
	}
	if r := &k.record; r.ID != fresh.id || !r.CreatedAt.Equal(fresh.created) || !r.ExpiresAt.Equal(fresh.expires()) || !r.AbsoluteExpiry.Equal(fresh.absolute) {
		t.Fatalf("made %+v, want %+v", r, fresh)
	}
	if old := fresh.replaces; old != nil {
		old.over(session.Replaced)
		old.by, old.replacedAt = fresh, m.now
	}
	for _, s := range surplus {
		s.over(session.SessionLimit)
	}
	fresh.token = k.Presented
	m.sessions = append(m.sessions, fresh)
}

// made fills in what a sign-in decides: made now, or just past everybody's end.
func (m *machine) made(s *model) {
	p := m.Policy()
	s.created, s.id = m.now, m.calls.newest()
	if s.endedWith(m.everybody) {
		s.created = m.everybody.Add(session.Skew + ms)
	}
	s.seen, s.idle, s.absolute = s.created, p.Idle, s.created.Add(p.Absolute)
	if s.actor != nil {
		s.absolute = earliest(s.absolute, s.created.Add(session.ActingLimit), s.actor.absolute)
	}
}

// surplus is what of a user's sessions is over the limit once a new one is there: of
// those that some clock may take for live, not acted in, the oldest.
func (m *machine) surplus(fresh *model) []*model {
	if fresh.actor != nil {
		return nil // an operator's look signs nobody out
	}
	const timeout = 800 * time.Millisecond
	listed := m.now.Add(-m.Policy().Absolute - session.Skew).Truncate(time.Second)
	var live []*model
	for _, s := range append(slices.Clone(m.sessions), fresh) {
		if s.subject == fresh.subject && s.actor == nil && s != fresh.replaces && s.end == "" && !s.endedWith(m.everybody) &&
			s.expires().Add(session.Skew+timeout).After(m.now) && !s.created.Before(listed) {
			live = append(live, s)
		}
	}
	newest(live)
	return live[min(len(live), m.Policy().PerUser):]
}
