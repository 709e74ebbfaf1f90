package proof_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// races are what may happen at the same time, with what has to hold in every order of
// the store calls. Small ones are run in all orders, always; of the large ones, which
// have millions, a sample is drawn that repeats itself.
var races = []struct {
	name     string
	large    bool
	scenario func(*round)
}{
	{"sign-in, end-all", false, signInEndAll},
	{"sign-in with a session in hand, end-all", false, replaceEndAll},
	{"sign-in, disable", false, func(r *round) { signInsDisable(r, 1) }},
	{"two sign-ins, disable", true, func(r *round) { signInsDisable(r, 2) }},
	{"sign-in, password reset", false, signInReset},
	{"sign-in, roles", false, signInRoles},
	{"sign-in, own password, others end", false, func(r *round) { signInsOwnPassword(r, 1, true) }},
	{"sign-in, own password, others stay", false, func(r *round) { signInsOwnPassword(r, 1, false) }},
	{"two sign-ins, own password, others end", true, func(r *round) { signInsOwnPassword(r, 2, true) }},
	{"two sign-ins, own password, others stay", true, func(r *round) { signInsOwnPassword(r, 2, false) }},
	{"sign-in, end-others", false, signInEndOthers},
	{"sign-in, end everybody, clocks apart", false, signInEveryone},
	{"two sign-ins over the limit", false, func(r *round) { overLimit(r, 0, 0) }},
	{"two sign-ins over the limit, clocks 5 s apart", false, func(r *round) { overLimit(r, 0, 5*time.Second) }},
	{"three sign-ins over the limit, clocks 5 s apart", true, func(r *round) { overLimit(r, 5*time.Second, 0, 2*time.Second) }},
	{"two sign-ins with one session in hand", false, twoReplace},
	{"look-up that touches, end", false, touchEnd},
	{"look-up that touches, sign-out, end-all", false, touchSignOutEndAll},
	{"offer, sign-out", false, offerSignOut},
	{"two offers, end", false, offersEnd},
	{"confirmation, sign-out with the token before", false, confirmSignOut},
	{"confirmation, end-all", false, confirmEndAll},
	{"confirmation, confirmation, end", false, confirmationsEnd},
	{"confirmation, replay", false, confirmReplay},
	{"step-up, step-up", false, stepUps},
	{"step-up, end", false, stepUpEnd},
	{"step-up, end-all", false, stepUpEndAll},
	{"step-up, disable", false, stepUpDisable},
	{"sweep, sign-in", false, sweepSignIn},
	{"sweep, end", false, sweepEnd},
	{"walk that ends, look-ups that touch", true, walkTouch},
	{"acting as somebody, end of the actor", false, actingEnd},
	{"step-up, end-others", false, stepUpEndOthers},
	{"step-up elsewhere, end-others", false, stepUpEndOthersElsewhere},
	{"step-up, own password", false, stepUpOwnPassword},
	{"step-up, sign-out", false, stepUpSignOut},
	{"sign-in as somebody else with a session in hand, end-all", false, otherUserEndAll},
	{"sign-in, end everybody again, clocks apart", false, everyoneAgain},
	{"two sign-ins, one with a session in hand, end-all", true, signInsAgainst("end-all")},
	{"two sign-ins, one with a session in hand, disable", true, signInsAgainst("disable")},
	{"two sign-ins, one with a session in hand, password reset", true, signInsAgainst("password reset")},
	{"two sign-ins, one with a session in hand, roles", true, signInsAgainst("roles")},
	{"sign-in, end-all whose fence had no answer, end-all", true, twoEndAlls},
	{"sign-in, erasure", false, eraseAgainst(func(ticket) session.SignIn { return session.SignIn{} })},
	{"sign-in with a session in hand, erasure", false, eraseAgainst(func(old ticket) session.SignIn {
		return session.SignIn{Replace: old.Presented}
	})},
	{"step-up, erasure", false, eraseAgainst(func(old ticket) session.SignIn {
		return session.SignIn{Replace: old.Presented, StepUp: true}
	})},
	{"erasure, erasure", true, eraseErase},
}

func TestRaces(t *testing.T) {
	rounds := 0
	for _, race := range races {
		t.Run(race.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, which := 2000, "drawn of many"
				if whole() {
					n = 26_000
				}
				if race.large {
					which = fmt.Sprintf("%s, %d of them different", which, sampled(t, n, race.scenario))
				} else {
					n, which = complete(t, race.scenario), "all that there are"
				}
				t.Logf("%d orders, %s", n, which)
				rounds += n
			})
		})
	}
	t.Logf("%d orders in all", rounds)
}

// overtakenOrGiven wants a sign-in to have given a token or to have been overtaken.
func (r *round) overtakenOrGiven(k *ticket) {
	r.want(k.given() || errors.Is(k.err, session.ErrOvertaken), "the sign-in failed: %v", k.err)
}

// noStray wants no session live but those whose token is with somebody.
func (r *round) noStray(subject string, given ...session.Presented) {
	n := 0
	for _, p := range given {
		if p.Token != "" && r.allowed(p) {
			n++
		}
	}
	r.want(r.live(subject) == n, "%d sessions are live, and %d are held", r.live(subject), n)
}

func signInEndAll(r *round) {
	ann, bob := r.user("ann"), r.user("bob")
	old, other := r.enter(ann), r.enter(bob)
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.Manager, session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) {
		_, failed = r.EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "end all: %v", failed)
	r.overtakenOrGiven(&fresh)
	r.want(!r.allowed(old.Presented), "a session that was there before is let in")
	r.want(r.allowed(other.Presented), "somebody else's session ended")
	r.noStray(ann, fresh.Presented)
	if r.began(0) < r.when(1, "fence") {
		r.want(!fresh.given() || !r.allowed(fresh.Presented), "a sign-in that began before the end is let in")
	}
	if r.began(0) >= r.over(1) {
		r.want(fresh.given() && r.allowed(fresh.Presented), "a sign-in that began after the end is refused: %v", fresh.err)
	}
}

func replaceEndAll(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.Manager, session.SignIn{Subject: ann, Replace: old.Presented})
	})
	r.act(func(ctx context.Context) {
		_, failed = r.EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "end all: %v", failed)
	r.overtakenOrGiven(&fresh)
	r.want(!r.allowed(old.Presented), "the session in hand is let in")
	r.noStray(ann, fresh.Presented)
	if r.began(0) < r.when(1, "fence") {
		r.want(!fresh.given() || !r.allowed(fresh.Presented), "a sign-in that began before the end is let in")
	}
}

func signInsDisable(r *round, signIns int) {
	ann, bob := r.user("ann"), r.user("bob")
	r.enter(ann)
	other := r.enter(bob)
	fresh := make([]ticket, signIns)
	for i := range fresh {
		r.act(func(ctx context.Context) { fresh[i] = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	}
	var failed error
	disabled := true
	r.act(func(ctx context.Context) {
		_, failed = r.directory.Change(ctx, ann, signin.UserChange{Disabled: &disabled}, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "disable: %v", failed)
	for i := range fresh {
		r.want(fresh[i].given() || errors.Is(fresh[i].err, session.ErrOvertaken) || errors.Is(fresh[i].err, signin.ErrRefused),
			"the sign-in failed: %v", fresh[i].err)
	}
	r.want(r.live(ann) == 0, "%d sessions of a disabled user are live", r.live(ann))
	r.want(r.allowed(other.Presented), "somebody else's session ended")
}

func signInReset(r *round) {
	ann := r.user("ann")
	r.enter(ann)
	var byOld, byNew ticket
	var failed error
	password := signin.NewPassword(secondPhrase)
	r.act(func(ctx context.Context) { byOld = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) {
		_, failed = r.directory.Change(ctx, ann, signin.UserChange{Password: &password}, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "reset: %v", failed)
	r.want(r.live(ann) == 0, "%d sessions by the old password are live (%v)", r.live(ann), byOld.err)
	byNew = r.signIn(r.ctx, r.Manager, session.SignIn{Subject: ann, Check: r.check(ann, secondPhrase)})
	r.want(byNew.given(), "the new password: %v", byNew.err)
}

func signInRoles(r *round) {
	ann := r.user("ann")
	r.enter(ann)
	var fresh ticket
	var failed error
	roles := []string{"guest"}
	r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) {
		_, failed = r.directory.Change(ctx, ann, signin.UserChange{Roles: &roles}, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "roles: %v", failed)
	r.overtakenOrGiven(&fresh)
	if fresh.given() && r.allowed(fresh.Presented) {
		r.want(fresh.record.Roles[0] == "guest", "a session with the old roles is live")
	}
	r.noStray(ann, fresh.Presented)
}

func signInsOwnPassword(r *round, signIns int, endOthers bool) {
	ann := r.user("ann")
	here, other := r.enter(ann), r.enter(ann)
	fresh := make([]ticket, signIns)
	for i := range fresh {
		r.act(func(ctx context.Context) { fresh[i] = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	}
	var failed error
	r.act(func(ctx context.Context) {
		_, failed = r.directory.ChangePassword(ctx, signin.PasswordChange{
			Subject: ann, New: secondPhrase, Keep: here.record.ID, EndOthers: endOthers, By: session.BySubject(ann),
			Verify: func(ctx context.Context) (bool, error) {
				_, err := r.check(ann, firstPhrase)(ctx)
				return false, err
			},
		})
	})
	r.run()
	r.want(failed == nil, "password change: %v", failed)
	r.want(r.allowed(here.Presented), "the session in hand ended")
	r.want(r.allowed(other.Presented) == !endOthers, "the other session is let in: %t", r.allowed(other.Presented))
	held := []session.Presented{here.Presented, other.Presented}
	for i := range fresh {
		// Where others stay, a sign-in that was over before the fence moved is one of them.
		r.want(!fresh[i].given() || !r.allowed(fresh[i].Presented) || !endOthers && r.over(i) <= r.when(signIns, "fence"),
			"a session by the old password is live")
		held = append(held, fresh[i].Presented)
	}
	r.noStray(ann, held...)
}

func signInEndOthers(r *round) {
	ann := r.user("ann")
	here, other := r.enter(ann), r.enter(ann)
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann}) })
	r.act(func(ctx context.Context) {
		_, failed = r.EndOthers(ctx, ann, here.record.ID, session.EndedByUser, session.BySubject(ann))
	})
	r.run()
	r.want(failed == nil, "end others: %v", failed)
	r.overtakenOrGiven(&fresh)
	r.want(r.allowed(here.Presented), "the session in hand ended")
	r.want(!r.allowed(other.Presented), "another session is let in")
	if r.began(0) < r.when(1, "fence") {
		r.want(!fresh.given() || !r.allowed(fresh.Presented), "a sign-in that began before the end is let in")
	}
	r.noStray(ann, here.Presented, fresh.Presented)
}

// The clock of one sign-in is ahead by the skew and that of the other behind.
func signInEveryone(r *round) {
	ann, bob := r.user("ann"), r.user("bob")
	old := r.enter(bob)
	var fresh [2]ticket
	var failed error
	for i, off := range []time.Duration{session.Skew, -session.Skew} {
		r.act(func(ctx context.Context) {
			fresh[i] = r.signIn(ctx, r.process(off), session.SignIn{Subject: []string{ann, bob}[i]})
		})
	}
	r.act(func(ctx context.Context) { _, failed = r.process(0).EndEveryone(ctx) })
	r.run()
	r.want(failed == nil, "end everybody: %v", failed)
	r.want(!r.allowed(old.Presented), "a session that was there before is let in")
	for i := range fresh {
		r.want(fresh[i].given(), "sign-in: %v", fresh[i].err)
		before := r.began(i) < r.when(2, "raise")
		r.want(r.allowed(fresh[i].Presented) != before, "sign-in %d began before everybody was ended: %t, is let in: %t",
			i, before, r.allowed(fresh[i].Presented))
	}
}

// overLimit has two sessions, as many as the limit, and sign-ins by clocks that are off.
func overLimit(r *round, off ...time.Duration) {
	r.policy.PerUser = 2
	r.Manager = r.process(0)
	r.directory = r.directoryOf(r.Manager)
	ann := r.user("ann")
	old := []ticket{r.enter(ann), r.enter(ann)}
	r.now = r.now.Add(time.Minute)
	fresh := make([]ticket, len(off))
	for i := range off {
		r.act(func(ctx context.Context) { fresh[i] = r.signIn(ctx, r.process(off[i]), session.SignIn{Subject: ann}) })
	}
	r.run()
	held := []session.Presented{old[0].Presented, old[1].Presented}
	for i := range fresh {
		r.overtakenOrGiven(&fresh[i])
		held = append(held, fresh[i].Presented)
	}
	r.now = r.now.Add(session.Skew)
	r.want(r.live(ann) == 2, "%d sessions are live, and the limit is 2", r.live(ann))
	r.noStray(ann, held...)
}

func twoReplace(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	var fresh [2]ticket
	for i := range fresh {
		r.act(func(ctx context.Context) {
			fresh[i] = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: old.Presented})
		})
	}
	r.run()
	r.want(!r.allowed(old.Presented), "the session in hand is let in")
	for i := range fresh {
		r.want(fresh[i].given() && r.allowed(fresh[i].Presented), "sign-in %d: %v", i, fresh[i].err)
	}
}

// idleFor moves the clock so that the next use is written down.
func (r *round) idleFor(k ticket, d time.Duration) ticket {
	r.now = r.now.Add(d)
	return k
}

func touchEnd(r *round) {
	ann := r.user("ann")
	k := r.idleFor(r.enter(ann), time.Hour)
	var looked, ended error
	r.act(func(ctx context.Context) { _, looked = r.process(0).Lookup(ctx, k.Presented) })
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, k.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end: %v", ended)
	r.want(looked == nil || session.OutcomeOf(looked) == session.Ended, "look-up: %v", looked)
	r.want(r.began(0) < r.when(1, "end") || looked != nil, "a look-up that began after the end was let in")
	r.want(!r.allowed(k.Presented), "an ended session is let in")
}

func touchSignOutEndAll(r *round) {
	ann := r.user("ann")
	k := r.idleFor(r.enter(ann), time.Hour)
	second := r.enter(ann)
	var looked, out, ended error
	r.act(func(ctx context.Context) { _, looked = r.process(0).Lookup(ctx, k.Presented) })
	r.act(func(ctx context.Context) { _, out = r.process(0).SignOut(ctx, k.Presented) })
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil && out == nil, "end all: %v, sign-out: %v", ended, out)
	r.want(looked == nil || session.OutcomeOf(looked) == session.Ended, "look-up: %v", looked)
	r.want(r.began(0) < r.over(1) && r.began(0) < r.over(2) || looked != nil, "a look-up that began after an end was let in")
	r.want(!r.allowed(k.Presented) && !r.allowed(second.Presented), "an ended session is let in")
}

// due is a session whose secret is due for rotation.
func (r *round) due(subject string) ticket { return r.idleFor(r.enter(subject), time.Hour) }

// pending is a session whose new token was handed out and not yet used.
func (r *round) pending(subject string) (before, next ticket) {
	before = r.due(subject)
	record, renewed, err := r.Renew(r.ctx, before.Presented)
	r.must(err)
	next = before
	next.Token, next.record = renewed.Reveal(), record
	return before, next
}

// renew is a look-up that can hand out a new token, which is kept.
func (r *round) renew(ctx context.Context, p session.Presented, got *session.Presented, err *error) {
	_, token, failed := r.process(0).Renew(ctx, p)
	if *err = failed; !token.IsZero() {
		*got = session.Presented{Token: token.Reveal()}
	}
}

func offerSignOut(r *round) {
	ann := r.user("ann")
	k := r.due(ann)
	var next session.Presented
	var looked, out error
	r.act(func(ctx context.Context) { r.renew(ctx, k.Presented, &next, &looked) })
	r.act(func(ctx context.Context) { _, out = r.process(0).SignOut(ctx, k.Presented) })
	r.run()
	r.want(out == nil, "sign-out: %v", out)
	r.want(looked == nil || session.OutcomeOf(looked) == session.Ended, "look-up: %v", looked)
	r.want(!r.allowed(k.Presented), "the token is let in")
	r.want(next.Token == "" || !r.allowed(next), "the token that was handed out is let in")
}

func offersEnd(r *round) {
	ann := r.user("ann")
	k := r.due(ann)
	var next [2]session.Presented
	var looked [2]error
	for i := range next {
		r.act(func(ctx context.Context) { r.renew(ctx, k.Presented, &next[i], &looked[i]) })
	}
	var ended error
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, k.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end: %v", ended)
	r.want(next[0].Token == "" || next[1].Token == "", "two tokens were handed out for one")
	for i := range next {
		r.want(looked[i] == nil || session.OutcomeOf(looked[i]) == session.Ended, "look-up: %v", looked[i])
		r.want(next[i].Token == "" || !r.allowed(next[i]), "the token that was handed out is let in")
	}
	r.want(!r.allowed(k.Presented), "the token is let in")
}

func confirmSignOut(r *round) {
	before, next := r.pending(r.user("ann"))
	var looked, out error
	r.act(func(ctx context.Context) { _, looked = r.process(0).Lookup(ctx, next.Presented) })
	r.act(func(ctx context.Context) { _, out = r.process(0).SignOut(ctx, before.Presented) })
	r.run()
	r.want(out == nil, "sign-out: %v", out)
	r.want(looked == nil || session.OutcomeOf(looked) == session.Ended, "look-up: %v", looked)
	r.want(!r.allowed(before.Presented) && !r.allowed(next.Presented), "an ended session is let in")
}

func confirmEndAll(r *round) {
	ann := r.user("ann")
	before, next := r.pending(ann)
	var looked, ended error
	r.act(func(ctx context.Context) { _, looked = r.process(0).Lookup(ctx, next.Presented) })
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end all: %v", ended)
	r.want(looked == nil || session.OutcomeOf(looked) == session.Ended, "look-up: %v", looked)
	r.want(!r.allowed(before.Presented) && !r.allowed(next.Presented), "an ended session is let in")
}

// Without the end both are let in: a page sends many requests at once.
func confirmationsEnd(r *round) {
	before, next := r.pending(r.user("ann"))
	var looked [3]error
	for i, p := range []session.Presented{next.Presented, next.Presented, before.Presented} {
		r.act(func(ctx context.Context) { _, looked[i] = r.process(0).Lookup(ctx, p) })
	}
	var ended error
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, before.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end: %v", ended)
	for i := range looked {
		r.want(looked[i] == nil || session.OutcomeOf(looked[i]) == session.Ended, "look-up %d: %v", i, looked[i])
		r.want(looked[i] == nil || r.over(i) > r.when(3, "end"), "an honest holder is refused before the end: %v", looked[i])
	}
	r.want(!r.allowed(before.Presented) && !r.allowed(next.Presented), "an ended session is let in")
}

// The token before the last is presented long after its grace, while the last one is in
// use.
func confirmReplay(r *round) {
	before, next := r.pending(r.user("ann"))
	_, err := r.Lookup(r.ctx, next.Presented)
	r.must(err)
	r.now = r.now.Add(2 * time.Hour)
	var third session.Presented
	var used, replayed error
	r.act(func(ctx context.Context) { r.renew(ctx, next.Presented, &third, &used) })
	r.act(func(ctx context.Context) { _, replayed = r.process(0).Lookup(ctx, before.Presented) })
	r.run()
	r.want(session.OutcomeOf(replayed) == session.Reused, "the replay: %v", replayed)
	r.want(used == nil || session.OutcomeOf(used) == session.Ended, "the holder: %v", used)
	r.want(!r.allowed(before.Presented) && !r.allowed(next.Presented), "the session goes on")
	r.want(third.Token == "" || !r.allowed(third), "the token that was handed out is let in")
}

func stepUps(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	var fresh [2]ticket
	for i := range fresh {
		r.act(func(ctx context.Context) {
			fresh[i] = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: old.Presented, StepUp: true})
		})
	}
	r.run()
	r.want(fresh[0].given() != fresh[1].given(), "of two step-ups these gave a token: %v, %v", fresh[0].err, fresh[1].err)
	r.want(!r.allowed(old.Presented) && r.live(ann) == 1, "%d sessions are live", r.live(ann))
	r.noStray(ann, fresh[0].Presented, fresh[1].Presented)
}

func stepUpEnd(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	var fresh ticket
	var ended error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: old.Presented, StepUp: true})
	})
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, old.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end: %v", ended)
	r.want(!r.allowed(old.Presented), "the session that was ended is let in")
	replaced := r.when(0, "end")
	first := replaced < 0 || r.when(1, "end") < replaced
	r.want(!first || !fresh.given(), "what was ended goes on in another session")
	r.want(first || fresh.given(), "the step-up came first and failed: %v", fresh.err)
	r.want(r.live(ann) == 0, "%d sessions are live", r.live(ann))
}

func stepUpEndAll(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	var fresh ticket
	var ended error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: old.Presented, StepUp: true})
	})
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end all: %v", ended)
	r.want(r.live(ann) == 0, "%d sessions are live (%v)", r.live(ann), fresh.err)
}

func stepUpDisable(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	disabled := true
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: old.Presented, StepUp: true})
	})
	r.act(func(ctx context.Context) {
		_, failed = r.directory.Change(ctx, ann, signin.UserChange{Disabled: &disabled}, session.ByOperator)
	})
	r.run()
	r.want(failed == nil, "disable: %v", failed)
	r.want(r.live(ann) == 0, "%d sessions are live (%v)", r.live(ann), fresh.err)
}

func sweepSignIn(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	r.now = r.now.Add(time.Minute)
	_, err := r.EndEveryone(r.ctx)
	r.must(err)
	var fresh ticket
	var failed error
	r.act(func(ctx context.Context) {
		fresh = r.signIn(ctx, r.process(-session.Skew), session.SignIn{Subject: ann})
	})
	r.act(func(ctx context.Context) { _, failed = r.process(session.Skew).Sweep(ctx, session.ByRule, "") })
	r.run()
	r.want(failed == nil, "sweep: %v", failed)
	r.want(fresh.given() && r.allowed(fresh.Presented), "a sign-in after everybody's end: %v", fresh.err)
	got, err := r.Get(r.ctx, old.record.ID)
	r.want(err == nil && got.End.Reason == session.EndedEverywhere, "the old session: %+v, %v", got.End, err)
}

func sweepEnd(r *round) {
	ann := r.user("ann")
	old := r.enter(ann)
	r.now = r.now.Add(time.Minute)
	_, err := r.EndEveryone(r.ctx)
	r.must(err)
	r.now = r.now.Add(time.Minute)
	var swept, ended error
	r.act(func(ctx context.Context) { _, swept = r.process(0).Sweep(ctx, session.ByRule, "") })
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, old.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(swept == nil && ended == nil, "sweep: %v, end: %v", swept, ended)
	r.want(!r.allowed(old.Presented) && r.live(ann) == 0, "an ended session is let in")
}

// A use moves a session on in the index that the walk goes along. What is active all the
// while is met, and ended.
func walkTouch(r *round) {
	ann := r.user("ann")
	all := []ticket{r.enter(ann), r.enter(ann), r.enter(ann)}
	r.now = r.now.Add(time.Hour)
	var failed error
	for _, k := range all[:2] {
		r.act(func(ctx context.Context) { _, _ = r.process(0).Lookup(ctx, k.Presented) })
	}
	r.act(func(ctx context.Context) {
		m := r.process(0)
		for cursor, more := "", true; more && failed == nil; more = cursor != "" {
			var step session.Step
			step, failed = m.EndWhere(ctx, session.Walk{
				Filter: session.Filter{Role: "clerk"}, Limit: 1, Cursor: cursor, Reason: session.EndedByAdmin, By: session.ByOperator,
			})
			cursor = step.Next
		}
	})
	r.run()
	r.want(failed == nil, "walk: %v", failed)
	for i := range all {
		r.want(!r.allowed(all[i].Presented), "session %d was active all the while, and is let in", i+1)
	}
}

func actingEnd(r *round) {
	ann, olga := r.user("ann"), r.user("olga")
	own := r.enter(olga)
	var acting ticket
	var ended error
	r.act(func(ctx context.Context) {
		acting = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Actor: own.record.ID})
	})
	r.act(func(ctx context.Context) {
		_, ended = r.process(0).End(ctx, own.record.ID, session.EndedByAdmin, session.ByOperator)
	})
	r.run()
	r.want(ended == nil, "end: %v", ended)
	r.want(!acting.given() || !r.allowed(acting.Presented), "somebody acts whose session was ended")
}
