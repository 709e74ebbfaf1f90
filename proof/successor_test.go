package proof_test

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Races of ends with what takes the place of a session meanwhile.

// stepsUp adds an actor who steps up from a session.
func (r *round) stepsUp(subject string, old ticket) *ticket {
	var fresh ticket
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: subject, Replace: old.Presented, StepUp: true})
	})
	return &fresh
}

// Who signs the others out stays signed in, and nobody else does.
func stepUpEndOthers(r *round) {
	ann := r.user("ann")
	old, other := r.enter(ann), r.enter(ann)
	fresh := r.stepsUp(ann, old)
	var ended error
	r.act(func(ctx context.Context) {
		_, ended = r.EndOthers(ctx, ann, old.record.ID, session.EndedByUser, session.BySubject(ann))
	})
	r.run()
	r.want(ended == nil, "end others: %v", ended)
	r.want(fresh.given() || errors.Is(fresh.err, session.ErrOvertaken), "the step-up: %v", fresh.err)
	r.want(!r.allowed(other.Presented), "another session is let in")
	r.want(r.live(ann) == 1, "%d sessions are live", r.live(ann))
	r.noStray(ann, old.Presented, fresh.Presented)
}

// What a step-up from another device made ends with that device.
func stepUpEndOthersElsewhere(r *round) {
	ann := r.user("ann")
	here, other := r.enter(ann), r.enter(ann)
	fresh := r.stepsUp(ann, other)
	var ended error
	r.act(func(ctx context.Context) {
		_, ended = r.EndOthers(ctx, ann, here.record.ID, session.EndedByUser, session.BySubject(ann))
	})
	r.run()
	r.want(ended == nil, "end others: %v", ended)
	r.want(r.allowed(here.Presented), "the session in hand ended")
	if r.began(0) < r.over(1) { // otherwise refused, or begun anew by who is still let in
		r.want(r.live(ann) == 1, "%d sessions are live (%v)", r.live(ann), fresh.err)
	}
}

// A step-up by the old password is over once the password was changed.
func stepUpOwnPassword(r *round) {
	ann := r.user("ann")
	here := r.enter(ann)
	r.stepsUp(ann, here)
	var failed error
	r.act(func(ctx context.Context) {
		_, failed = r.directory.ChangePassword(ctx, signin.PasswordChange{
			Subject: ann, New: secondPhrase, Keep: here.record.ID, EndOthers: true, By: session.BySubject(ann),
			Verify: func(ctx context.Context) (bool, error) {
				_, err := r.check(ann, firstPhrase)(ctx)
				return false, err
			},
		})
	})
	r.run()
	r.want(failed == nil, "password change: %v", failed)
	if r.allowed(here.Presented) {
		r.want(r.live(ann) == 1, "%d sessions are live beside the one in hand", r.live(ann)-1)
	} else {
		r.want(r.live(ann) == 0, "%d sessions by the old password are live", r.live(ann))
	}
}

// After a sign-out nobody is signed in, whatever became of a step-up.
func stepUpSignOut(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	r.stepsUp(ann, old)
	var out error
	r.act(func(ctx context.Context) { _, out = r.process(0).SignOut(ctx, old.Presented) })
	r.run()
	r.want(out == nil, "sign-out: %v", out)
	r.want(r.live(ann) == 0, "%d sessions are live", r.live(ann))
}

// The end of all of one user's leaves alone who signs in, in the same browser, as
// somebody else.
func otherUserEndAll(r *round) {
	ann, bob := r.user("ann"), r.user("bob")
	old := r.enter(ann)
	var fresh ticket
	var ended error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: bob, Replace: old.Presented})
	})
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).EndAll(ctx, ann, session.AccountDisabled, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end all: %v", ended)
	r.want(!r.allowed(old.Presented), "the session in hand is let in")
	r.want(fresh.given() && r.allowed(fresh.Presented), "somebody else's sign-in: %v", fresh.err)
}

// everyoneAgain ends everybody a second time, by a clock that is behind, right after
// sign-ins that were dated past the first time.
func everyoneAgain(r *round) {
	ann, bob := r.user("ann"), r.user("bob")
	_, err := r.process(session.Skew).EndEveryone(r.ctx)
	r.must(err)
	r.now = r.now.Add(time.Second)
	before := r.enter(bob)
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) { _, failed = r.process(-session.Skew).EndEveryone(ctx) })
	r.run()
	r.want(failed == nil, "end everybody: %v", failed)
	r.want(fresh.given(), "sign-in: %v", fresh.err)
	r.want(!r.allowed(before.Presented), "a session that was there before is let in")
	begun := r.began(0) < r.when(1, "raise")
	r.want(r.allowed(fresh.Presented) != begun, "the sign-in began before everybody was ended: %t, is let in: %t", begun, r.allowed(fresh.Presented))
}

// twoEndAlls are two ends of one user's sessions, the first of which repeats its fence
// as its answer is lost, and a sign-in: none brings back a fence that was read.
func twoEndAlls(r *round) {
	ann := r.user("ann")
	disabled := r.enter(ann)
	var fresh ticket
	var first, second error
	r.lost = map[int]string{1: "fence"}
	r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) {
		_, first = r.process(0).EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.act(func(ctx context.Context) {
		_, second = r.process(0).EndAll(ctx, ann, session.RolesChanged, session.ByOperator)
	})
	r.run()
	r.want(first == nil && second == nil, "end all: %v, %v", first, second)
	r.want(!r.allowed(disabled.Presented), "a session that was there before is let in")
	for _, end := range []int{1, 2} {
		if r.began(0) < r.last(end, "fence") {
			r.want(!fresh.given() || !r.allowed(fresh.Presented), "a sign-in that began before end %d is let in", end)
		}
	}
}
