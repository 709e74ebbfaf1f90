// Package accountstest is the conformance suite of [signin.Accounts]: each adapter's
// test is a harness that opens empty accounts, and one call of [Run]. Each check
// carries the clause of the contract that it guards, and the suite's own tests hold
// a broken adapter against every one of them.
package accountstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/signin"
)

// Check is one clause of the contract.
type Check struct {
	Name   string
	Clause string // what the contract says
	// Run returns an error where accounts, empty when it begins, break the clause.
	Run func(ctx context.Context, s signin.Accounts) error
}

// Checks returns the whole suite. An adapter whose List lags is given to it so that
// List waits until it has caught up.
func Checks() []Check {
	return slices.Concat(createChecks(), lookupChecks(), updateChecks(), deleteChecks(), listChecks(), contextChecks())
}

// checkTime bounds one check: an adapter that hangs fails it.
const checkTime = time.Minute

// Option is a setting of [Run].
type Option func(without map[string]string)

// Without leaves a check out, with the reason why the adapter cannot keep its clause.
// A name that no check has fails the test.
func Without(name, reason string) Option {
	return func(without map[string]string) { without[name] = reason }
}

// Run holds an adapter against every check, each with accounts of its own. Open
// returns empty ones and registers their clean-up.
func Run(t *testing.T, open func(t *testing.T) signin.Accounts, opts ...Option) {
	t.Helper()
	without := map[string]string{}
	for _, o := range opts {
		o(without)
	}
	if err := validate(without); err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks() {
		t.Run(strings.ReplaceAll(c.Name, " ", "_"), func(t *testing.T) {
			if reason, out := without[c.Name]; out {
				t.Skipf("left out: %s", reason)
			}
			ctx, cancel := context.WithTimeout(t.Context(), checkTime)
			defer cancel()
			if err := c.Run(ctx, open(t)); err != nil {
				t.Errorf("the contract says: %s\nbut: %v", c.Clause, err)
			}
		})
	}
}

// validate refuses to leave out what is no check: one that was renamed would be left
// out for ever.
func validate(without map[string]string) error {
	for name, reason := range without {
		if reason == "" || !slices.ContainsFunc(Checks(), func(c Check) bool { return c.Name == name }) {
			return fmt.Errorf("left out %q for %q: want a check's name and a reason", name, reason)
		}
	}
	return nil
}

// racers is how many goroutines contend in a race.
const racers = 8

// race does the same at once as often as there are racers.
func race(do func(i int) error) []error {
	errs := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errs
}

// sample is an account with something in each field.
func sample(subject, name string) signin.Account {
	at := time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)
	a := signin.Account{
		Subject: subject, Name: name, Roles: []string{"editor", signin.RoleViewer},
		Password: signin.PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43)),
		Version:  1, CreatedAt: at,
	}
	a.Record(signin.Change{At: at, By: "operator", What: "added", From: "192.0.2.7"})
	return a
}

// largest is an account at every bound.
func largest(subject, name string) signin.Account {
	a := sample(subject, name)
	a.Disabled = true
	a.Roles = nil
	for i := range 16 {
		a.Roles = append(a.Roles, fmt.Sprintf("role/%02d:%s", i, strings.Repeat("~", 24)))
	}
	a.Password = signin.PasswordHash("$" + strings.Repeat("h", 255))
	for i := range signin.MaxChanges {
		at := a.CreatedAt.Add(time.Duration(i) * time.Millisecond)
		a.Record(signin.Change{At: at, By: strings.Repeat("b", 160), What: strings.Repeat("ü", 100), From: strings.Repeat("f", 64)})
	}
	return a
}

// create keeps accounts that nothing stands against.
func create(ctx context.Context, s signin.Accounts, accounts ...signin.Account) error {
	for _, a := range accounts {
		if err := s.Create(ctx, a); err != nil {
			return fmt.Errorf("Create(%q, name %q) = %w, want success", a.Subject, a.Name, err)
		}
	}
	return nil
}

// kept reports where Get and Subject do not give the account as wanted.
func kept(ctx context.Context, s signin.Accounts, want signin.Account) error {
	got, err := s.Get(ctx, want.Subject)
	if err != nil {
		return fmt.Errorf("Get(%q) = %w, want the account", want.Subject, err)
	}
	subject, err := s.Subject(ctx, want.Name)
	if err != nil || subject != want.Subject {
		return mismatch("Subject(%q) = %q, %v, want %q", want.Name, subject, err, want.Subject)
	}
	return differs(got, want)
}

// noAccount reports where a subject has an account, by Get or by List.
func noAccount(ctx context.Context, s signin.Accounts, subject string) error {
	if _, err := s.Get(ctx, subject); !errors.Is(err, signin.ErrNotFound) {
		return mismatch("Get(%q): error %v, want ErrNotFound", subject, err)
	}
	all, err := s.List(ctx, "", 100)
	if err != nil {
		return fmt.Errorf("List = %w, want success", err)
	}
	if slices.Contains(subjects(all), subject) {
		return fmt.Errorf("List holds %q, want it absent", subject)
	}
	return nil
}

// noName reports where somebody has the name.
func noName(ctx context.Context, s signin.Accounts, name string) error {
	if subject, err := s.Subject(ctx, name); !errors.Is(err, signin.ErrNotFound) {
		return mismatch("Subject(%q) = %q, %v, want ErrNotFound", name, subject, err)
	}
	return nil
}

// mismatch is an error that shows others without wrapping them: they may be nil.
func mismatch(format string, args ...any) error { return fmt.Errorf(format, args...) }

// differs says in which fields two accounts are not the same.
func differs(got, want signin.Account) error {
	sameChange := func(a, b signin.Change) bool {
		return a.By == b.By && a.What == b.What && a.From == b.From && a.At.Equal(b.At)
	}
	var errs []error
	field := func(name string, same bool, got, want any) {
		if !same {
			errs = append(errs, mismatch("account: %s is %v, want %v", name, got, want))
		}
	}
	field("Subject", got.Subject == want.Subject, got.Subject, want.Subject)
	field("Name", got.Name == want.Name, got.Name, want.Name)
	field("Roles", slices.Equal(got.Roles, want.Roles), got.Roles, want.Roles)
	field("Password", got.Password == want.Password, "another", "the one written")
	field("Disabled", got.Disabled == want.Disabled, got.Disabled, want.Disabled)
	field("Version", got.Version == want.Version, got.Version, want.Version)
	field("CreatedAt", got.CreatedAt.Equal(want.CreatedAt), got.CreatedAt, want.CreatedAt)
	field("Changes", slices.EqualFunc(got.Changes, want.Changes, sameChange), got.Changes, want.Changes)
	return errors.Join(errs...)
}

func subjects(accounts []signin.Account) []string {
	out := make([]string, len(accounts))
	for i := range accounts {
		out[i] = accounts[i].Subject
	}
	return out
}
