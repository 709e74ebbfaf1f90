// Package signin decides who may sign in. It knows nothing of sessions but what a
// checked credential grants them.
//
// [Authenticator] is the port that a sign-in goes through; package password holds
// the product's own. [Accounts] is the port that keeps users, with adapters in
// core/store and a conformance suite in package accountstest; [Directory] is what
// may be done with them. An application with users of its own brings an
// Authenticator and needs no accounts.
package signin

import (
	"context"
	"errors"

	"coatcheck/core/session"
)

// Credentials are what somebody presents to sign in. They redact themselves wherever
// a value may be printed, the user name included: it is a field that people type
// their password into by mistake.
type Credentials struct {
	Username string
	Password string
}

// Authenticator checks credentials, in two steps, so that the sign-in can read the
// user's fence between them: whatever ends or narrows the user's sessions changes
// the account first and the fence after it, so an account that is read after the
// fence shows the change, or else the fence will (session.Manager.SignIn).
type Authenticator interface {
	// Identify returns the subject whom the credentials claim to be. It proves
	// nothing. Where nobody has that name it returns a subject that nobody has
	// rather than an error, so that the two cases do the same work. Its error wraps
	// session.ErrUnavailable.
	Identify(ctx context.Context, c Credentials) (subject string, err error)

	// Authenticate reads the subject's account and checks the credentials against
	// it. It returns [ErrRefused] for a wrong password, an unknown name and a
	// disabled account alike, [ErrBusy] when there is too much to do, and an error
	// that wraps session.ErrUnavailable when the accounts cannot be read.
	Authenticate(ctx context.Context, subject string, c Credentials) (session.Grant, error)
}

// What a sign-in is refused with. Compare with errors.Is.
var (
	// ErrRefused says that the credentials are not right, and not what about them
	// (ASVS 6.3.8).
	ErrRefused = errors.New("credentials refused")
	// ErrBusy says that as many passwords are being checked as may be at once; the
	// sign-in may be tried again after a moment (ASVS 2.4.1).
	ErrBusy = errors.New("too many sign-ins at once: try again in a moment")
)
