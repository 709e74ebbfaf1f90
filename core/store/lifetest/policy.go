package lifetest

import (
	"errors"
	"time"

	"coatcheck/core/session"
)

func policyChecks() []Check {
	const tighter = "At a lookup the record's own limits and the present policy both apply, the tighter wins. A looser policy is for new sessions."
	return []Check{
		{"policy-idle", "idle 15 min", idle},
		{"policy-absolute", "absolute 8 h, used or not", absolute},
		{"policy-remembered", "remembered idle 7 d / absolute 30 d (off by default)", remembered},
		{"policy-touch-interval-and-jitter", "Touch when at least TouchEvery has passed; each session up to a tenth later", touches},
		{"policy-passive", "Requests marked passive (polling) do not touch.", passive},
		{"policy-tighter-idle", tighter, tighterIdle},
		{"policy-tighter-absolute", tighter, tighterAbsolute},
		{"policy-looser", tighter, looser},
		{"policy-sessions-per-user", "sessions per user 10 (the oldest ends)", perUser},
		{"policy-fresh-age", "fresh-authentication age 15 min", freshAge},
		{"policy-roles-demanded", "a route can demand a role", roleDemanded},
	}
}

// standard is a process with the default policy.
func (s *scene) standard() *session.Manager { return s.process(session.Options{}) }

func idle(s *scene) {
	m := s.standard()
	t := s.signIn(m, session.SignIn{Subject: "ann"})
	s.move(15*time.Minute - ms)
	s.allowed(m, t.Presented)
	s.move(15 * time.Minute)
	s.refused(m, t.Presented, session.Expired, session.IdleTimeout)
	s.want(s.record(t.ID).End == session.End{}, "the timeout was written")
}

func absolute(s *scene) {
	m := s.standard()
	t := s.signIn(m, session.SignIn{Subject: "ann"})
	for range 8*6 - 1 {
		s.move(10 * time.Minute)
		s.allowed(m, t.Presented)
	}
	s.move(10*time.Minute - ms)
	s.allowed(m, t.Presented)
	s.move(ms)
	s.refused(m, t.Presented, session.Expired, session.AbsoluteTimeout)
}

func remembered(s *scene) {
	plain := s.standard()
	s.want(!s.signIn(plain, session.SignIn{Subject: "ann", Remember: true}).Remembered, "somebody is remembered by default")
	m := s.process(session.Options{Policy: session.Policy{RememberedIdle: 7 * 24 * time.Hour, RememberedAbsolute: 30 * 24 * time.Hour}})
	t := s.signIn(m, session.SignIn{Subject: "ann", Remember: true})
	s.move(7*24*time.Hour - ms)
	s.allowed(m, t.Presented)
	s.move(7 * 24 * time.Hour)
	s.refused(m, t.Presented, session.Expired, session.IdleTimeout)
	// Where nobody is remembered any more, the ordinary limits hold.
	t = s.signIn(m, session.SignIn{Subject: "ann", Remember: true})
	s.move(15 * time.Minute)
	s.refused(plain, t.Presented, session.Expired, session.IdleTimeout)
}

// touchedAfter is how long after its last use a session is first written.
func (s *scene) touchedAfter(m *session.Manager, t ticket) time.Duration {
	began := s.now
	for step := time.Duration(0); step <= 20; step++ {
		s.now = began.Add(90*time.Second - ms + step*9*time.Second/20)
		s.allowed(m, t.Presented)
		if r := s.record(t.ID); r.LastSeenAt.After(t.LastSeenAt) {
			s.want(r.LastSeenAt.Equal(s.now) && r.ExpiresAt.Equal(s.now.Add(15*time.Minute)), "touched to %v, %v", r.LastSeenAt, r.ExpiresAt)
			return s.now.Sub(began)
		}
	}
	s.want(false, "not touched within a tenth more than the interval")
	return 0
}

func touches(s *scene) {
	m := s.standard()
	seen := map[time.Duration]bool{}
	for range 6 {
		after := s.touchedAfter(m, s.signIn(m, session.SignIn{Subject: "ann"}))
		s.want(after >= 90*time.Second, "touched after %v", after)
		seen[after] = true
	}
	s.want(len(seen) > 1, "six sessions that began together write together")
}

func passive(s *scene) {
	m := s.standard()
	t := s.signIn(m, session.SignIn{Subject: "ann"})
	t.Passive = true
	for range 7 {
		s.move(2 * time.Minute)
		s.allowed(m, t.Presented)
	}
	s.move(time.Minute)
	s.refused(m, t.Presented, session.Expired, session.IdleTimeout)
}

func tighterIdle(s *scene) {
	t := s.enter("ann")
	tight := s.process(session.Options{Policy: session.Policy{Idle: 10 * time.Minute}})
	s.move(10*time.Minute - ms)
	t.Passive = true
	s.allowed(tight, t.Presented)
	s.move(ms)
	s.refused(tight, t.Presented, session.Expired, session.IdleTimeout)
	s.allowed(s.Manager, t.Presented)
}

func tighterAbsolute(s *scene) {
	t := s.enter("ann")
	tight := s.process(session.Options{Policy: session.Policy{Idle: time.Hour, Absolute: time.Hour}})
	s.move(time.Hour - ms)
	s.allowed(s.Manager, t.Presented)
	s.allowed(tight, t.Presented)
	s.move(ms)
	s.refused(tight, t.Presented, session.Expired, session.AbsoluteTimeout)
}

func looser(s *scene) {
	m := s.standard()
	old := s.signIn(m, session.SignIn{Subject: "ann"})
	loose := s.process(session.Options{Policy: session.Policy{Idle: 2 * time.Hour, Absolute: 20 * time.Hour}})
	fresh := s.signIn(loose, session.SignIn{Subject: "ann"})
	s.move(15 * time.Minute)
	s.refused(loose, old.Presented, session.Expired, session.IdleTimeout)
	s.allowed(loose, fresh.Presented)

	used := s.signIn(m, session.SignIn{Subject: "ann"})
	s.move(14 * time.Minute)
	s.allowed(loose, used.Presented) // and the use is written down
	s.want(s.record(used.ID).ExpiresAt.Equal(s.now.Add(15*time.Minute)), "a use extends it until %v", s.record(used.ID).ExpiresAt)
	s.move(15 * time.Minute)
	s.refused(loose, used.Presented, session.Expired, session.IdleTimeout)
}

func perUser(s *scene) {
	m := s.standard()
	var all []ticket
	for range 11 {
		s.move(time.Second)
		all = append(all, s.signIn(m, session.SignIn{Subject: "ann"}))
	}
	s.refused(m, all[0].Presented, session.Ended, session.SessionLimit)
	for _, t := range all[1:] {
		s.allowed(m, t.Presented)
	}
}

func freshAge(s *scene) {
	t := s.enter("ann")
	t.Demand = session.Demand{MaxAuthAge: s.Policy().FreshFor}
	s.move(15*time.Minute - ms)
	s.allowed(s.Manager, t.Presented)
	s.move(ms)
	_, err := s.Lookup(s.ctx, t.Presented)
	var refusal *session.Refusal
	s.want(errors.As(err, &refusal) && refusal.Outcome == session.Forbidden && errors.Is(err, session.ErrNotFresh) &&
		refusal.Demand.MaxAuthAge == 15*time.Minute, "got %v", err)
}

func roleDemanded(s *scene) {
	t := s.enter("ann")
	t.Demand = session.Demand{AnyRole: []string{"boss", "clerk"}}
	s.allowed(s.Manager, t.Presented)
	t.Demand = session.Demand{AnyRole: []string{"boss"}}
	_, err := s.Lookup(s.ctx, t.Presented)
	s.want(errors.Is(err, session.ErrForbidden) && errors.Is(err, session.ErrRole), "got %v", err)
	t.Demand = session.Demand{}
	s.allowed(s.Manager, t.Presented)
}
