package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"coatcheck/core/session"
)

// UserChange is what becomes of a user. What is nil stays.
type UserChange struct {
	Disabled *bool
	Roles    *[]string    // see [CheckRoles]
	Password *NewPassword // see [CheckPassword]
}

// Changed is a user after a change.
type Changed struct {
	Account Account
	// Ended is how many sessions the change has ended.
	Ended int
}

// Change changes a user and ends all of his sessions, unless he was only enabled: a
// disabled user, a new password and new roles hold on the very next request. The
// account is written first and the sessions are ended after it, so that no sign-in
// slips in between (session.Manager.SignIn).
//
// It returns once all are ended. With an error some may be left, and repeating the
// change ends them, though it finds the account as it should be. The error wraps
// session.ErrInvalid where nothing was done, [ErrConflict] where others kept changing
// the account meanwhile.
func (d *Directory) Change(ctx context.Context, subject string, c UserChange, by session.By) (Changed, error) {
	if err := d.checkChange(c); err != nil {
		return Changed{}, fmt.Errorf("change user: %w", err)
	}
	var hash PasswordHash
	account, err := d.revise(ctx, subject, string(by), func(a *Account) (what string, err error) {
		if c.Password != nil && hash == "" {
			if hash, err = d.newHash(ctx, *c.Password, a.Name); err != nil {
				return "", err
			}
		}
		return c.apply(a, hash), nil
	})
	if err != nil {
		return Changed{}, err
	}
	reason := c.reason()
	if reason == "" {
		return Changed{Account: account}, nil
	}
	n, err := d.sessions.EndAll(ctx, subject, reason, by)
	return Changed{account, n}, err
}

func (d *Directory) checkChange(c UserChange) error {
	switch {
	case d.sessions == nil:
		return invalid("this program cannot end sessions, and so changes no user")
	case c == UserChange{}:
		return invalid("nothing to change: name a state, roles or a password")
	case c.Roles != nil:
		return CheckRoles(*c.Roles)
	}
	return nil
}

// newHash checks and hashes a password for the user with that name.
func (d *Directory) newHash(ctx context.Context, p NewPassword, name string) (PasswordHash, error) {
	if err := CheckPassword(string(p), name); err != nil {
		return "", err
	}
	return d.hash(ctx, string(p))
}

// reason is why the change ends sessions, "" if it does not: what takes most comes
// first.
func (c UserChange) reason() session.EndReason {
	switch {
	case c.Disabled != nil && *c.Disabled:
		return session.AccountDisabled
	case c.Password != nil:
		return session.PasswordChanged
	case c.Roles != nil:
		return session.RolesChanged
	}
	return ""
}

// apply changes an account and says what that changed, "" if nothing.
func (c UserChange) apply(a *Account, hash PasswordHash) string {
	var what []string
	if c.Disabled != nil && a.Disabled != *c.Disabled {
		a.Disabled = *c.Disabled
		what = append(what, map[bool]string{true: "disabled", false: "enabled"}[a.Disabled])
	}
	if c.Roles != nil && !slices.Equal(a.Roles, *c.Roles) {
		a.Roles = slices.Clone(*c.Roles)
		what = append(what, strings.TrimSpace("roles: "+strings.Join(a.Roles, " ")))
	}
	if c.Password != nil && a.Password != hash {
		a.Password = hash
		what = append(what, "password reset")
	}
	return strings.Join(what, "; ")
}

// maxTries is how often an account is read anew when others change it meanwhile.
const maxTries = 5

// revise makes one versioned write of what change makes of the account, which says
// what it did; "" writes nothing. change is called again for each version that it
// meets.
func (d *Directory) revise(ctx context.Context, subject, by string, change func(*Account) (what string, err error)) (Account, error) {
	operation := fmt.Sprintf("change user %.*q", session.MaxSubject, subject)
	var lost error
	for range maxTries {
		a, err := d.Get(ctx, subject)
		if err != nil {
			return Account{}, err
		}
		what, err := change(&a)
		if err != nil || what == "" {
			return a, err
		}
		d.note(ctx, &a, by, what)
		switch is, err := d.update(ctx, a); {
		case err == nil:
			return is, nil
		case errors.Is(err, ErrConflict):
			lost = err
		case sentinel(err) || lost != nil || ctx.Err() != nil:
			return Account{}, fault(operation, err)
		default:
			lost = err
		}
	}
	return Account{}, fault(operation, lost)
}

// note is the one place where a change gets its time and where it came from.
func (d *Directory) note(ctx context.Context, a *Account, by, what string) {
	a.Record(Change{At: d.clock(), By: by, What: what[:min(len(what), maxWhat)], From: session.Origin(ctx)})
}

// update is one versioned write. Where its answer was lost, here or in a retry inside
// the adapter, the account shows whether it was made.
func (d *Directory) update(ctx context.Context, a Account) (Account, error) {
	err := d.accounts.Update(ctx, a)
	if err == nil {
		a.Version++
		return a, nil
	}
	is, readErr := d.Get(ctx, a.Subject)
	if readErr == nil && is.Version == a.Version+1 && is.says(&a) {
		return is, nil
	}
	return Account{}, err
}

// says reports whether an account is as another was written.
func (a *Account) says(o *Account) bool {
	return a.Disabled == o.Disabled && slices.Equal(a.Roles, o.Roles) && a.Password == o.Password &&
		slices.EqualFunc(a.Changes, o.Changes, func(x, y Change) bool {
			return x.At.Equal(y.At) && x.By == y.By && x.What == y.What && x.From == y.From
		})
}
