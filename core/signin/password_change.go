package signin

import (
	"context"
	"fmt"

	"coatcheck/core/session"
)

// PasswordChange is a user's own change of his password. It prints without it.
type PasswordChange struct {
	Subject string
	New     NewPassword
	// Keep is the session that the change is made from, which stays; with EndOthers it
	// is the only one.
	Keep      session.ID
	EndOthers bool
	By        session.By
	// Verify checks the password that the user has now against the account. It runs
	// after the account was read, and what it found holds when the account is written.
	// already says that the account has the new password: the change is repeated after
	// its answer was lost. Its error ends the change and is returned as it is.
	Verify func(ctx context.Context) (already bool, err error) `json:"-"`
}

// ChangePassword changes a user's password (ASVS 6.2.2, 6.2.3) and ends his other
// sessions if asked to (ASVS 7.4.3). Either way a sign-in that is under way with the
// old password fails. As of [Directory.Change], the account is written first, and
// repeating a change that failed completes it. A disabled account is [ErrRefused].
func (d *Directory) ChangePassword(ctx context.Context, p PasswordChange) (Changed, error) {
	if d.sessions == nil {
		return Changed{}, fmt.Errorf("change password: %w", invalid("this program cannot end sessions, and so changes no user"))
	}
	var hash PasswordHash
	account, err := d.revise(ctx, p.Subject, string(p.By), func(a *Account) (what string, err error) {
		if err := CheckPassword(string(p.New), a.Name); err != nil {
			return "", err
		}
		already, err := p.Verify(ctx)
		switch {
		case err != nil || already:
			return "", err
		case a.Disabled:
			return "", ErrRefused
		case hash == "": // hashing comes after the check: who fails it costs one hash
			if hash, err = d.hash(ctx, string(p.New)); err != nil {
				return "", err
			}
		}
		a.Password = hash
		return "password changed", nil
	})
	if err != nil {
		return Changed{}, err
	}
	if !p.EndOthers {
		return Changed{Account: account}, d.sessions.ReplaceFence(ctx, p.Subject)
	}
	n, err := d.sessions.EndOthers(ctx, p.Subject, p.Keep, session.PasswordChanged, p.By)
	return Changed{account, n}, err
}
