package proof_test

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
)

func faultySignIn(w *world) operation {
	ann := w.user("ann")
	had := w.enter(ann)
	var fresh ticket
	given := 0
	return operation{
		do: func(ctx context.Context) error {
			if fresh = w.signIn(ctx, w.Manager, session.SignIn{Subject: ann}); fresh.given() {
				given++
			}
			return fresh.err
		},
		holds: func(stray int) string {
			if !w.allowed(fresh.Presented) || !w.allowed(had.Presented) {
				return "an innocent session is refused"
			}
			return w.liveAre(ann, 1+given, stray)
		},
		after: func(_ error, stray int) string { return w.liveAre(ann, 1, stray) },
	}
}

// faultySignInOverLimit has as many sessions as the limit. inHand comes with a session of
// somebody else's, which is replaced.
func faultySignInOverLimit(w *world, inHand bool) operation {
	w.policy.PerUser = 2
	w.Manager = w.process(0)
	ann, bob := w.user("ann"), w.user("bob")
	in := session.SignIn{Subject: ann}
	if inHand {
		in.Replace = w.enter(bob).Presented
	}
	oldest := w.enter(ann)
	w.now = w.now.Add(time.Minute)
	w.enter(ann)
	w.now = w.now.Add(time.Minute)
	var fresh ticket
	return operation{
		do: func(ctx context.Context) error {
			fresh = w.signIn(ctx, w.Manager, in)
			return fresh.err
		},
		holds: func(int) string { // a session that nobody holds counts, too
			return says(w.allowed(fresh.Presented), "the new session is refused") + w.liveAre(ann, 2, 0)
		},
		after: func(err error, stray int) string {
			// A trouble that lasts, and a caller who hung up, may have taken away the answer
			// to the last calls, by which the oldest session ends.
			if stray == 0 && !errors.Is(err, context.Canceled) && !w.allowed(oldest.Presented) {
				return "the oldest session was ended for a sign-in that failed"
			}
			return w.liveAre(ann, 0, 2+stray)
		},
	}
}

func faultyReplace(w *world, stepUp bool) operation {
	ann := w.user("ann")
	old := w.enter(ann)
	var fresh ticket
	given := 0
	in := session.SignIn{Subject: ann, Replace: old.Presented, StepUp: stepUp}
	return operation{
		do: func(ctx context.Context) error {
			if w.calls.meet == nil && !w.allowed(old.Presented) {
				in.StepUp = false // as who was signed out has to: by signing in
			}
			if fresh = w.signIn(ctx, w.Manager, in); fresh.given() {
				given++
			}
			return fresh.err
		},
		holds: func(stray int) string {
			return says(w.allowed(fresh.Presented) && !w.allowed(old.Presented), "the new session, or the old one") + w.liveAre(ann, given, stray)
		},
		after: func(err error, stray int) string {
			// A stated limit: a trouble that lasts, and a caller who hung up, may take away the
			// answer to the last call, by which the old session ends. Who stepped up then has
			// neither and signs in again.
			if stray == 0 && !errors.Is(err, context.Canceled) && !w.allowed(old.Presented) {
				return "the holder was signed out"
			}
			return w.liveAre(ann, 0, 1+stray)
		},
	}
}

func faultyActing(w *world) operation {
	ann, olga := w.user("ann"), w.user("olga")
	own := w.enter(olga)
	var acting ticket
	given := 0
	return operation{
		do: func(ctx context.Context) error {
			if acting = w.signIn(ctx, w.Manager, session.SignIn{Subject: ann, Actor: own.record.ID}); acting.given() {
				given++
			}
			return acting.err
		},
		holds: func(stray int) string {
			return says(w.allowed(acting.Presented) && w.allowed(own.Presented), "the session is refused") + w.liveAre(ann, given, stray)
		},
		after: func(_ error, stray int) string {
			return says(w.allowed(own.Presented), "the actor was signed out") + w.liveAre(ann, 0, stray)
		},
	}
}
