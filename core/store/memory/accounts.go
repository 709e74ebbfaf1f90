package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"coatcheck/core/signin"
)

// Accounts is a [signin.Accounts] in memory. Its zero value is empty and ready. List
// does not lag and walks everything.
type Accounts struct {
	mu       sync.RWMutex
	accounts map[string]signin.Account // by subject
	subjects map[string]string         // by name
}

var _ signin.Accounts = (*Accounts)(nil)

// NewAccounts returns accounts with nobody in them.
func NewAccounts() *Accounts { return &Accounts{} }

// Create implements [signin.Accounts].
func (s *Accounts) Create(ctx context.Context, a signin.Account) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.subjects[a.Name]; taken {
		return signin.ErrNameTaken
	}
	if _, taken := s.accounts[a.Subject]; taken {
		return signin.ErrSubjectTaken
	}
	if s.accounts == nil {
		s.accounts, s.subjects = map[string]signin.Account{}, map[string]string{}
	}
	a.Version = 1
	s.accounts[a.Subject], s.subjects[a.Name] = cloneAccount(a), a.Subject
	return nil
}

// Subject implements [signin.Accounts].
func (s *Accounts) Subject(ctx context.Context, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	subject, ok := s.subjects[name]
	if !ok {
		return "", signin.ErrNotFound
	}
	return subject, nil
}

// Get implements [signin.Accounts].
func (s *Accounts) Get(ctx context.Context, subject string) (signin.Account, error) {
	if err := ctx.Err(); err != nil {
		return signin.Account{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.accounts[subject]
	if !ok {
		return signin.Account{}, signin.ErrNotFound
	}
	return cloneAccount(a), nil
}

// Update implements [signin.Accounts].
func (s *Accounts) Update(ctx context.Context, a signin.Account) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	there, ok := s.accounts[a.Subject]
	switch {
	case !ok:
		return signin.ErrNotFound
	case there.Version != a.Version:
		return signin.ErrConflict
	}
	a.Name, a.CreatedAt, a.Version = there.Name, there.CreatedAt, there.Version+1
	s.accounts[a.Subject] = cloneAccount(a)
	return nil
}

// Delete implements [signin.Accounts].
func (s *Accounts) Delete(ctx context.Context, subject string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a, ok := s.accounts[subject]; {
	case ok && !a.Disabled:
		return signin.ErrConflict
	case ok:
		delete(s.subjects, a.Name)
		delete(s.accounts, subject)
	}
	return nil
}

// List implements [signin.Accounts].
func (s *Accounts) List(ctx context.Context, after string, limit int) ([]signin.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []signin.Account
	for subject, a := range s.accounts {
		if subject > after {
			out = append(out, cloneAccount(a))
		}
	}
	slices.SortFunc(out, func(a, b signin.Account) int { return cmp.Compare(a.Subject, b.Subject) })
	return out[:min(max(limit, 0), len(out))], nil
}

func cloneAccount(a signin.Account) signin.Account {
	a.Roles = slices.Clone(a.Roles)
	a.Changes = slices.Clone(a.Changes)
	return a
}
