package bolt

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"go.etcd.io/bbolt"

	"coatcheck/core/signin"
)

// Accounts is the file's [signin.Accounts].
type Accounts struct{ db *DB }

var _ signin.Accounts = (*Accounts)(nil)

// Accounts returns the store of users.
func (db *DB) Accounts() *Accounts { return &Accounts{db} }

// storedAccount is an account as the file has it. The key holds the subject.
type storedAccount struct {
	Name      string         `json:"name"`
	Roles     []string       `json:"roles,omitempty"`
	Password  string         `json:"password,omitempty"`
	Disabled  bool           `json:"disabled,omitempty"`
	Version   int            `json:"version"`
	CreatedAt int64          `json:"createdAt"`
	Changes   []storedChange `json:"changes,omitempty"`
}

type storedChange struct {
	At   int64  `json:"at"`
	By   string `json:"by"`
	What string `json:"what"`
	From string `json:"from,omitempty"`
}

func encodeAccount(a signin.Account) ([]byte, error) {
	s := storedAccount{
		Name: a.Name, Roles: a.Roles, Password: string(a.Password), Disabled: a.Disabled,
		Version: a.Version, CreatedAt: millis(a.CreatedAt),
	}
	for _, c := range a.Changes {
		s.Changes = append(s.Changes, storedChange{millis(c.At), c.By, c.What, c.From})
	}
	return json.Marshal(s) //nolint:gosec // G117: the password's hash, into the store that is for it
}

// decodeAccount reads what encodeAccount wrote; whatever else it meets is
// [signin.ErrDamaged].
func decodeAccount(subject, value []byte) (signin.Account, error) {
	var s storedAccount
	if err := unmarshal(value, &s); err != nil {
		return signin.Account{}, signin.ErrDamaged
	}
	a := signin.Account{
		Subject: string(subject), Name: s.Name, Roles: s.Roles, Password: signin.PasswordHash(s.Password),
		Disabled: s.Disabled, Version: s.Version, CreatedAt: timeOf(s.CreatedAt),
	}
	for _, c := range s.Changes {
		a.Changes = append(a.Changes, signin.Change{At: timeOf(c.At), By: c.By, What: c.What, From: c.From})
	}
	if a.Validate() != nil {
		return signin.Account{}, signin.ErrDamaged
	}
	return a, nil
}

// getAccount returns an account, [signin.ErrNotFound] or [signin.ErrDamaged].
func getAccount(tx *bbolt.Tx, subject string) (signin.Account, error) {
	value := tx.Bucket(bucketAccounts).Get([]byte(subject))
	if value == nil {
		return signin.Account{}, signin.ErrNotFound
	}
	return decodeAccount([]byte(subject), value)
}

func putAccount(tx *bbolt.Tx, a signin.Account) error {
	value, err := encodeAccount(a)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketAccounts).Put([]byte(a.Subject), value)
}

// Create implements [signin.Accounts].
func (s *Accounts) Create(ctx context.Context, a signin.Account) error {
	return s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		switch {
		case tx.Bucket(bucketNames).Get([]byte(a.Name)) != nil:
			return signin.ErrNameTaken, nil
		case tx.Bucket(bucketAccounts).Get([]byte(a.Subject)) != nil:
			return signin.ErrSubjectTaken, nil
		}
		first := a
		first.Version = 1
		return nil, errors.Join(
			putAccount(tx, first),
			tx.Bucket(bucketNames).Put([]byte(a.Name), []byte(a.Subject)),
			s.db.tellChange(tx, &first),
		)
	})
}

// Subject implements [signin.Accounts].
func (s *Accounts) Subject(ctx context.Context, name string) (subject string, err error) {
	err = s.db.view(ctx, func(tx *bbolt.Tx) error {
		subject = string(tx.Bucket(bucketNames).Get([]byte(name)))
		if subject == "" {
			return signin.ErrNotFound
		}
		return nil
	})
	return subject, err
}

// Get implements [signin.Accounts].
func (s *Accounts) Get(ctx context.Context, subject string) (a signin.Account, err error) {
	err = s.db.view(ctx, func(tx *bbolt.Tx) (err error) {
		a, err = getAccount(tx, subject)
		return err
	})
	return a, err
}

// Update implements [signin.Accounts].
func (s *Accounts) Update(ctx context.Context, a signin.Account) error {
	return s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		was, answer := getAccount(tx, a.Subject)
		switch {
		case answer != nil:
			return answer, nil
		case was.Version != a.Version:
			return signin.ErrConflict, nil
		}
		is := a
		is.Name, is.CreatedAt, is.Version = was.Name, was.CreatedAt, was.Version+1
		return nil, errors.Join(putAccount(tx, is), s.db.tellChange(tx, &is))
	})
}

// Delete implements [signin.Accounts].
func (s *Accounts) Delete(ctx context.Context, subject string) error {
	return s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		is, answer := getAccount(tx, subject)
		switch {
		case errors.Is(answer, signin.ErrNotFound):
			return nil, nil
		case answer != nil:
			return answer, nil
		case !is.Disabled:
			return signin.ErrConflict, nil
		}
		return nil, errors.Join(
			tx.Bucket(bucketAccounts).Delete([]byte(subject)),
			tx.Bucket(bucketNames).Delete([]byte(is.Name)),
		)
	})
}

// List implements [signin.Accounts].
func (s *Accounts) List(ctx context.Context, after string, limit int) (all []signin.Account, err error) {
	err = s.db.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketAccounts).Cursor()
		k, v := c.Seek([]byte(after))
		if string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && len(all) < limit && ctx.Err() == nil; k, v = c.Next() {
			a, err := decodeAccount(slices.Clone(k), v)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return ctx.Err()
	})
	return all, err
}
