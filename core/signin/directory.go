package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"coatcheck/core/session"
)

// Hasher makes password hashes. Package password's does.
type Hasher interface {
	// Hash returns the hash of a password, or [ErrBusy].
	Hash(ctx context.Context, password string) (PasswordHash, error)
}

// Directory is what may be done with users. It is safe for concurrent use. All its
// errors wrap session.ErrInvalid (nothing was done), one of the sentinels of
// [Accounts], [ErrBusy], or session.ErrUnavailable.
type Directory struct {
	accounts Accounts
	hasher   Hasher
	sessions Sessions
	now      func() time.Time
}

// Sessions is what a Directory needs of its users' sessions; *session.Manager has it.
type Sessions interface {
	EndAll(ctx context.Context, subject string, reason session.EndReason, by session.By) (int, error)
	EndOthers(ctx context.Context, subject string, keep session.ID, reason session.EndReason, by session.By) (int, error)
	ReplaceFence(ctx context.Context, subject string) error
	Erase(ctx context.Context, subject string, by session.By) (int, error)
}

var _ Sessions = (*session.Manager)(nil)

// DirectoryOptions are a Directory's settings. Nil is the defaults.
type DirectoryOptions struct {
	// Sessions are the users' sessions, which a change of an account ends; nil: this
	// program changes no account that there is.
	Sessions Sessions
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// NewDirectory returns a directory over accounts. A nil hasher is for a program that
// sets no passwords. It makes no call of either.
func NewDirectory(accounts Accounts, hasher Hasher, opts *DirectoryOptions) *Directory {
	d := &Directory{accounts: accounts, hasher: hasher, now: time.Now}
	if opts == nil {
		return d
	}
	d.sessions = opts.Sessions
	if opts.Now != nil {
		d.now = opts.Now
	}
	return d
}

// NewUser is a user to be added. It prints without its password.
type NewUser struct {
	Name  string   // see [NormalizeName]
	Roles []string // see [CheckRoles]
	// Password must pass [CheckPassword]; "" makes an account without one, to which
	// nobody signs in with a password.
	Password string
}

// Add makes an account with a new subject and returns it. The error names all that is
// wrong with the user; [ErrNameTaken] says that somebody has the name. By is who adds
// it, in the manner of session.By. An answer of the store that was lost is asked for
// again, once.
func (d *Directory) Add(ctx context.Context, u NewUser, by string) (Account, error) {
	a, err := d.newAccount(ctx, u, by)
	if err != nil {
		return Account{}, fmt.Errorf("add user: %w", err)
	}
	if u.Password != "" {
		if a.Password, err = d.hash(ctx, u.Password); err != nil {
			return Account{}, fmt.Errorf("add user: %w", err)
		}
	}
	if err := d.create(ctx, a); err != nil {
		return Account{}, fault(fmt.Sprintf("add user %q", a.Name), err)
	}
	return a, nil
}

func (d *Directory) newAccount(ctx context.Context, u NewUser, by string) (Account, error) {
	name, err := NormalizeName(u.Name)
	err = errors.Join(err, CheckRoles(u.Roles))
	if u.Password != "" {
		err = errors.Join(err, CheckPassword(u.Password, name))
	}
	if err != nil {
		return Account{}, err
	}
	a := Account{Subject: newSubject(), Name: name, Roles: slices.Clone(u.Roles), Version: 1, CreatedAt: d.clock()}
	d.note(ctx, &a, by, "added")
	return a, a.Validate()
}

func (d *Directory) hash(ctx context.Context, password string) (PasswordHash, error) {
	if d.hasher == nil {
		return "", invalid("password: this program sets none; add the user without one")
	}
	return d.hasher.Hash(ctx, password)
}

// create keeps the account. Where the answer was lost, here or in a retry inside the
// adapter, the second try meets the first one's write: the subject tells whose it is.
func (d *Directory) create(ctx context.Context, a Account) error {
	err := d.accounts.Create(ctx, a)
	if err != nil && !sentinel(err) && ctx.Err() == nil {
		err = d.accounts.Create(ctx, a)
	}
	if !errors.Is(err, ErrNameTaken) && !errors.Is(err, ErrSubjectTaken) {
		return err
	}
	switch holder, readErr := d.accounts.Subject(ctx, a.Name); {
	case readErr == nil && holder == a.Subject:
		return nil
	case readErr != nil && !sentinel(readErr):
		return readErr // whether the name is ours is open
	}
	return err
}

// Resolve returns the subject that an operator means, who may write a user name or a
// subject. What has the shape of a subject of ours resolves to itself, even without
// an account: its sessions may outlive it. A name that nobody has is [ErrNotFound].
func (d *Directory) Resolve(ctx context.Context, user string) (string, error) {
	if IsSubject(user) {
		return user, nil
	}
	name, err := NormalizeName(user)
	if err != nil {
		return "", fmt.Errorf("find user: %w", err)
	}
	subject, err := d.accounts.Subject(ctx, name)
	if err == nil && !session.ValidSubject(subject) {
		err = ErrDamaged
	}
	if err != nil {
		return "", fault(fmt.Sprintf("find user %q", name), err)
	}
	return subject, nil
}

// Get returns a subject's account, or [ErrNotFound].
func (d *Directory) Get(ctx context.Context, subject string) (Account, error) {
	a, err := d.accounts.Get(ctx, subject)
	if err == nil {
		err = a.CheckStored(subject)
	}
	if err != nil {
		return Account{}, fault(fmt.Sprintf("get user %.*q", session.MaxSubject, subject), err)
	}
	return a, nil
}

const ownerPage = 100

// HasOwner reports whether anybody can administer: some account that is not disabled
// has [RoleOwner]. It is for the hint at the first start; it reads pages of accounts
// until it finds one, and a list may lag, so it guards nothing.
func (d *Directory) HasOwner(ctx context.Context) (bool, error) {
	after := ""
	for {
		page, err := d.accounts.List(ctx, after, ownerPage)
		if err != nil {
			return false, fault("list users", err)
		}
		if slices.ContainsFunc(page, isOwner) {
			return true, nil
		}
		if len(page) == 0 || page[len(page)-1].Subject <= after {
			return false, nil
		}
		after = page[len(page)-1].Subject
	}
}

func isOwner(a Account) bool { return !a.Disabled && slices.Contains(a.Roles, RoleOwner) }

// clock is where times are taken: UTC, whole milliseconds, as every store keeps them.
func (d *Directory) clock() time.Time { return d.now().UTC().Truncate(time.Millisecond) }

// fault names what was attempted; what the accounts did not answer is unavailable.
func fault(operation string, err error) error {
	if sentinel(err) {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return fmt.Errorf("%w: %s: %w", session.ErrUnavailable, operation, err)
}

// sentinel reports whether the accounts gave an answer. A damaged item is none.
func sentinel(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrNameTaken) ||
		errors.Is(err, ErrSubjectTaken) || errors.Is(err, ErrConflict)
}
