package lifetest

import (
	"errors"
	"time"

	"coatcheck/core/session"
)

const (
	interval = time.Hour // the default of Policy.RotateEvery
	grace    = 30 * time.Second
	ms       = time.Millisecond
)

func rotationChecks() []Check {
	return []Check{
		{"rotation-current-interval-not-over", "current, nothing pending, interval not over: allow", notYet},
		{"rotation-current-no-cookie-possible", "current, interval over, no cookie possible: allow, nothing is written", noCookie},
		{"rotation-current-interval-over", "current, nothing pending, interval over, cookie possible: allow, new cookie, pending := new", due},
		{"rotation-current-pending-younger", "current, pending, younger than twice the grace: allow", pendingYounger},
		{"rotation-current-pending-older", "current, pending, older (its answer was lost), cookie possible: allow, new cookie, pending := new again", pendingOlder},
		{"rotation-pending", "pending: allow, confirm: previous := current, current := pending", confirms},
		{"rotation-pending-by-who-cannot-set-a-cookie", "pending: allow, confirm, whoever is asked", confirmsAnywhere},
		{"rotation-previous-within-the-grace", "previous, within the grace after the confirmation: allow, never as fresh", inTheGrace},
		{"rotation-unknown", "none of them: refuse as unknown; nothing is ended", unknownSecret},
		{"rotation-off", "rotation interval 0 = off", neverRotates},
		{"rotation-of-bearer", "rotation is at an answer that can set a cookie", bearerNeverRotates},
		{"rotation-keeps-the-session", "rotation replaces the secret in place", keepsTheSession},
		{"rotation-clocks-apart", "clocks may differ by up to 5 s: the honest holder is never signed out", clocksApart},
		{"rotation-met-by-another", "one new token an interval, whoever comes first", metByAnother},
		{"rotation-parallel-requests", "parallel requests of the honest holder are let in", parallelRequests},
	}
}

// dueTicket is a session whose interval is over.
func (s *scene) dueTicket(subject string) ticket {
	t := s.enter(subject)
	s.move(interval)
	return t
}

// rotated is a session whose token was replaced and the new one confirmed, just now.
func (s *scene) rotated(subject string) (first, second session.Presented, id session.ID) {
	t := s.dueTicket(subject)
	second, ok := s.renew(s.Manager, t.Presented)
	s.want(ok, "no new token though the interval is over")
	s.allowed(s.Manager, second)
	return t.Presented, second, t.ID
}

func notYet(s *scene) {
	t := s.enter("ann")
	s.move(interval - ms)
	_, ok := s.renew(s.Manager, t.Presented)
	s.want(!ok, "a new token before the interval was over")
	s.want(s.record(t.ID).Secrets.Next.IsZero(), "something is pending")
}

func noCookie(s *scene) {
	t := s.dueTicket("ann")
	before := s.record(t.ID).Secrets
	s.allowed(s.Manager, t.Presented)
	s.want(s.record(t.ID).Secrets == before, "the secrets changed")
}

func due(s *scene) {
	t := s.dueTicket("ann")
	next, ok := s.renew(s.Manager, t.Presented)
	s.want(ok && next.Token != t.Token, "no new token")
	is := s.record(t.ID).Secrets
	s.want(!is.Next.IsZero() && is.NextAt.Equal(s.now) && is.Current == t.Secrets.Current, "secrets are %+v", is)
	s.allowed(s.Manager, t.Presented)
	s.allowed(s.Manager, next)
}

func pendingYounger(s *scene) {
	t := s.dueTicket("ann")
	next, _ := s.renew(s.Manager, t.Presented)
	s.move(2*grace + session.Skew)
	_, again := s.renew(s.Manager, t.Presented)
	s.want(!again, "a second new token while the first may be on its way")
	s.allowed(s.Manager, next)
}

func pendingOlder(s *scene) {
	t := s.dueTicket("ann")
	lost, _ := s.renew(s.Manager, t.Presented)
	s.move(2*grace + session.Skew + ms)
	s.allowed(s.Manager, t.Presented)
	next, again := s.renew(s.Manager, t.Presented)
	s.want(again && next.Token != lost.Token, "no new token though the answer was lost")
	s.allowed(s.Manager, t.Presented)
	s.allowed(s.Manager, next)
}

func confirms(s *scene) {
	t := s.dueTicket("ann")
	next, _ := s.renew(s.Manager, t.Presented)
	s.move(time.Minute)
	_, again := s.renew(s.Manager, next)
	s.want(!again, "a new token right after the last")
	is := s.record(t.ID).Secrets
	s.want(is.Previous == t.Secrets.Current && is.Next.IsZero() && is.NextAt.IsZero() &&
		is.ConfirmedAt.Equal(s.now) && is.Rotations == 1 && is.Current != is.Previous, "secrets are %+v", is)
}

func confirmsAnywhere(s *scene) {
	t := s.dueTicket("ann")
	next, _ := s.renew(s.Manager, t.Presented)
	s.allowed(s.skewed(time.Second), next)
	s.want(s.record(t.ID).Secrets.Next.IsZero(), "still pending")
}

func inTheGrace(s *scene) {
	first, second, _ := s.rotated("ann")
	s.move(grace + session.Skew)
	s.allowed(s.Manager, first)
	first.Demand = session.Demand{MaxAuthAge: 8 * time.Hour}
	_, err := s.Lookup(s.ctx, first)
	s.want(errors.Is(err, session.ErrNotFresh), "with a demand of freshness: %v", err)
	second.Demand = first.Demand
	s.allowed(s.Manager, second)
}

func unknownSecret(s *scene) {
	first, second, id := s.rotated("ann")
	s.move(interval)
	third, ok := s.renew(s.Manager, second)
	s.want(ok, "no third token")
	s.allowed(s.Manager, third)
	s.refused(s.Manager, first, session.Unknown, "")
	s.want(s.record(id).State == session.StateActive, "a secret that is none of the session's ended it")
	s.allowed(s.Manager, third)
}

func neverRotates(s *scene) {
	p := policy
	p.RotateEvery = session.Never
	m := s.process(session.Options{Policy: p})
	t := s.signIn(m, session.SignIn{Subject: "ann"})
	s.move(3 * time.Hour)
	_, ok := s.renew(m, t.Presented)
	s.want(!ok, "a new token though rotation is off")
}

func bearerNeverRotates(s *scene) {
	t := s.signIn(s.Manager, session.SignIn{Subject: "ann", Bearer: true})
	s.move(interval)
	_, ok := s.renew(s.Manager, t.Presented)
	s.want(!ok, "a new token for a bearer session")
}

func keepsTheSession(s *scene) {
	_, second, id := s.rotated("ann")
	is, was := s.allowed(s.Manager, second), s.record(id)
	s.want(is.ID == id && is.Subject == "ann" && is.AbsoluteExpiry.Equal(was.CreatedAt.Add(8*time.Hour)) &&
		is.AuthTime.Equal(was.CreatedAt) && len(is.Roles) == 1, "the session is %+v", is)
	_, err := s.End(s.ctx, id, session.EndedByAdmin, session.ByOperator)
	s.must(err)
	s.refused(s.Manager, second, session.Ended, session.EndedByAdmin)
}

// The process that is asked first is behind, the other ahead: together by the skew.
func clocksApart(s *scene) {
	ahead := s.skewed(session.Skew)
	t := s.dueTicket("ann")
	next, _ := s.renew(s.Manager, t.Presented)
	s.move(2 * grace)
	_, again := s.renew(ahead, t.Presented)
	s.want(!again, "a clock that is ahead took the pending token for lost")
	s.allowed(s.Manager, next)
	s.move(grace)
	s.allowed(ahead, t.Presented)
	s.allowed(ahead, next)
}

// Another request of the holder is served between the look-up's read and its write.
func metByAnother(s *scene) {
	t := s.dueTicket("ann")
	var next session.Presented
	m := s.interrupted(func() { next, _ = s.renew(s.Manager, t.Presented) })
	_, again := s.renew(m, t.Presented)
	s.want(!again, "a second new token, which takes the place of the first")
	s.allowed(s.Manager, next)
}

func parallelRequests(s *scene) {
	t := s.dueTicket("ann")
	type answer struct {
		p   session.Presented
		new bool
		err error
	}
	answers := make(chan answer)
	for range 8 {
		go func() {
			_, token, err := s.Renew(s.ctx, t.Presented)
			answers <- answer{session.Presented{Token: token.Reveal()}, !token.IsZero(), err}
		}()
	}
	var tokens []session.Presented
	for range 8 {
		a := <-answers
		s.must(a.err)
		if a.new {
			tokens = append(tokens, a.p)
		}
	}
	s.want(len(tokens) == 1, "%d new tokens of 8 parallel requests, want 1", len(tokens))
	s.allowed(s.Manager, tokens[0])
	s.allowed(s.Manager, t.Presented)
}
