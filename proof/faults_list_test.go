package proof_test

import (
	"context"
	"time"

	"coatcheck/core/session"
)

// asks is an operation that changes nothing: the answer is right, or there is none.
func asks(ask func(ctx context.Context) (wrong string, err error)) operation {
	var wrong string
	return operation{
		do: func(ctx context.Context) (err error) {
			wrong, err = ask(ctx)
			return err
		},
		holds: func(int) string { return wrong },
		after: func(error, int) string { return "" },
	}
}

// faultyLists has a session of ann's own and one in which olga acts.
func faultyLists(w *world) (ann string) {
	ann = w.user("ann")
	own := w.enter(w.user("olga"))
	w.enter(ann)
	acting := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: ann, Actor: own.record.ID})
	w.must(acting.err)
	return ann
}

// active says what is wrong with a list unless it has so many sessions, all active.
func active(page session.ListPage, want int) string {
	for i := range page.Sessions {
		if s := &page.Sessions[i]; s.State != session.StateActive {
			return "a session is listed as " + string(s.State)
		}
	}
	return says(len(page.Sessions) == want, "%d sessions are listed, want %d", len(page.Sessions), want)
}

func faultyList(w *world) operation {
	ann := faultyLists(w)
	return asks(func(ctx context.Context) (string, error) {
		page, err := w.List(ctx, ann, session.UserPage{})
		return active(page, 2), err
	})
}

func faultyListAll(w *world) operation {
	faultyLists(w)
	return asks(func(ctx context.Context) (string, error) {
		page, err := w.ListAll(ctx, session.AllQuery{State: session.StateActive})
		return active(page, 3), err
	})
}

func faultyCountAll(w *world) operation {
	faultyLists(w)
	return asks(func(ctx context.Context) (string, error) {
		n, err := w.CountAll(ctx, session.StateActive, time.Time{}, time.Time{})
		return says(n == 3, "%d are counted", n), err
	})
}
