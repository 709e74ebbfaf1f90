package lifetest

import (
	"errors"
	"time"

	"coatcheck/core/session"
)

func manyChecks() []Check {
	return []Check{
		{"end-one", "End keeps the first reason; ending what has ended is success and returns the record.", endOne},
		{"end-of-what-expired", "an end is never refused because the record is old", endExpired},
		{"end-others", "all but the one in hand end", endOthers},
		{"end-all-of-one", "Sign out everywhere misses nothing", endAll},
	}
}

func everybodyChecks() []Check {
	const bound = "Each process reads the control again at most every 5 s."
	return []Check{
		{"everybody-at-once-here", "Everybody, now: one write of control.endedBefore.", everybodyHere},
		{"everybody-elsewhere-within-the-bound", bound, everybodyElsewhere},
		{"everybody-with-every-request", "0 means with every request", everybodyAtOnce},
		{"everybody-sign-in-after-it", "where endedBefore plus skew is not before createdAt, createdAt moves just past it", everybodySignIn},
		{"everybody-by-a-clock-ahead", "A session is over when createdAt is before it plus skew.", everybodySkew},
		{"everybody-by-a-clock-behind", "every rule that compares two clocks errs towards ending", everybodyBehind},
		{"everybody-only-grows", "Only grows", everybodyGrows},
		{"everybody-in-lists-before-the-sweep", "a list tells a session that is over as over", everybodyInLists},
		{"sweep-writes-the-ends", "A sweep writes the ends behind it, so that lists and counts become exact.", sweepWrites},
		{"sweep-goes-on", "the sweep goes on where it left off", sweepGoesOn},
		{"sweep-leaves-what-was-over", "the first end stays, and what expired before stays expired", sweepLeaves},
	}
}

func endOne(s *scene) {
	t := s.enter("ann")
	s.allowed(s.Manager, t.Presented)
	_, err := s.End(s.ctx, t.ID, session.EndedByUser, session.BySubject("ann"))
	s.must(err)
	s.refused(s.Manager, t.Presented, session.Ended, session.EndedByUser)
	s.move(time.Minute)
	again, err := s.End(s.ctx, t.ID, session.EndedByAdmin, session.ByOperator)
	s.must(err)
	s.want(again.End.Reason == session.EndedByUser && again.End.At.Equal(s.now.Add(-time.Minute)), "the end is %+v", again.End)
}

func endExpired(s *scene) {
	t := s.enter("ann")
	s.move(9 * time.Hour)
	r, err := s.End(s.ctx, t.ID, session.EndedByAdmin, session.ByOperator)
	s.must(err)
	s.want(r.End.Reason == session.EndedByAdmin, "the end is %+v", r.End)
}

// The one in hand is neither the user's oldest session nor the newest.
func endOthers(s *scene) {
	var all []ticket
	for range 3 {
		all = append(all, s.enter("ann"))
		s.move(time.Second)
	}
	here, other := all[1], s.enter("bob")
	n, err := s.EndOthers(s.ctx, "ann", here.ID, session.EndedByUser, session.BySubject("ann"))
	s.must(err)
	s.want(n == 2, "%d ended", n)
	s.allowed(s.Manager, here.Presented)
	s.refused(s.Manager, all[0].Presented, session.Ended, session.EndedByUser)
	s.refused(s.Manager, all[2].Presented, session.Ended, session.EndedByUser)
	s.allowed(s.Manager, other.Presented)
}

func endAll(s *scene) {
	var all []ticket
	for range 7 {
		all = append(all, s.enter("ann"))
	}
	other := s.enter("bob")
	n, err := s.EndAll(s.ctx, "ann", session.EndedByAdmin, session.ByOperator)
	s.must(err)
	s.want(n == 7, "%d ended", n)
	for _, t := range all {
		s.refused(s.Manager, t.Presented, session.Ended, session.EndedByAdmin)
	}
	s.allowed(s.Manager, other.Presented)
}

func (s *scene) endEveryone() time.Time {
	before, err := s.EndEveryone(s.ctx)
	s.must(err)
	return before
}

func everybodyHere(s *scene) {
	a, b := s.enter("ann"), s.enter("bob")
	s.move(time.Minute)
	s.allowed(s.Manager, a.Presented) // which reads the control, and so not again soon
	s.want(s.endEveryone().Equal(s.now), "ended before another time")
	s.refused(s.Manager, a.Presented, session.Ended, session.EndedEverywhere)
	s.refused(s.Manager, b.Presented, session.Ended, session.EndedEverywhere)
}

func everybodyElsewhere(s *scene) {
	elsewhere := s.process(session.Options{Policy: policy})
	t := s.enter("ann")
	s.allowed(elsewhere, t.Presented) // which reads the control
	s.endEveryone()
	s.move(5 * time.Second)
	s.refused(elsewhere, t.Presented, session.Ended, session.EndedEverywhere)
}

func everybodyAtOnce(s *scene) {
	elsewhere := s.process(session.Options{Policy: policy, ControlEvery: -1})
	t := s.enter("ann")
	s.allowed(elsewhere, t.Presented)
	s.endEveryone()
	s.refused(elsewhere, t.Presented, session.Ended, session.EndedEverywhere)
}

func everybodySignIn(s *scene) {
	before := s.endEveryone()
	elsewhere := s.process(session.Options{Policy: policy, ControlEvery: -1})
	t := s.signIn(elsewhere, session.SignIn{Subject: "ann"})
	s.want(t.CreatedAt.After(before.Add(session.Skew)), "created at %v", t.CreatedAt)
	s.allowed(elsewhere, t.Presented)
	s.allowed(s.Manager, t.Presented)
}

func everybodySkew(s *scene) {
	t := s.signIn(s.skewed(session.Skew), session.SignIn{Subject: "ann"})
	s.endEveryone()
	s.move(session.Skew)
	s.refused(s.Manager, t.Presented, session.Ended, session.EndedEverywhere)
}

// The session expires by the clock of who ends everybody, and not yet by another.
func everybodyBehind(s *scene) {
	behind := s.skewed(-session.Skew)
	t := s.enter("ann")
	s.move(policy.Idle)
	s.endEveryone()
	s.refused(behind, t.Presented, session.Ended, session.EndedEverywhere)
}

// Everybody is ended by two at once, the later write by a clock that is behind.
func everybodyGrows(s *scene) {
	t := s.enter("ann")
	s.move(time.Minute)
	behind := s.skewedAndInterrupted(-time.Hour, func() { s.endEveryone() })
	_, err := behind.EndEveryone(s.ctx)
	s.must(err)
	s.refused(s.process(session.Options{Policy: policy}), t.Presented, session.Ended, session.EndedEverywhere)
}

func everybodyInLists(s *scene) {
	t := s.enter("ann")
	s.move(time.Minute)
	_, err := s.process(session.Options{Policy: policy}).EndEveryone(s.ctx)
	s.must(err)
	s.move(5 * time.Second)
	s.want(len(s.live("ann")) == 0, "a user's list tells it as active")
	s.want(len(s.all(session.AllQuery{State: session.StateActive})) == 0, "the list of all tells it as active")
	one := s.record(t.ID)
	s.want(one.State == session.StateEnded && one.Reason == session.EndedEverywhere, "it is %s %s", one.State, one.Reason)
}

// sweep takes every step of the sweep and returns how many it ended.
func (s *scene) sweep() int {
	n, cursor := 0, ""
	for {
		step, err := s.Sweep(s.ctx, session.ByOperator, cursor)
		s.must(err)
		n += step.Ended
		if cursor = step.Next; cursor == "" {
			return n
		}
	}
}

func (s *scene) count(state session.State) int {
	n, err := s.CountAll(s.ctx, state, time.Time{}, time.Time{})
	s.must(err)
	return n
}

func sweepWrites(s *scene) {
	a := s.enter("ann")
	s.enter("bob")
	s.move(time.Minute)
	before := s.endEveryone()
	s.move(time.Minute)
	fresh := s.enter("ann")
	s.want(s.count(session.StateActive) == 3, "%d counted before the sweep", s.count(session.StateActive))
	s.want(s.sweep() == 2, "the sweep ended others than the two")
	is := s.record(a.ID)
	s.want(is.End.Reason == session.EndedEverywhere && is.End.At.Equal(before) && is.End.By == session.ByOperator, "the end is %+v", is.End)
	s.want(s.count(session.StateActive) == 1 && s.count(session.StateEnded) == 2, "after the sweep %d active, %d ended",
		s.count(session.StateActive), s.count(session.StateEnded))
	s.allowed(s.Manager, fresh.Presented)
	s.want(s.sweep() == 0, "a second sweep ended something")
}

func sweepGoesOn(s *scene) {
	const many = session.DefaultStep + 5
	for range many {
		s.create("ann")
	}
	s.move(time.Minute)
	s.endEveryone()
	first, err := s.Sweep(s.ctx, session.ByRule, "")
	s.must(err)
	s.want(first.Next != "" && first.Ended == session.DefaultStep, "the first step ended %d, next %q", first.Ended, first.Next)
	_, err = s.Sweep(s.ctx, session.ByRule, first.Next[1:])
	s.want(errors.Is(err, session.ErrCursor), "a cursor that was made up: %v", err)
	second, err := s.Sweep(s.ctx, session.ByRule, first.Next)
	s.must(err)
	s.want(second.Ended == many-session.DefaultStep, "the second step ended %d", second.Ended)
}

// create makes a session past the limit of a user.
func (s *scene) create(subject string) session.Record {
	m := s.process(session.Options{Policy: session.Policy{Idle: policy.Idle, Absolute: policy.Absolute, PerUser: 1000}})
	return s.signIn(m, session.SignIn{Subject: subject}).Record
}

func sweepLeaves(s *scene) {
	ended := s.enter("ann")
	_, err := s.End(s.ctx, ended.ID, session.SignedOut, session.BySubject("ann"))
	s.must(err)
	expired := s.enter("ann")
	s.move(policy.Idle + time.Minute)
	s.endEveryone()
	s.want(s.sweep() == 0, "the sweep ended what was over")
	s.want(s.record(ended.ID).Reason == session.SignedOut, "the first end is gone")
	s.want(s.record(expired.ID).Reason == session.IdleTimeout, "what had expired is %s", s.record(expired.ID).Reason)
}
