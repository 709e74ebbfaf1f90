package proof_test

import (
	"context"
	"errors"
	"slices"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// faultyAdd adds a user. Repeated, it may find that it was done.
func faultyAdd(w *world) operation {
	ann := w.user("ann")
	users := func(want ...int) string {
		page, _, err := w.directory.Users(w.ctx, "", signin.MaxUsers)
		w.must(err)
		return says(slices.Contains(want, len(page)), "%d users, want one of %v", len(page), want)
	}
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.directory.Add(ctx, signin.NewUser{Name: "bob", Roles: []string{"clerk"}, Password: firstPhrase}, "operator")
			if w.calls.meet == nil && errors.Is(err, signin.ErrNameTaken) {
				return nil
			}
			return err
		},
		holds: func(int) string {
			bob, err := w.directory.Resolve(w.ctx, "bob")
			w.must(err)
			in := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: bob})
			return says(in.given() && bob != ann, "the new user cannot sign in: %v", in.err) + users(2)
		},
		after: func(error, int) string { return users(1, 2) },
	}
}

func faultyResolve(w *world) operation {
	ann := w.user("ann")
	return asks(func(ctx context.Context) (string, error) {
		got, err := w.directory.Resolve(ctx, "ann")
		return says(got == ann, "found %q", got), err
	})
}

func faultyUsers(w *world) operation {
	w.user("ann")
	w.user("bob")
	return asks(func(ctx context.Context) (string, error) {
		page, more, err := w.directory.Users(ctx, "", signin.MaxUsers)
		return says(len(page) == 2 && !more, "%d users are listed, more: %t", len(page), more), err
	})
}

// faultyEnable enables a user whose sessions were ended when he was disabled.
func faultyEnable(w *world) operation {
	ann := w.user("ann")
	old := w.enter(ann)
	disabled, enabled := true, false
	_, err := w.directory.Change(w.ctx, ann, signin.UserChange{Disabled: &disabled}, session.ByOperator)
	w.must(err)
	over := func() string { return says(!w.allowed(old.Presented), "a session that was ended came back") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.directory.Change(ctx, ann, signin.UserChange{Disabled: &enabled}, session.ByOperator)
			return err
		},
		holds: func(int) string {
			in := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: ann})
			return says(in.given(), "who was enabled cannot sign in: %v", in.err) + over()
		},
		after: func(error, int) string { return over() },
	}
}

func faultyChange(w *world, c signin.UserChange) operation {
	ann := w.user("ann")
	a, b := w.enter(ann), w.enter(ann)
	return over(w, func(ctx context.Context) error {
		_, err := w.directory.Change(ctx, ann, c, session.ByOperator)
		return err
	}, a, b)
}

func faultyDisable(w *world) operation {
	disabled := true
	return faultyChange(w, signin.UserChange{Disabled: &disabled})
}

func faultyRoles(w *world) operation {
	roles := []string{"guest"}
	return faultyChange(w, signin.UserChange{Roles: &roles})
}

func faultyReset(w *world) operation {
	password := signin.NewPassword(secondPhrase)
	return faultyChange(w, signin.UserChange{Password: &password})
}

func faultyOwnPassword(w *world, endOthers bool) operation {
	ann := w.user("ann")
	here, other := w.enter(ann), w.enter(ann)
	do := func(ctx context.Context) error {
		_, err := w.directory.ChangePassword(ctx, signin.PasswordChange{
			Subject: ann, New: secondPhrase, Keep: here.record.ID, EndOthers: endOthers, By: session.BySubject(ann),
			Verify: func(ctx context.Context) (bool, error) {
				_, err := w.check(ann, firstPhrase)(ctx)
				if !errors.Is(err, signin.ErrRefused) {
					return false, err
				}
				_, err = w.check(ann, secondPhrase)(ctx)
				return err == nil, err
			},
		})
		return err
	}
	ended := []ticket{other}
	if !endOthers {
		ended = nil
	}
	return keeping(w, over(w, do, ended...), here)
}
