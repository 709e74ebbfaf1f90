package signin

import (
	"context"
	"errors"

	"coatcheck/core/session"
)

// Erased says what an erasure has taken away.
type Erased struct {
	Account  bool // there was one
	Sessions int  // records, live and ended
}

// Erase takes away all that is kept of a user: it disables the account, ends and forgets
// the sessions, deletes the account with its name, and then looks for sessions once more.
// That order is what lets an erasure that failed half-way be repeated to its end: as long
// as anything is left, so is the account, disabled. Once that is gone only the subject
// names the user. What stays is the fence ([session.Manager.Erase]), and what other users'
// records say of what the user did to them.
//
// The error wraps session.ErrInvalid where nothing was done, and [ErrConflict] where
// somebody enabled the account meanwhile.
func (d *Directory) Erase(ctx context.Context, subject string, by session.By) (Erased, error) {
	if d.sessions == nil {
		return Erased{}, invalid("this program cannot end sessions, and so erases no user")
	}
	var is Erased
	_, err := d.revise(ctx, subject, string(by), func(a *Account) (string, error) {
		disabled := true
		return UserChange{Disabled: &disabled}.apply(a, ""), nil
	})
	is.Account = err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Erased{}, err
	}
	if is.Sessions, err = d.sessions.Erase(ctx, subject, by); err != nil {
		return is, err
	}
	if err := d.delete(ctx, subject); err != nil {
		return is, err
	}
	n, err := d.sessions.Erase(ctx, subject, by)
	is.Sessions += n
	return is, err
}

// delete removes the account. An answer that was lost is asked for again, once: it is
// success then.
func (d *Directory) delete(ctx context.Context, subject string) error {
	err := d.accounts.Delete(ctx, subject)
	if err != nil && !sentinel(err) && !errors.Is(err, ErrDamaged) && ctx.Err() == nil {
		err = d.accounts.Delete(ctx, subject)
	}
	if err != nil {
		return fault("delete user", err)
	}
	return nil
}
