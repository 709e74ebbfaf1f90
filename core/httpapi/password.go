package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// passwordChange is a user's own change of his password.
type passwordChange struct {
	current, fresh string
	endOthers      bool
	form           bool
}

// changePassword changes the password of who is signed in, ends the other sessions
// unless told otherwise, and replaces the one in hand. A request that failed half-way
// is completed by sending it again.
func (a *API) changePassword(w http.ResponseWriter, r *http.Request) {
	c, err := readPasswordChange(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	inHand, record, err := a.inHand(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	// A change that began is carried through though its caller hangs up.
	r = r.WithContext(patient(r))
	changed, err := a.directory.ChangePassword(r.Context(), signin.PasswordChange{
		Subject: record.Subject, New: signin.NewPassword(c.fresh), Keep: record.ID, EndOthers: c.endOthers,
		By: session.BySubject(record.Subject), Verify: a.verifier(r, record.Subject, c),
	})
	if err == nil {
		a.log.InfoContext(r.Context(), "password changed", "event", "password_changed", "subject", record.Subject, "ended", changed.Ended)
		token, fresh, stepErr := a.stepUp(r, inHand, record.Subject, a.unchanged(changed.Account))
		if err = stepErr; err == nil {
			a.replaced(w, r, token, fresh, c.form, "/account")
			return
		}
	}
	p := problemOf(err)
	if c.form && p.Status < http.StatusInternalServerError && !errors.Is(err, session.ErrNoSession) {
		a.showAccount(w, r, record, p.Status, faultOf(err))
		return
	}
	a.fail(w, r, err)
}

func readPasswordChange(w http.ResponseWriter, r *http.Request) (passwordChange, error) {
	c := passwordChange{endOthers: true}
	var others string
	in := fields{"current_password": &c.current, "new_password": &c.fresh, "end_others": &c.endOthers}
	var err error
	c.form, err = readEither(w, r, in, fields{"current_password": &c.current, "new_password": &c.fresh, "end_others": &others})
	if c.form {
		c.endOthers = others == "on"
	}
	if err == nil && (c.current == "" || c.fresh == "") {
		err = badBody("current_password and new_password are needed")
	}
	return c, err
}

// verifier checks the current password, an attempt to sign in like any other. Where it
// is wrong because the change was made already, and only its answer was lost, the new one
// is right.
func (a *API) verifier(r *http.Request, subject string, c passwordChange) func(context.Context) (already bool, err error) {
	return func(ctx context.Context) (bool, error) {
		already, err := a.verify(ctx, subject, c)
		if err != nil {
			a.tellRefused(r, subject, err)
		}
		return already, err
	}
}

func (a *API) verify(ctx context.Context, subject string, c passwordChange) (already bool, err error) {
	_, err = a.auth.Authenticate(ctx, subject, signin.Credentials{Password: c.current})
	if !errors.Is(err, signin.ErrRefused) {
		return false, err
	}
	_, again := a.auth.Authenticate(ctx, subject, signin.Credentials{Password: c.fresh})
	if errors.Is(again, signin.ErrRefused) {
		return false, err
	}
	return again == nil, again
}

// unchanged grants what an account says that nobody has changed since: its password
// was checked a moment ago.
func (a *API) unchanged(account signin.Account) func(context.Context) (session.Grant, error) {
	return func(ctx context.Context) (session.Grant, error) {
		is, err := a.directory.Get(ctx, account.Subject)
		switch {
		case errors.Is(err, signin.ErrNotFound):
			return session.Grant{}, session.ErrOvertaken
		case err != nil:
			return session.Grant{}, err
		case is.Version != account.Version || is.Disabled:
			return session.Grant{}, session.ErrOvertaken
		}
		return session.Grant{Roles: slices.Clone(is.Roles), Methods: []string{methodPassword}}, nil
	}
}
