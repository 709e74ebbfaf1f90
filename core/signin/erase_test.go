package signin_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

func (n *noted) Delete(ctx context.Context, subject string) error {
	n.desk.note("delete account")
	if n.beforeDelete != nil {
		if err := n.beforeDelete(); err != nil {
			return err
		}
	}
	err := n.Accounts.Delete(ctx, subject)
	if err == nil && n.afterDelete != nil {
		return n.afterDelete()
	}
	return err
}

func (d *desk) erase() (signin.Erased, error) {
	return d.Directory.Erase(d.t.Context(), d.subject, session.ByOperator)
}

const erasesSessions = "erase sessions of true by operator"

// The account is disabled first and deleted last, and sessions are looked for once more.
func TestErase(t *testing.T) {
	d := newDesk(t)
	got, err := d.erase()
	if err != nil || got != (signin.Erased{Account: true, Sessions: 6}) {
		t.Errorf("got %+v, %v", got, err)
	}
	d.want("account", erasesSessions, "delete account", erasesSessions)
	if _, err := d.Get(t.Context(), d.subject); !errors.Is(err, signin.ErrNotFound) {
		t.Errorf("the account: %v", err)
	}
	if _, err := d.Resolve(t.Context(), "anne"); !errors.Is(err, signin.ErrNotFound) {
		t.Errorf("the name: %v", err)
	}
	// Repeated, it takes what a sign-in left meanwhile.
	if got, err := d.erase(); err != nil || got != (signin.Erased{Sessions: 6}) {
		t.Errorf("repeated: %+v, %v", got, err)
	}
	d.want(erasesSessions, "delete account", erasesSessions)
}

// As long as anything is left so is the account, disabled, and repeating goes on.
func TestEraseRepeated(t *testing.T) {
	d := newDesk(t)
	d.fault = session.ErrUnavailable
	if _, err := d.erase(); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	d.want("account", erasesSessions)
	if is := d.account(); !is.Disabled {
		t.Error("half-way the account is enabled")
	}
	d.fault = nil
	if got, err := d.erase(); err != nil || !got.Account {
		t.Errorf("repeated: %+v, %v", got, err)
	}
	d.want(erasesSessions, "delete account", erasesSessions)
}

// What keeps an account from being erased is said, and the account stays.
func TestEraseFaults(t *testing.T) {
	for name, c := range map[string]struct {
		meet func(d *desk)
		want error
	}{
		"enabled meanwhile": {func(d *desk) {
			d.accounts.beforeDelete = func() error { _, err := d.change(disabled(false)); return err }
		}, signin.ErrConflict},
		"accounts down": {func(d *desk) { d.accounts.beforeDelete = func() error { return errFault } }, session.ErrUnavailable},
		"not disabled":  {func(d *desk) { d.accounts.before = func() error { return errFault } }, session.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c.meet(d)
			if _, err := d.erase(); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if a := d.account(); a.Name != "anne" {
				t.Errorf("the account is %+v", a)
			}
			if name == "not disabled" {
				d.want() // a sign-in could come in between: nothing of him goes
			}
		})
	}
	d := newDesk(t)
	lost := true
	d.accounts.afterDelete = func() error {
		if lost {
			lost = false
			return errFault
		}
		return nil
	}
	if got, err := d.erase(); err != nil || !got.Account {
		t.Errorf("lost answer: %+v, %v", got, err)
	}
	if n := len(slices.DeleteFunc(d.done, func(s string) bool { return s != "delete account" })); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if _, err := newDirectory(d.accounts).Erase(t.Context(), d.subject, session.ByOperator); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("without sessions: %v", err)
	}
}
