package lifetest

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

const replacedAtOnce = "Change of privilege means a new session: the new record says what it replaces; the old one ends as replaced at once, without grace."

func privilegeChecks() []Check {
	return []Check{
		{"stepup-makes-a-new-session", replacedAtOnce, stepsUp},
		{"stepup-is-fresh", "step-up: credential again", stepUpIsFresh},
		{"stepup-same-subject-only", "step-up: same subject", stepUpOfAnother},
		{"stepup-wrong-credential", "a credential that is refused leaves the session as it was", stepUpRefused},
		{"stepup-of-what-is-over", "step-up needs a live session", stepUpOfOver},
		{"stepup-overtaken-by-an-end", "what was ended never comes back: an end that comes during a step-up stands", stepUpOvertaken},
		{"stepup-keeps-how-it-was-handed-out", "a step-up is remembered and handed out as the session before", stepUpKeeps},
		{"stepup-of-a-replay", "a stolen token that was rotated out is noticed, at a step-up too", stepUpReplay},
		{"signin-with-a-session-in-hand", "signing in with a live session in hand: the old one ends as replaced", replacesInHand},
		{"signin-with-anothers-session-in-hand", "signing in with a live session in hand, whoever's it is", replacesAnothers},
		{"signin-with-an-ended-session-in-hand", "the first end stays", replacesNoEnded},
	}
}

func (s *scene) stepUp(p session.Presented, subject string, check func(context.Context) (session.Grant, error)) (ticket, error) {
	token, r, err := s.SignIn(s.ctx, session.SignIn{Subject: subject, StepUp: true, Replace: p, Check: check})
	return ticket{session.Presented{Token: token.Reveal(), Bearer: r.Bearer}, r}, err
}

func stepsUp(s *scene) {
	old := s.enter("ann")
	s.move(time.Minute)
	fresh, err := s.stepUp(old.Presented, "ann", granted("clerk"))
	s.must(err)
	was := s.record(old.ID)
	s.want(s.record(fresh.ID).Replaces == old.ID && was.End.ReplacedBy == fresh.ID && was.End.Reason == session.Replaced &&
		fresh.ID != old.ID && fresh.Token != old.Token, "replaces %v; the old one's end is %+v", fresh.Replaces, was.End)
	s.refused(s.Manager, old.Presented, session.Ended, session.Replaced)
	s.allowed(s.Manager, fresh.Presented)
	s.want(len(s.live("ann")) == 1, "%d live sessions", len(s.live("ann")))
}

func stepUpIsFresh(s *scene) {
	old := s.enter("ann")
	s.move(15 * time.Minute)
	demand := session.Demand{MaxAuthAge: 15 * time.Minute}
	old.Demand = demand
	_, err := s.Lookup(s.ctx, old.Presented)
	s.want(errors.Is(err, session.ErrNotFresh), "after the fresh age: %v", err)
	old.Demand = session.Demand{}
	fresh, err := s.stepUp(old.Presented, "ann", granted("clerk"))
	s.must(err)
	fresh.Demand = demand
	s.want(s.allowed(s.Manager, fresh.Presented).AuthTime.Equal(s.now), "authenticated at another time")
}

func stepUpOfAnother(s *scene) {
	old := s.enter("ann")
	_, err := s.stepUp(old.Presented, "bob", granted("clerk"))
	s.want(session.OutcomeOf(err) == session.Unknown, "got %v", err)
	s.allowed(s.Manager, old.Presented)
	s.want(len(s.live("bob")) == 0, "the other has a session")
}

func stepUpRefused(s *scene) {
	old := s.enter("ann")
	refuse := func(context.Context) (session.Grant, error) { return session.Grant{}, signin.ErrRefused }
	_, err := s.stepUp(old.Presented, "ann", refuse)
	s.want(errors.Is(err, signin.ErrRefused), "got %v", err)
	s.allowed(s.Manager, old.Presented)
	s.want(len(s.live("ann")) == 1, "%d live sessions", len(s.live("ann")))
}

func stepUpOfOver(s *scene) {
	ended, expired := s.enter("ann"), s.enter("ann")
	_, err := s.End(s.ctx, ended.ID, session.EndedByUser, session.BySubject("ann"))
	s.must(err)
	_, err = s.stepUp(ended.Presented, "ann", granted("clerk"))
	s.wantRefusal(err, session.Ended, session.EndedByUser)
	s.move(policy.Idle)
	_, err = s.stepUp(expired.Presented, "ann", granted("clerk"))
	s.wantRefusal(err, session.Expired, session.IdleTimeout)
	_, err = s.stepUp(session.Presented{}, "ann", granted("clerk"))
	s.wantRefusal(err, session.Absent, "")
	s.want(len(s.live("ann")) == 0, "a session was made")
}

func (s *scene) wantRefusal(err error, outcome session.Outcome, reason session.EndReason) {
	var refusal *session.Refusal
	s.want(errors.As(err, &refusal) && refusal.Outcome == outcome && refusal.Reason == reason,
		"got %v, want %s %s", err, outcome, reason)
}

func stepUpOvertaken(s *scene) {
	old := s.enter("ann")
	_, err := s.stepUp(old.Presented, "ann", func(ctx context.Context) (session.Grant, error) {
		_, err := s.End(ctx, old.ID, session.EndedByAdmin, session.ByOperator)
		s.must(err)
		return session.Grant{}, nil
	})
	s.wantRefusal(err, session.Ended, session.EndedByAdmin)
	s.want(len(s.live("ann")) == 0, "a session is left live")
}

func stepUpKeeps(s *scene) {
	p := policy
	p.RememberedIdle, p.RememberedAbsolute = 7*24*time.Hour, 30*24*time.Hour
	m := s.process(session.Options{Policy: p})
	remembered := s.signIn(m, session.SignIn{Subject: "ann", Remember: true})
	_, fresh, err := m.SignIn(s.ctx, session.SignIn{Subject: "ann", StepUp: true, Replace: remembered.Presented, Check: granted()})
	s.must(err)
	s.want(fresh.Remembered && fresh.AbsoluteExpiry.Equal(s.now.Add(p.RememberedAbsolute)), "remembered %t until %v", fresh.Remembered, fresh.AbsoluteExpiry)
	bearer := s.signIn(s.Manager, session.SignIn{Subject: "ann", Bearer: true})
	again, err := s.stepUp(bearer.Presented, "ann", granted())
	s.must(err)
	s.want(again.Record.Bearer, "a bearer session became a cookie's")
}

func stepUpReplay(s *scene) {
	first, second, _ := s.rotated("ann")
	s.move(time.Minute)
	_, err := s.stepUp(first, "ann", granted())
	s.wantRefusal(err, session.Reused, session.TokenReuse)
	s.refused(s.Manager, second, session.Ended, session.TokenReuse)
}

func replacesInHand(s *scene) {
	old := s.enter("ann")
	fresh := s.signIn(s.Manager, session.SignIn{Subject: "ann", Replace: old.Presented})
	s.want(fresh.Replaces == old.ID, "replaces %v", fresh.Replaces)
	s.refused(s.Manager, old.Presented, session.Ended, session.Replaced)
}

func replacesAnothers(s *scene) {
	old := s.enter("ann")
	s.signIn(s.Manager, session.SignIn{Subject: "bob", Replace: old.Presented})
	s.refused(s.Manager, old.Presented, session.Ended, session.Replaced)
}

func replacesNoEnded(s *scene) {
	old := s.enter("ann")
	_, err := s.End(s.ctx, old.ID, session.SignedOut, session.BySubject("ann"))
	s.must(err)
	fresh := s.signIn(s.Manager, session.SignIn{Subject: "ann", Replace: old.Presented})
	s.want(fresh.Replaces.IsZero(), "replaces an ended session")
	s.refused(s.Manager, old.Presented, session.Ended, session.SignedOut)
}
