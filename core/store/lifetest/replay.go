package lifetest

import (
	"time"

	"coatcheck/core/session"
)

func replayChecks() []Check {
	return []Check{
		{"replay-previous-after-the-grace", "previous, later: replay: end with token_reuse, alarm", replay},
		{"replay-where-a-cookie-can-be-set", "previous, later: replay, also at an answer that could set a cookie", replayAtRenew},
		{"replay-superseded", "a pending token that another took the place of comes back: there are two holders: replay", superseded},
		{"replay-superseded-after-confirmation", "a superseded token is a replay also after the other was confirmed", supersededLater},
		{"replay-of-an-ended-session", "the first end stays", replayOfEnded},
		{"rotation-of-an-ended-session", "every later write requires: exists, not ended, not expired", rotationOfEnded},
		{"rotation-meets-an-end", "what was ended never comes back: a rotation that meets an end is refused", rotationMeetsEnd},
		{"rotation-signing-out", "logout ends the session whichever of its tokens is in hand", signsOutWithAny},
		{"rotation-signing-in-with-a-token-in-hand", "signing in with a session in hand ends it, whichever of its tokens is in hand", replacesWithAny},
	}
}

func replay(s *scene) {
	first, second, id := s.rotated("ann")
	s.move(grace + session.Skew + ms)
	s.refused(s.Manager, first, session.Reused, session.TokenReuse)
	is := s.record(id)
	s.want(is.End.Reason == session.TokenReuse && is.End.By == session.ByRule && is.End.At.Equal(s.now), "the end is %+v", is.End)
	s.refused(s.Manager, second, session.Ended, session.TokenReuse)
	s.refused(s.Manager, first, session.Ended, session.TokenReuse)
}

func replayAtRenew(s *scene) {
	first, second, _ := s.rotated("ann")
	s.move(time.Hour)
	_, token, err := s.Renew(s.ctx, first)
	s.want(session.OutcomeOf(err) == session.Reused && token.IsZero(), "got %v", err)
	s.refused(s.Manager, second, session.Ended, session.TokenReuse)
}

// twoPending hands the holders of one token one after the other a new one.
func (s *scene) twoPending() (first ticket, superseded, pending session.Presented) {
	t := s.dueTicket("ann")
	superseded, _ = s.renew(s.Manager, t.Presented)
	s.move(2 * time.Minute)
	pending, ok := s.renew(s.Manager, t.Presented)
	s.want(ok, "no second pending token")
	return t, superseded, pending
}

func superseded(s *scene) {
	t, superseded, pending := s.twoPending()
	s.refused(s.Manager, superseded, session.Reused, session.TokenReuse)
	s.refused(s.Manager, pending, session.Ended, session.TokenReuse)
	s.refused(s.Manager, t.Presented, session.Ended, session.TokenReuse)
}

func supersededLater(s *scene) {
	_, superseded, pending := s.twoPending()
	s.allowed(s.Manager, pending)
	s.refused(s.Manager, superseded, session.Reused, session.TokenReuse)
	s.refused(s.Manager, pending, session.Ended, session.TokenReuse)
}

func replayOfEnded(s *scene) {
	first, _, id := s.rotated("ann")
	s.move(time.Minute)
	_, err := s.End(s.ctx, id, session.EndedByUser, session.BySubject("ann"))
	s.must(err)
	s.refused(s.Manager, first, session.Ended, session.EndedByUser)
	s.want(s.record(id).End.Reason == session.EndedByUser, "the end is %+v", s.record(id).End)
}

func rotationOfEnded(s *scene) {
	t := s.dueTicket("ann")
	next, _ := s.renew(s.Manager, t.Presented)
	_, err := s.End(s.ctx, t.ID, session.EndedByAdmin, session.ByOperator)
	s.must(err)
	before := s.record(t.ID).Secrets
	s.refused(s.Manager, next, session.Ended, session.EndedByAdmin)
	_, token, err := s.Renew(s.ctx, t.Presented)
	s.want(session.OutcomeOf(err) == session.Ended && token.IsZero(), "renew: %v", err)
	s.want(s.record(t.ID).Secrets == before, "the secrets changed after the end")
}

// The end comes after the look-up has read the session and before it writes.
func rotationMeetsEnd(s *scene) {
	for _, pending := range []bool{false, true} {
		t := s.dueTicket("ann")
		shown := t.Presented
		if pending {
			shown, _ = s.renew(s.Manager, t.Presented)
		}
		m := s.interrupted(func() {
			_, err := s.End(s.ctx, t.ID, session.EndedByAdmin, session.ByOperator)
			s.must(err)
		})
		_, token, err := m.Renew(s.ctx, shown)
		s.want(session.OutcomeOf(err) == session.Ended && token.IsZero(), "pending %t: %v", pending, err)
		s.want(s.record(t.ID).End.Reason == session.EndedByAdmin, "the end is %+v", s.record(t.ID).End)
	}
}

func signsOutWithAny(s *scene) {
	first, second, id := s.rotated("ann")
	ended, err := s.SignOut(s.ctx, first)
	s.must(err)
	s.want(ended.ID == id && ended.End.Reason == session.SignedOut, "with the one before: %+v", ended.End)
	s.refused(s.Manager, second, session.Ended, session.SignedOut)

	t := s.dueTicket("bob")
	pending, _ := s.renew(s.Manager, t.Presented)
	ended, err = s.SignOut(s.ctx, pending)
	s.must(err)
	s.want(ended.End.Reason == session.SignedOut, "with the pending one: %+v", ended.End)

	first, second, _ = s.rotated("cleo")
	s.move(time.Minute)
	ended, err = s.SignOut(s.ctx, first)
	s.must(err)
	s.want(ended.End.Reason == session.TokenReuse, "with a replayed one: %+v", ended.End)
	s.refused(s.Manager, second, session.Ended, session.TokenReuse)
}

func replacesWithAny(s *scene) {
	first, second, id := s.rotated("ann")
	fresh := s.signIn(s.Manager, session.SignIn{Subject: "ann", Replace: first})
	s.want(fresh.Replaces == id, "the one before replaces %v", fresh.Replaces)
	s.refused(s.Manager, second, session.Ended, session.Replaced)
	s.move(interval)
	pending, _ := s.renew(s.Manager, fresh.Presented)
	again := s.signIn(s.Manager, session.SignIn{Subject: "ann", Replace: pending})
	s.want(again.Replaces == fresh.ID, "the pending one replaces %v", again.Replaces)

	first, second, _ = s.rotated("bob")
	s.move(time.Minute)
	s.signIn(s.Manager, session.SignIn{Subject: "bob", Replace: first})
	s.refused(s.Manager, second, session.Ended, session.TokenReuse)
}
