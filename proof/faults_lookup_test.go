package proof_test

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
)

func faultyLookup(w *world, later time.Duration) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(later)
	in := func() string { return says(w.allowed(k.Presented), "the holder was signed out") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, k.Presented)
			return err
		},
		holds: func(int) string { return in() },
		after: func(err error, _ int) string {
			return says(session.OutcomeOf(err) == session.Unavailable, "that is a decision") + in()
		},
	}
}

// faultyLookupActing is a use of a session in which somebody else acts: both are read and
// both touched.
func faultyLookupActing(w *world) operation {
	ann, olga := w.user("ann"), w.user("olga")
	own := w.enter(olga)
	acting := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: ann, Actor: own.record.ID})
	w.must(acting.err)
	w.now = w.now.Add(50 * time.Minute)
	in := func() string {
		return says(w.allowed(acting.Presented), "who acts was signed out") + says(w.allowed(own.Presented), "the actor was signed out")
	}
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, acting.Presented)
			return err
		},
		holds: func(int) string { return in() },
		after: func(err error, _ int) string {
			return says(session.OutcomeOf(err) == session.Unavailable, "that is a decision") + in()
		},
	}
}

func faultyOffer(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	var given []session.Presented
	in := func() string {
		if !w.allowed(k.Presented) {
			return "the holder was signed out"
		}
		if n := len(given); n > 0 && !w.allowed(given[n-1]) {
			return "the last token that was handed out is refused"
		}
		return ""
	}
	return operation{
		do: func(ctx context.Context) error {
			_, token, err := w.Renew(ctx, k.Presented)
			if !token.IsZero() {
				given = append(given, session.Presented{Token: token.Reveal()})
			}
			return err
		},
		holds: func(int) string { return in() },
		after: func(error, int) string { return in() },
	}
}

func faultyConfirmation(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	_, token, err := w.Renew(w.ctx, k.Presented)
	w.must(err)
	next := session.Presented{Token: token.Reveal()}
	in := func() string {
		return says(w.allowed(next) && w.allowed(k.Presented), "the holder was signed out")
	}
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, next)
			return err
		},
		holds: func(int) string { return in() },
		after: func(error, int) string { return in() },
	}
}

func faultyReplay(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	_, token, err := w.Renew(w.ctx, k.Presented)
	w.must(err)
	next := session.Presented{Token: token.Reveal()}
	_, err = w.Lookup(w.ctx, next)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, k.Presented)
			switch session.OutcomeOf(err) {
			case session.Reused, session.Ended:
				return nil // that is the right answer
			case session.Allowed:
				return errors.New("a replayed token was let in")
			}
			return err
		},
		holds: func(int) string { return says(!w.allowed(next), "the session goes on") },
		after: func(error, int) string { return "" },
	}
}
