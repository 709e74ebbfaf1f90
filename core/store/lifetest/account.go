package lifetest

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

func accountChecks() []Check {
	const narrows = "whatever changes an account ends the user's sessions, on the very next request"
	return []Check{
		{"account-roles-changed", "Roles: any change of a user's roles ends the user's sessions (roles_changed).", rolesChanged},
		{"account-disabled", narrows, accountDisabled},
		{"account-enabled", "a user who is enabled signs in again; what was ended stays so", accountEnabled},
		{"account-password-reset", narrows, passwordReset},
		{"account-password-changed-others-end", "password change: the old session is replaced, the others end by choice", passwordChanged},
		{"account-password-changed-others-stay", "password change: the old session is replaced, the others end by choice", passwordChangedAlone},
		{"account-change-races-a-sign-in", "a fence catches a sign-in that races a disabling, a change of roles, of the password", changeRacesSignIn},
		{"account-change-repeated", "acknowledged only when all are ended; repeatable", changeRepeated},
		{"account-changes-are-kept", "account changes keep who, when, what", changesAreKept},
	}
}

func (s *scene) change(subject string, c signin.UserChange) signin.Changed {
	got, err := s.directory.Change(s.ctx, subject, c, session.ByOperator)
	s.must(err)
	return got
}

func rolesTo(names ...string) signin.UserChange { return signin.UserChange{Roles: &names} }

func disabledTo(yes bool) signin.UserChange { return signin.UserChange{Disabled: &yes} }

func passwordTo(p signin.NewPassword) signin.UserChange { return signin.UserChange{Password: &p} }

func rolesChanged(s *scene) {
	ann := s.user("ann", "clerk")
	a, b := s.arrive(ann), s.arrive(ann)
	got := s.change(ann, rolesTo("boss"))
	s.want(got.Ended == 2, "%d ended", got.Ended)
	s.refused(s.Manager, a.Presented, session.Ended, session.RolesChanged)
	s.refused(s.Manager, b.Presented, session.Ended, session.RolesChanged)
	again := s.arrive(ann)
	s.want(len(again.Roles) == 1 && again.Roles[0] == "boss", "the new session has the roles %v", again.Roles)
}

func accountDisabled(s *scene) {
	ann, bob := s.user("ann"), s.user("bob")
	a, b := s.arrive(ann), s.arrive(bob)
	s.change(ann, disabledTo(true))
	s.refused(s.Manager, a.Presented, session.Ended, session.AccountDisabled)
	s.allowed(s.Manager, b.Presented)
	_, _, err := s.SignIn(s.ctx, session.SignIn{Subject: ann, Check: s.check(ann, firstPhrase)})
	s.want(errors.Is(err, signin.ErrRefused), "sign-in of a disabled user: %v", err)
}

func accountEnabled(s *scene) {
	ann := s.user("ann")
	a := s.arrive(ann)
	s.change(ann, disabledTo(true))
	got := s.change(ann, disabledTo(false))
	s.want(got.Ended == 0, "enabling ended %d", got.Ended)
	s.refused(s.Manager, a.Presented, session.Ended, session.AccountDisabled)
	s.allowed(s.Manager, s.arrive(ann).Presented)
}

func passwordReset(s *scene) {
	ann := s.user("ann")
	a := s.arrive(ann)
	s.change(ann, passwordTo(secondPhrase))
	s.refused(s.Manager, a.Presented, session.Ended, session.PasswordChanged)
	_, _, err := s.SignIn(s.ctx, session.SignIn{Subject: ann, Check: s.check(ann, firstPhrase)})
	s.want(errors.Is(err, signin.ErrRefused), "sign-in with the old password: %v", err)
}

// own changes a user's own password, as the HTTP surface does.
func (s *scene) own(in ticket, others bool) ticket {
	verify := func(ctx context.Context) (bool, error) {
		_, err := s.check(in.Subject, firstPhrase)(ctx)
		return false, err
	}
	_, err := s.directory.ChangePassword(s.ctx, signin.PasswordChange{
		Subject: in.Subject, New: secondPhrase, Keep: in.ID, EndOthers: others, By: session.BySubject(in.Subject), Verify: verify,
	})
	s.must(err)
	fresh, err := s.stepUp(in.Presented, in.Subject, s.check(in.Subject, secondPhrase))
	s.must(err)
	return fresh
}

func passwordChanged(s *scene) {
	ann := s.user("ann")
	here, there := s.arrive(ann), s.arrive(ann)
	fresh := s.own(here, true)
	s.refused(s.Manager, here.Presented, session.Ended, session.Replaced)
	s.refused(s.Manager, there.Presented, session.Ended, session.PasswordChanged)
	s.allowed(s.Manager, fresh.Presented)
}

func passwordChangedAlone(s *scene) {
	ann := s.user("ann")
	here, there := s.arrive(ann), s.arrive(ann)
	fresh := s.own(here, false)
	s.refused(s.Manager, here.Presented, session.Ended, session.Replaced)
	s.allowed(s.Manager, there.Presented)
	s.allowed(s.Manager, fresh.Presented)
}

// The change comes after the credential was checked: the fence has moved.
func changeRacesSignIn(s *scene) {
	ann := s.user("ann", "clerk")
	in := s.arrive(ann)
	for name, change := range map[string]func(){
		"disable":        func() { s.change(ann, disabledTo(true)) },
		"roles":          func() { s.change(ann, rolesTo("boss")) },
		"password":       func() { s.change(ann, passwordTo(secondPhrase)) },
		"own password":   func() { s.own(in, true) },
		"end all":        func() { _, err := s.EndAll(s.ctx, ann, session.EndedByAdmin, session.ByOperator); s.must(err) },
		"only the fence": func() { s.must(s.ReplaceFence(s.ctx, ann)) },
		"end the others": func() {
			_, err := s.EndOthers(s.ctx, ann, in.ID, session.EndedByUser, session.BySubject(ann))
			s.must(err)
		},
	} {
		s.change(ann, disabledTo(false))
		s.change(ann, passwordTo(firstPhrase))
		in = s.arrive(ann)
		var made session.ID
		_, r, err := s.SignIn(s.ctx, session.SignIn{Subject: ann, Check: func(ctx context.Context) (session.Grant, error) {
			grant, err := s.check(ann, firstPhrase)(ctx)
			change()
			return grant, err
		}})
		made = r.ID
		s.want(errors.Is(err, session.ErrOvertaken) && made.IsZero(), "%s: got %v", name, err)
		for _, id := range s.live(ann) {
			s.want(id == in.ID || s.record(id).Replaces == in.ID, "%s: the session of the sign-in is left live", name)
		}
	}
}

func changeRepeated(s *scene) {
	ann := s.user("ann")
	a, b := s.arrive(ann), s.arrive(ann)
	for _, applied := range []bool{false, true} {
		store := &failing{Store: s.stores.Sessions, left: 1, applied: applied}
		m, err := session.New(store, s.keys(), &session.Options{Now: func() time.Time { return s.now }, Timeout: timeout})
		s.must(err)
		d := signin.NewDirectory(s.stores.Accounts, plain{}, &signin.DirectoryOptions{Sessions: m})
		_, err = d.Change(s.ctx, ann, disabledTo(true), session.ByOperator)
		s.want(errors.Is(err, session.ErrUnavailable), "applied %t: an end was lost and nobody said so: %v", applied, err)
	}
	s.change(ann, disabledTo(true))
	s.refused(s.Manager, a.Presented, session.Ended, session.AccountDisabled)
	s.refused(s.Manager, b.Presented, session.Ended, session.AccountDisabled)
}

func changesAreKept(s *scene) {
	ann := s.user("ann", "clerk")
	s.change(ann, rolesTo("boss"))
	s.change(ann, disabledTo(true))
	a, err := s.directory.Get(s.ctx, ann)
	s.must(err)
	var what []string
	for _, c := range a.Changes {
		s.want(c.By == "operator" && !c.At.IsZero(), "%+v", c)
		what = append(what, c.What)
	}
	s.want(len(what) == 3 && what[1] == "roles: boss" && what[2] == "disabled", "kept %q", what)
}
