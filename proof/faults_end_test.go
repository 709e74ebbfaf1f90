package proof_test

import (
	"context"
	"fmt"
	"time"

	"coatcheck/core/session"
)

// over is an operation that ends sessions of ann, and of nobody else.
func over(w *world, do func(ctx context.Context) error, ended ...ticket) operation {
	other := w.enter(w.user("innocent"))
	innocent := func() string { return says(w.allowed(other.Presented), "somebody else was signed out") }
	return operation{
		do: do,
		holds: func(int) string {
			for i := range ended {
				if w.allowed(ended[i].Presented) {
					return fmt.Sprintf("session %d was ended and is let in", i+1)
				}
			}
			return innocent()
		},
		after: func(error, int) string { return innocent() },
	}
}

func faultySignOut(w *world) operation {
	k := w.enter(w.user("ann"))
	return over(w, func(ctx context.Context) error {
		_, err := w.SignOut(ctx, k.Presented)
		return err
	}, k)
}

func faultyEnd(w *world) operation {
	k := w.enter(w.user("ann"))
	return over(w, func(ctx context.Context) error {
		_, err := w.End(ctx, k.record.ID, session.EndedByAdmin, session.ByOperator)
		return err
	}, k)
}

func faultyEndAll(w *world) operation {
	ann := w.user("ann")
	a, b, c := w.enter(ann), w.enter(ann), w.enter(ann)
	return over(w, func(ctx context.Context) error {
		_, err := w.EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
		return err
	}, a, b, c)
}

func faultyEndOthers(w *world) operation {
	ann := w.user("ann")
	here, a, b := w.enter(ann), w.enter(ann), w.enter(ann)
	o := over(w, func(ctx context.Context) error {
		_, err := w.EndOthers(ctx, ann, here.record.ID, session.EndedByUser, session.BySubject(ann))
		return err
	}, a, b)
	return keeping(w, o, here)
}

// keeping wants a session to stay, whatever happens.
func keeping(w *world, o operation, here ticket) operation {
	holds, after := o.holds, o.after
	kept := func() string { return says(w.allowed(here.Presented), "the session in hand ended") }
	o.holds = func(stray int) string { return holds(stray) + kept() }
	o.after = func(err error, stray int) string { return after(err, stray) + kept() }
	return o
}

func faultyEveryone(w *world) operation {
	a, b := w.enter(w.user("ann")), w.enter(w.user("bob"))
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.EndEveryone(ctx)
			return err
		},
		holds: func(int) string {
			return says(!w.allowed(a.Presented) && !w.allowed(b.Presented), "somebody is let in")
		},
		after: func(error, int) string { return "" },
	}
}

func faultyWalk(w *world) operation {
	ann := w.user("ann")
	a, b := w.enter(ann), w.enter(ann)
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.EndWhere(ctx, session.Walk{
				Filter: session.Filter{Role: "clerk"}, Reason: session.EndedByAdmin, By: session.ByOperator,
			})
			return err
		},
		holds: func(int) string {
			return says(!w.allowed(a.Presented) && !w.allowed(b.Presented), "a session that fits is let in")
		},
		after: func(error, int) string { return "" },
	}
}

// faultyWalkAccounts ends the sessions of accounts that were disabled behind the back of
// the product.
func faultyWalkAccounts(w *world) operation {
	ann, bob := w.user("ann"), w.user("bob")
	a, b, other := w.enter(ann), w.enter(ann), w.enter(bob)
	account, err := w.directory.Get(w.ctx, ann)
	w.must(err)
	account.Disabled = true
	w.must(w.accounts.Update(w.ctx, account))
	innocent := func() string { return says(w.allowed(other.Presented), "somebody else was signed out") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.EndWhere(ctx, session.Walk{
				Also: func(ctx context.Context, subject string) (bool, error) {
					a, err := w.directory.Get(ctx, subject)
					return a.Disabled, err
				},
				AlsoName: "disabled", Reason: session.EndedByAdmin, By: session.ByOperator,
			})
			return err
		},
		holds: func(int) string {
			return says(!w.allowed(a.Presented) && !w.allowed(b.Presented), "a session that fits is let in") + innocent()
		},
		after: func(error, int) string { return innocent() },
	}
}

func faultySweep(w *world) operation {
	ann := w.user("ann")
	w.enter(ann)
	w.enter(ann)
	w.now = w.now.Add(time.Minute)
	_, err := w.EndEveryone(w.ctx)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	fresh := w.enter(ann)
	in := func() string { return says(w.allowed(fresh.Presented), "a session made afterwards was ended") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Sweep(ctx, session.ByRule, "")
			return err
		},
		holds: func(int) string {
			n, err := w.CountAll(w.ctx, session.StateActive, time.Time{}, time.Time{})
			return says(err == nil && n == 1, "%d are counted as active, %v", n, err) + in()
		},
		after: func(error, int) string { return in() },
	}
}
