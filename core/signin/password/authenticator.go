package password

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Method is what a session's methods say of a password (RFC 8176 "amr").
const Method = "pwd"

// Authenticator signs users in by their password. It is safe for concurrent use.
//
// An unknown name, a disabled account, one without a password, a damaged hash and a
// wrong password all do the same work: one look-up of the name, one read of an
// account, one Argon2id (ASVS 6.3.8). A name that can be nobody's saves the look-up,
// which tells only what its text tells. One difference cannot be avoided: a hash that
// was stored with other parameters than are in force takes its own time, until its
// user signs in and it is made anew.
type Authenticator struct {
	accounts signin.Accounts
	hasher   *Hasher
	now      func() time.Time
	decoyKey [sha256.Size]byte
	nobodys  stored
}

var _ signin.Authenticator = (*Authenticator)(nil)

// AuthenticatorOptions are an Authenticator's settings. Nil is the defaults.
type AuthenticatorOptions struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// NewAuthenticator returns an Authenticator over accounts. It makes no call of them.
func NewAuthenticator(accounts signin.Accounts, hasher *Hasher, opts *AuthenticatorOptions) *Authenticator {
	a := &Authenticator{accounts: accounts, hasher: hasher, now: time.Now, nobodys: hasher.nobodys()}
	if opts != nil && opts.Now != nil {
		a.now = opts.Now
	}
	_, _ = rand.Read(a.decoyKey[:]) // cannot fail since Go 1.24
	return a
}

// Identify implements [signin.Authenticator].
func (a *Authenticator) Identify(ctx context.Context, c signin.Credentials) (string, error) {
	name, err := signin.NormalizeName(c.Username)
	if err != nil {
		return a.decoy(c.Username), nil //nolint:nilerr // nobody's name is refused as an unknown one is
	}
	switch subject, err := a.accounts.Subject(ctx, name); {
	case errors.Is(err, signin.ErrNotFound):
		return a.decoy(name), nil
	case err == nil && !session.ValidSubject(subject):
		return "", unavailable("find user", signin.ErrDamaged)
	case err != nil:
		return "", unavailable("find user", err)
	default:
		return subject, nil
	}
}

// decoy returns a subject that nobody has, the same for a name as long as the process
// lives, and to whom the key is unknown as random as any.
func (a *Authenticator) decoy(name string) string {
	mac := hmac.New(sha256.New, a.decoyKey[:])
	mac.Write([]byte(name))
	return signin.SubjectOf([16]byte(mac.Sum(nil)[:16]))
}

// Authenticate implements [signin.Authenticator]. A password that is empty or over
// 1024 bytes is refused without work, whoever's it is. A damaged account is an error
// that wraps session.ErrUnavailable and signin.ErrDamaged: nobody is let in by it, and
// the operator must see it.
func (a *Authenticator) Authenticate(ctx context.Context, subject string, c signin.Credentials) (session.Grant, error) {
	if !hashable(c.Password) {
		return session.Grant{}, signin.ErrRefused
	}
	account, fault := a.read(ctx, subject)
	if fault != nil && !answered(fault) {
		return session.Grant{}, unavailable("read account", fault)
	}
	hash, fault := a.toCheck(account, fault)
	ok, err := a.hasher.matches(ctx, hash, c.Password)
	switch {
	case err != nil:
		return session.Grant{}, err
	case errors.Is(fault, signin.ErrDamaged):
		return session.Grant{}, unavailable(fmt.Sprintf("read account %s", subject), fault)
	case fault != nil || !ok:
		return session.Grant{}, signin.ErrRefused
	}
	if a.hasher.outdated(hash) {
		a.rehash(ctx, account, c.Password)
	}
	return session.Grant{Roles: slices.Clone(account.Roles), Methods: []string{Method}}, nil
}

// read returns the account, if the store has one and it can be the subject's.
func (a *Authenticator) read(ctx context.Context, subject string) (signin.Account, error) {
	account, err := a.accounts.Get(ctx, subject)
	if err == nil {
		err = account.CheckStored(subject)
	}
	return account, err
}

// answered reports whether the store said something of the account.
func answered(fault error) bool {
	return errors.Is(fault, signin.ErrNotFound) || errors.Is(fault, signin.ErrDamaged)
}

// toCheck returns the hash that the one computation is done with. With a fault, its
// result decides nothing.
func (a *Authenticator) toCheck(account signin.Account, fault error) (stored, error) {
	if fault == nil && (account.Disabled || account.Password == "") {
		fault = signin.ErrRefused
	}
	if fault != nil {
		return a.nobodys, fault
	}
	hash, err := parse(account.Password)
	if err != nil {
		return a.nobodys, err
	}
	return hash, nil
}

// rehashTime bounds what a sign-in waits for its hash to be written anew.
const rehashTime = time.Second

// rehash makes an outdated hash anew. It is a favour to the account: whatever stands
// in its way, a change made meanwhile above all, the sign-in goes on and the next one
// tries again.
func (a *Authenticator) rehash(ctx context.Context, account signin.Account, password string) {
	ctx, cancel := context.WithTimeout(ctx, rehashTime)
	defer cancel()
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return
	}
	account.Password = hash
	account.Record(signin.Change{At: a.now(), By: string(session.ByRule), What: "password rehashed"})
	_ = a.accounts.Update(ctx, account)
}

// unavailable wraps a fault of the accounts, once.
func unavailable(operation string, err error) error {
	return fmt.Errorf("%w: %s: %w", session.ErrUnavailable, operation, err)
}
