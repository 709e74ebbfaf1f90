package signin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// desk is a directory over accounts and sessions whose writes are noted in one list.
type desk struct {
	*signin.Directory
	t        *testing.T
	accounts *noted
	done     []string
	fault    error // of the sessions
	subject  string
}

// noted are accounts whose updates are noted, and may be met.
type noted struct {
	signin.Accounts
	desk   *desk
	before func() error // an error: the update is not made
	after  func() error // an error: it was made, the answer is lost

	beforeDelete, afterDelete func() error // the same of a delete
}

func (n *noted) Update(ctx context.Context, a signin.Account) error {
	if n.before != nil {
		if err := n.before(); err != nil {
			return err
		}
	}
	if err := n.Accounts.Update(ctx, a); err != nil {
		return err
	}
	n.desk.note("account")
	if n.after != nil {
		return n.after()
	}
	return nil
}

func (d *desk) note(format string, args ...any) {
	d.done = append(d.done, fmt.Sprintf(format, args...))
}

func (d *desk) EndAll(_ context.Context, subject string, reason session.EndReason, by session.By) (int, error) {
	d.note("end all of %t: %s by %s", subject == d.subject, reason, by)
	return 2, d.fault
}

func (d *desk) EndOthers(_ context.Context, subject string, keep session.ID, reason session.EndReason, by session.By) (int, error) {
	d.note("end others of %t than %t: %s by %s", subject == d.subject, keep == session.ID{1}, reason, by)
	return 1, d.fault
}

func (d *desk) ReplaceFence(_ context.Context, subject string) error {
	d.note("fence of %t", subject == d.subject)
	return d.fault
}

func (d *desk) Erase(_ context.Context, subject string, by session.By) (int, error) {
	d.note("erase sessions of %t by %s", subject == d.subject, by)
	return 3, d.fault
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	d.accounts = &noted{Accounts: memory.NewAccounts(), desk: d}
	d.Directory = signin.NewDirectory(d.accounts, hasher{}, &signin.DirectoryOptions{
		Sessions: d, Now: func() time.Time { return noon },
	})
	added, err := d.Add(t.Context(), anne(), "operator")
	if err != nil {
		t.Fatal(err)
	}
	d.subject = added.Subject
	return d
}

// want checks what was done since, in its order.
func (d *desk) want(done ...string) {
	d.t.Helper()
	if !slices.Equal(d.done, done) {
		d.t.Errorf("done: %q\nwant: %q", d.done, done)
	}
	d.done = nil
}

func (d *desk) account() signin.Account {
	d.t.Helper()
	a, err := d.Get(d.t.Context(), d.subject)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *desk) change(c signin.UserChange) (signin.Changed, error) {
	return d.Change(session.From(d.t.Context(), "192.0.2.7"), d.subject, c, session.ByOperator)
}

func disabled(yes bool) signin.UserChange          { return signin.UserChange{Disabled: &yes} }
func roles(names ...string) signin.UserChange      { return signin.UserChange{Roles: &names} }
func reset(p signin.NewPassword) signin.UserChange { return signin.UserChange{Password: &p} }

const otherPhrase = "amber ladder moss violin"

// The account is written before the sessions are ended, once, with the reason.
func TestChange(t *testing.T) {
	everything := roles("editor")
	everything.Disabled, everything.Password = new(true), new(signin.NewPassword(otherPhrase))
	for name, c := range map[string]struct {
		signin.UserChange
		what   string
		reason session.EndReason
	}{
		"disable":        {disabled(true), "disabled", session.AccountDisabled},
		"roles":          {roles("editor", "clerk"), "roles: editor clerk", session.RolesChanged},
		"no roles":       {roles(), "roles:", session.RolesChanged},
		"password":       {reset(otherPhrase), "password reset", session.PasswordChanged},
		"all at once":    {everything, "disabled; roles: editor; password reset", session.AccountDisabled},
		"the same roles": {roles(signin.RoleViewer), "", session.RolesChanged},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			got, err := d.change(c.UserChange)
			if err != nil || got.Ended != 2 {
				t.Fatalf("got %d ended, %v", got.Ended, err)
			}
			ends := "end all of true: " + string(c.reason) + " by operator"
			is := d.account()
			if c.what == "" {
				d.want(ends)
				return
			}
			d.want("account", ends)
			last := is.Changes[len(is.Changes)-1]
			if last.What != c.what || last.By != "operator" || last.From != "192.0.2.7" || is.Version != 2 || got.Account.Version != 2 {
				t.Errorf("version %d, last change %+v", is.Version, last)
			}
		})
	}
}

func TestEnable(t *testing.T) {
	d := newDesk(t)
	for _, off := range []bool{true, false} {
		if _, err := d.change(disabled(off)); err != nil {
			t.Fatal(err)
		}
		if is := d.account(); is.Disabled != off {
			t.Errorf("disabled is %t", is.Disabled)
		}
	}
	d.want("account", "end all of true: account_disabled by operator", "account")
}

// What cannot be is refused before anything is done, and says what to do.
func TestChangeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		signin.UserChange
		want string
	}{
		"nothing":               {signin.UserChange{}, "nothing to change"},
		"a role over the limit": {roles(strings.Repeat("r", 33)), "role"},
		"17 roles":              {roles(strings.Fields(strings.Repeat("r ", 17))...), "17 roles"},
		"a role of ours":        {roles("coatcheck:admin"), "coatcheck:owner"},
		"a short password":      {reset("short"), "too short"},
		"the name as password":  {reset("anne anne anne anne"), "one pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			_, err := d.change(c.UserChange)
			checkInvalid(t, err, c.want)
			d.want()
		})
	}
	d := newDesk(t)
	if _, err := d.Change(t.Context(), "usr_nobody", disabled(true), session.ByOperator); !errors.Is(err, signin.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	_, err := newDirectory(d.accounts).Change(t.Context(), d.subject, disabled(true), session.ByOperator)
	checkInvalid(t, err, "cannot end sessions")
	_, err = newDirectory(d.accounts).ChangePassword(t.Context(), signin.PasswordChange{Subject: d.subject})
	checkInvalid(t, err, "cannot end sessions")
	d.want()
}

// A change whose ends failed is completed by repeating it.
func TestChangeRepeated(t *testing.T) {
	d := newDesk(t)
	d.fault = session.ErrUnavailable
	got, err := d.change(disabled(true))
	if !errors.Is(err, session.ErrUnavailable) || !got.Account.Disabled {
		t.Fatalf("got %+v, %v", got.Account, err)
	}
	d.fault = nil
	if _, err := d.change(disabled(true)); err != nil {
		t.Fatal(err)
	}
	ends := "end all of true: account_disabled by operator"
	d.want("account", ends, ends)
}

// An answer that was lost is asked for again: the change is made and noted once.
func TestChangeWithLostAnswers(t *testing.T) {
	for name, applied := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			once := func() error {
				d.accounts.before, d.accounts.after = nil, nil
				return errFault
			}
			if applied {
				d.accounts.after = once
			} else {
				d.accounts.before = once
			}
			if _, err := d.change(disabled(true)); err != nil {
				t.Fatal(err)
			}
			d.want("account", "end all of true: account_disabled by operator")
			if is := d.account(); len(is.Changes) != 2 || !is.Disabled {
				t.Errorf("changes %+v", is.Changes)
			}
		})
	}
	d := newDesk(t)
	d.accounts.before = func() error { return errFault }
	if _, err := d.change(disabled(true)); !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, errFault) {
		t.Errorf("down: %v", err)
	}
	d.want()
}

// A change that others overtake is made on top of theirs.
func TestChangeOvertaken(t *testing.T) {
	d := newDesk(t)
	d.accounts.before = func() error {
		d.accounts.before = nil
		_, err := d.change(roles("editor"))
		return err
	}
	if _, err := d.change(disabled(true)); err != nil {
		t.Fatal(err)
	}
	if is := d.account(); !is.Disabled || !slices.Equal(is.Roles, []string{"editor"}) || is.Version != 3 {
		t.Errorf("got %+v", is)
	}
	other := true
	d.accounts.before = func() error {
		before := d.accounts.before
		d.accounts.before = nil
		defer func() { d.accounts.before = before }()
		other = !other
		_, err := d.change(roles(fmt.Sprint(other)))
		return err
	}
	if _, err := d.change(disabled(false)); !errors.Is(err, signin.ErrConflict) {
		t.Errorf("overtaken for ever: %v", err)
	}
}

// own is a change of one's own password; current is what Verify says of it.
func (d *desk) own(others bool, verify func(context.Context) (bool, error)) (signin.Changed, error) {
	return d.ChangePassword(d.t.Context(), signin.PasswordChange{
		Subject: d.subject, New: otherPhrase, Keep: session.ID{1}, EndOthers: others, By: "subject:anne", Verify: verify,
	})
}

func right(context.Context) (bool, error) { return false, nil }

func TestChangePassword(t *testing.T) {
	d := newDesk(t)
	got, err := d.own(true, right)
	if err != nil || got.Ended != 1 || got.Account.Password == "" || got.Account.Version != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	d.want("account", "end others of true than true: password_changed by subject:anne")
	if _, err := d.own(false, right); err != nil {
		t.Error(err)
	}
	d.want("account", "fence of true")
	last := d.account().Changes[1]
	if last.What != "password changed" || last.By != "subject:anne" {
		t.Errorf("noted as %+v", last)
	}
}

// A wrong password, a disabled account and an unfit new password change nothing.
func TestChangePasswordRefuses(t *testing.T) {
	d := newDesk(t)
	wrong := func(context.Context) (bool, error) { return false, signin.ErrRefused }
	if _, err := d.own(true, wrong); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("wrong: %v", err)
	}
	_, err := d.ChangePassword(t.Context(), signin.PasswordChange{Subject: d.subject, New: "short", Verify: right})
	checkInvalid(t, err, "too short")
	d.want()
	if _, err := d.change(disabled(true)); err != nil {
		t.Fatal(err)
	}
	d.done = nil
	if _, err := d.own(true, right); !errors.Is(err, signin.ErrRefused) {
		t.Errorf("disabled: %v", err)
	}
	d.want()
}

// Repeated after its answer was lost, the change ends what it would have.
func TestChangePasswordRepeated(t *testing.T) {
	d := newDesk(t)
	if _, err := d.own(true, func(context.Context) (bool, error) { return true, nil }); err != nil {
		t.Error(err)
	}
	d.want("end others of true than true: password_changed by subject:anne")
}

// Where the answer to the write was lost the old password is not asked for again: it is
// the old one by then.
func TestChangePasswordWithALostAnswer(t *testing.T) {
	d := newDesk(t)
	d.accounts.after = func() error { return errFault }
	checks := 0
	_, err := d.own(true, func(context.Context) (bool, error) {
		if checks++; checks > 1 {
			return false, signin.ErrRefused
		}
		return false, nil
	})
	if err != nil {
		t.Error(err)
	}
	d.want("account", "end others of true than true: password_changed by subject:anne")
}

// An operator's reset that comes after the old password was checked stands.
func TestChangePasswordAgainstAReset(t *testing.T) {
	d := newDesk(t)
	checks := 0
	_, err := d.own(true, func(ctx context.Context) (bool, error) {
		if checks++; checks > 1 {
			return false, signin.ErrRefused // the password is another now
		}
		_, err := d.change(reset("copper lantern willow seven"))
		return false, err
	})
	if !errors.Is(err, signin.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	d.want("account", "end all of true: password_changed by operator")
}

func TestUsers(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"bert", "cleo"} {
		if _, err := d.Add(t.Context(), signin.NewUser{Name: name}, "operator"); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	after, more := "", true
	for more {
		page, next, err := d.Users(t.Context(), after, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("%d users, %v", len(page), err)
		}
		names, after, more = append(names, page[0].Name), page[0].Subject, next
	}
	if slices.Sort(names); !slices.Equal(names, []string{"anne", "bert", "cleo"}) {
		t.Errorf("got %v", names)
	}
	for _, limit := range []int{0, signin.MaxUsers + 1} {
		_, _, err := d.Users(t.Context(), "", limit)
		checkInvalid(t, err, "limit")
	}
}
