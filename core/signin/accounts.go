package signin

import (
	"context"
	"errors"
)

// Accounts keeps users. Package accountstest holds the suite that each adapter
// passes. For every method:
//
//   - What returned nil is durable and seen by every later call of any process, but
//     for List, which may lag.
//   - An account is what was written, times to the millisecond, and shares no memory
//     with the caller's. Names and subjects are compared byte by byte, and are two
//     spaces: one user's name may be another's subject.
//   - An error that is none of the sentinels below means that the store did not
//     answer; whether a write took place is then open, and repeating it is safe.
//   - A call whose context is done returns promptly with an error that is no
//     sentinel.
type Accounts interface {
	// Create keeps a new account with Version 1, whatever a.Version says, or
	// returns [ErrNameTaken], or [ErrSubjectTaken], and then changes nothing.
	// Repeating a Create whose answer was lost may find its own write: equal
	// subject and name mean that.
	Create(ctx context.Context, a Account) error

	// Subject returns the subject that has a name, or [ErrNotFound]. A name moves to
	// another subject only once [Accounts.Delete] has freed it.
	Subject(ctx context.Context, name string) (string, error)

	// Get returns a subject's account, or [ErrNotFound], or [ErrDamaged].
	Get(ctx context.Context, subject string) (Account, error)

	// Update replaces the account if its stored Version is a.Version, and keeps it
	// under the next one. Otherwise it changes nothing and returns [ErrConflict], or
	// [ErrNotFound]. Subject, Name and CreatedAt never change: what a says of the
	// latter two is ignored.
	Update(ctx context.Context, a Account) error

	// Delete removes a disabled account and its name, both or neither, and so frees the
	// name. One that is not disabled stays, with [ErrConflict]. Where there is no account
	// of that subject it is success, so that it may be repeated.
	Delete(ctx context.Context, subject string) error

	// List returns up to limit accounts, at least 1, in the byte order of their
	// subjects, those after a subject; "" begins.
	List(ctx context.Context, after string, limit int) ([]Account, error)
}

// What Accounts return besides success. Compare with errors.Is.
var (
	// ErrNotFound says that there is no such account.
	ErrNotFound = errors.New("account not found")
	// ErrNameTaken says that another account has the user name.
	ErrNameTaken = errors.New("user name taken")
	// ErrSubjectTaken says that there is an account with that subject.
	ErrSubjectTaken = errors.New("subject taken")
	// ErrConflict says that the account was changed after it was read: read it again.
	ErrConflict = errors.New("account changed meanwhile")
	// ErrDamaged says that what is stored is not an account.
	ErrDamaged = errors.New("stored item is not an account")
)
