package lifetest

import (
	"errors"
	"time"

	"coatcheck/core/session"
)

func actingChecks() []Check {
	return []Check{
		{"acting-at-most-an-hour", "Impersonation: at most 1 h", actingHour},
		{"acting-no-longer-than-the-actor", "valid only while the actor's own session is", actingUntil},
		{"acting-ends-with-the-actor", "valid only while the actor's own session is: on the very next request, with its reason", actingEnds},
		{"acting-is-use-of-the-actors-session", "use of the one is use of the other", actingTouches},
		{"acting-is-never-fresh", "never counts as fresh", actingNeverFresh},
		{"acting-is-listed-to-the-user", "listed to the user", actingListed},
		{"acting-does-not-count-against-the-limit", "an operator's look does not sign a user out", actingLimit},
		{"acting-left-in-a-browser", "who leaves it in a browser has left his own session", actingLeft},
		{"acting-is-no-step-up", "never counts as fresh: no step-up in it", actingStepUp},
		{"acting-from-acting", "an actor's session is its holder's own", actingChain},
		{"acting-as-a-disabled-user", "disabling a user ends all of his sessions, acted ones too", actingDisabled},
	}
}

// acts signs the holder of a session in as a subject.
func (s *scene) acts(actor ticket, subject string) ticket {
	return s.signIn(s.Manager, session.SignIn{Subject: subject, Actor: actor.ID})
}

func actingHour(s *scene) {
	owner := s.enter("olga")
	s.move(time.Minute)
	t := s.acts(owner, "ann")
	s.want(t.Actor == owner.ID && t.Subject == "ann" && t.AbsoluteExpiry.Equal(s.now.Add(time.Hour)) &&
		t.AuthTime.Equal(owner.AuthTime), "the session is %+v", t.Record)
	s.move(time.Hour - ms)
	s.allowed(s.Manager, t.Presented)
	s.move(ms)
	s.refused(s.Manager, t.Presented, session.Expired, session.AbsoluteTimeout)
	s.allowed(s.Manager, owner.Presented)
}

func actingUntil(s *scene) {
	owner := s.enter("olga")
	for range 3 {
		s.move(2*time.Hour + 30*time.Minute)
		s.allowed(s.Manager, owner.Presented)
	}
	t := s.acts(owner, "ann")
	s.want(t.AbsoluteExpiry.Equal(owner.AbsoluteExpiry), "it lasts until %v, the actor's until %v", t.AbsoluteExpiry, owner.AbsoluteExpiry)
}

func actingEnds(s *scene) {
	owner := s.enter("olga")
	t := s.acts(owner, "ann")
	s.allowed(s.Manager, t.Presented)
	_, err := s.End(s.ctx, owner.ID, session.RolesChanged, session.ByOperator)
	s.must(err)
	s.refused(s.Manager, t.Presented, session.Ended, session.RolesChanged)
	page, err := s.List(s.ctx, "ann", session.UserPage{})
	s.must(err)
	s.want(page.Sessions[0].State == session.StateEnded && page.Sessions[0].Reason == session.RolesChanged, "listed as %s", page.Sessions[0].State)

	m := s.standard()
	idle := s.signIn(m, session.SignIn{Subject: "olga"})
	t = s.acts(idle, "ann")
	s.move(15 * time.Minute)
	s.refused(s.Manager, t.Presented, session.Expired, session.IdleTimeout)

	owner = s.enter("olga")
	s.move(time.Minute)
	s.endEveryone()
	s.refused(s.Manager, owner.Presented, session.Ended, session.EndedEverywhere)
	_, _, err = s.SignIn(s.ctx, session.SignIn{Subject: "ann", Actor: owner.ID, Check: granted()})
	s.wantRefusal(err, session.Ended, session.EndedEverywhere)
}

func actingTouches(s *scene) {
	m := s.standard()
	owner := s.signIn(m, session.SignIn{Subject: "olga"})
	t := s.signIn(m, session.SignIn{Subject: "ann", Actor: owner.ID})
	for range 4 {
		s.move(10 * time.Minute)
		s.allowed(m, t.Presented)
	}
	s.allowed(m, owner.Presented)
}

func actingNeverFresh(s *scene) {
	t := s.acts(s.enter("olga"), "ann")
	t.Demand = session.Demand{MaxAuthAge: 8 * time.Hour}
	_, err := s.Lookup(s.ctx, t.Presented)
	s.want(errors.Is(err, session.ErrNotFresh), "got %v", err)
}

func actingListed(s *scene) {
	own, owner := s.enter("ann"), s.enter("olga")
	t := s.acts(owner, "ann")
	page, err := s.List(s.ctx, "ann", session.UserPage{})
	s.must(err)
	s.want(len(page.Sessions) == 2, "%d sessions", len(page.Sessions))
	for _, one := range page.Sessions {
		s.want(one.ID == own.ID && one.Actor.IsZero() || one.ID == t.ID && one.Actor == owner.ID, "listed %v with the actor %v", one.ID, one.Actor)
	}
}

func actingLimit(s *scene) {
	limited := func(perUser int) *session.Manager {
		return s.process(session.Options{Policy: session.Policy{Idle: policy.Idle, PerUser: perUser}})
	}
	m, before := limited(1), limited(2)
	first := s.signIn(before, session.SignIn{Subject: "ann"})
	s.move(time.Second)
	own, owner := s.signIn(before, session.SignIn{Subject: "ann"}), s.signIn(m, session.SignIn{Subject: "olga"})
	s.move(time.Second)
	t := s.signIn(m, session.SignIn{Subject: "ann", Actor: owner.ID})
	s.allowed(m, first.Presented) // over a limit that was lowered, until he signs in himself
	s.allowed(m, own.Presented)
	s.move(time.Second)
	fresh := s.signIn(m, session.SignIn{Subject: "ann"})
	s.refused(m, own.Presented, session.Ended, session.SessionLimit)
	s.allowed(m, fresh.Presented)
	s.allowed(m, t.Presented)
}

func actingLeft(s *scene) {
	owner := s.enter("olga")
	t := s.acts(owner, "ann")
	_, err := s.SignOut(s.ctx, t.Presented)
	s.must(err)
	s.refused(s.Manager, t.Presented, session.Ended, session.SignedOut)
	s.refused(s.Manager, owner.Presented, session.Ended, session.SignedOut)
	s.want(s.record(t.ID).End.By == session.ByActor(owner.ID), "ended by %s", s.record(t.ID).End.By)

	owner = s.enter("olga")
	t = s.signIn(s.Manager, session.SignIn{Subject: "ann", Actor: owner.ID, Bearer: true})
	_, err = s.SignOut(s.ctx, t.Presented)
	s.must(err)
	s.allowed(s.Manager, owner.Presented)
}

func actingStepUp(s *scene) {
	t := s.acts(s.enter("olga"), "ann")
	_, err := s.stepUp(t.Presented, "ann", granted("clerk"))
	s.want(errors.Is(err, session.ErrActing), "got %v", err)
	s.allowed(s.Manager, t.Presented)
}

func actingChain(s *scene) {
	owner := s.enter("olga")
	t := s.acts(owner, "ann")
	_, _, err := s.SignIn(s.ctx, session.SignIn{Subject: "bob", Actor: t.ID, Check: granted()})
	s.want(errors.Is(err, session.ErrActing), "from an acted session: %v", err)
	_, _, err = s.SignIn(s.ctx, session.SignIn{Subject: "olga", Actor: owner.ID, Check: granted()})
	s.want(errors.Is(err, session.ErrInvalid), "as oneself: %v", err)
	_, _, err = s.SignIn(s.ctx, session.SignIn{Subject: "bob", Actor: session.ID{1}, Check: granted()})
	s.want(session.OutcomeOf(err) == session.Unknown, "from no session: %v", err)
	s.want(len(s.live("bob")) == 0, "a session was made")
}

func actingDisabled(s *scene) {
	ann := s.user("ann")
	t := s.acts(s.enter("olga"), ann)
	s.change(ann, disabledTo(true))
	s.refused(s.Manager, t.Presented, session.Ended, session.AccountDisabled)
}
