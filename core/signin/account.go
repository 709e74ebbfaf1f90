package signin

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"coatcheck/core/session"
)

// Bounds of an account, so that what one costs is known: at most 10 KB in a store,
// typically under 1 KB.
const (
	// MaxChanges is how many changes an account remembers.
	MaxChanges = 20

	maxHash = 256 // bytes of a password hash
	maxBy   = 160 // bytes of who changed, as of who ended a session
	maxWhat = 200 // bytes of what was changed
	maxFrom = 64  // bytes of the address that it was changed from
)

// Account is a user. A user name is what one types; the subject is who one is: 128
// random bits, never reused. Times are UTC, whole milliseconds.
type Account struct {
	Subject string
	Name    string // as [NormalizeName] writes it
	Roles   []string
	// Password is the password's hash; "" if the account has none, and then nobody
	// signs in to it with a password.
	Password  PasswordHash
	Disabled  bool
	Version   int // 1 when new; counted by the store
	CreatedAt time.Time
	// Changes are the newest MaxChanges changes, oldest first.
	Changes []Change
}

// Change says what was done to an account, when, by whom and from where.
type Change struct {
	At   time.Time
	By   string // 1 to 160 bytes, in the manner of session.By
	What string // 1 to 200 bytes; never anything secret
	// From is the client's address of who did it, of at most 64 bytes; "" where it is not
	// known (session.From).
	From string
}

// Record notes a change: the newest [MaxChanges] stay. The caller's earlier copies of
// the account keep theirs.
func (a *Account) Record(c Change) {
	c.At = c.At.UTC().Truncate(time.Millisecond)
	kept := a.Changes[max(0, len(a.Changes)-MaxChanges+1):]
	a.Changes = append(slices.Clone(kept), c)
}

// Validate reports, all together and wrapped in session.ErrInvalid, what an account
// states that no stored account can.
func (a *Account) Validate() error {
	return errors.Join(a.validateIdentity(), session.ValidateRoles(a.Roles), a.validatePassword(), a.validateChanges())
}

// CheckStored reports, wrapped in [ErrDamaged], that what a store returned for a
// subject cannot be that user's account: it does not validate, or is another's. Who
// reads an account to decide on it checks it so.
func (a *Account) CheckStored(subject string) error {
	if a.Subject != subject {
		return fmt.Errorf("%w: the store answered with another's account", ErrDamaged)
	}
	if err := a.Validate(); err != nil {
		// Not wrapped: what is wrong is the store's item, not the caller's argument.
		return fmt.Errorf("%w: %v", ErrDamaged, err) //nolint:errorlint // see above
	}
	return nil
}

func (a *Account) validateIdentity() error {
	name, err := NormalizeName(a.Name)
	switch {
	case !session.ValidSubject(a.Subject):
		return invalid("subject: want 1 to %d bytes of text without control characters", session.MaxSubject)
	case err != nil:
		return err
	case name != a.Name:
		return invalid("user name %q: want it in lower case", a.Name)
	case a.Version < 1:
		return invalid("version is %d: want at least 1", a.Version)
	case a.CreatedAt.IsZero():
		return invalid("no creation time")
	}
	return nil
}

// validatePassword accepts none or what may be a PHC string. That refuses a hash that
// was stored by way of its redaction.
func (a *Account) validatePassword() error {
	h := string(a.Password)
	if h != "" && (h[0] != '$' || !visible(h, maxHash)) {
		return invalid("password hash: want a PHC string of at most %d bytes", maxHash)
	}
	return nil
}

func (a *Account) validateChanges() error {
	if len(a.Changes) > MaxChanges {
		return invalid("%d changes: want at most %d", len(a.Changes), MaxChanges)
	}
	for i, c := range a.Changes {
		if c.At.IsZero() || !session.ValidText(c.By, maxBy) || !session.ValidText(c.What, maxWhat) {
			return invalid("change %d: want a time, who in 1 to %d and what in 1 to %d bytes of text", i, maxBy, maxWhat)
		}
		if c.From != "" && !session.ValidText(c.From, maxFrom) {
			return invalid("change %d: want an address of at most %d bytes of text", i, maxFrom)
		}
	}
	return nil
}
