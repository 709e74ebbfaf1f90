// Package proof_test tries to refute what the product promises first: what was ended
// never comes back, and an outage neither lets anyone in nor signs anyone out
// (docs/guarantees.md). It runs the real Manager and Directory, not a model of them.
//
// go test runs every exploration that is small enough to be complete, and a sample of
// the others; with COATCHECK_TEST_PROVE=1, as make prove does, the samples are large.
package proof_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// whole reports whether the samples are to be large, however long they take.
func whole() bool { return os.Getenv("COATCHECK_TEST_PROVE") != "" }

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// fataler is a test, or one of rapid's.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a deployment: stores, processes that share them, and the time.
type world struct {
	*session.Manager // a process whose clock is right
	t                fataler
	ctx              context.Context // of who prepares and looks afterwards: never held up
	calls            *calls
	accounts         signin.Accounts
	directory        *signin.Directory
	now              time.Time
	policy           session.Policy
}

// steady is a policy under which nothing happens by itself for an hour.
var steady = session.Policy{Idle: 4 * time.Hour, Absolute: 8 * time.Hour}

func newWorld(t fataler, p session.Policy) *world {
	w := &world{t: t, ctx: context.Background(), now: noon, policy: p}
	w.calls = &calls{Store: memory.New(), known: map[session.ID]int{}}
	w.accounts = signin.Bounded(&accounts{memory.NewAccounts(), w.calls}, signin.CallTime)
	w.Manager = w.process(0)
	w.directory = w.directoryOf(w.Manager)
	return w
}

// process is one more process, whose clock is off by some time. It reads the control
// with every look-up, so that there is one answer to what it says.
func (w *world) process(off time.Duration) *session.Manager {
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	w.must(err)
	m, err := session.New(w.calls, keys, &session.Options{
		Policy: w.policy, ControlEvery: -1, Now: func() time.Time { return w.now.Add(off) },
	})
	w.must(err)
	return m
}

func (w *world) directoryOf(m *session.Manager) *signin.Directory {
	return signin.NewDirectory(w.accounts, plain{}, &signin.DirectoryOptions{
		Sessions: m, Now: func() time.Time { return w.now },
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// plain is a hasher whose hashes tell the password.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (signin.PasswordHash, error) {
	return signin.PasswordHash("$plain$" + strings.ReplaceAll(password, " ", "_")), nil
}

const (
	firstPhrase  = "plum otter violet kayak"
	secondPhrase = "amber ladder moss violin"
)

// user adds a user and returns the subject.
func (w *world) user(name string) string {
	a, err := w.directory.Add(w.ctx, signin.NewUser{Name: name, Roles: []string{"clerk"}, Password: firstPhrase}, "operator")
	w.must(err)
	return a.Subject
}

// check is a cheap Authenticator's check of a password.
func (w *world) check(subject, password string) func(context.Context) (session.Grant, error) {
	return func(ctx context.Context) (session.Grant, error) {
		a, err := w.directory.Get(ctx, subject)
		hash, _ := plain{}.Hash(ctx, password)
		switch {
		case err != nil:
			return session.Grant{}, err
		case a.Disabled || a.Password != hash:
			return session.Grant{}, signin.ErrRefused
		}
		return session.Grant{Roles: a.Roles, Methods: []string{"pwd"}}, nil
	}
}

// grantAll is a check that everybody passes.
func grantAll(context.Context) (session.Grant, error) {
	return session.Grant{Roles: []string{"clerk"}, Methods: []string{"pwd"}}, nil
}

// ticket is what a sign-in gave: a token, or why there is none.
type ticket struct {
	session.Presented
	record session.Record
	err    error
}

func (k *ticket) given() bool { return k.Token != "" }

// signIn signs in by a process; in needs no Check, which is that of the first password.
func (w *world) signIn(ctx context.Context, m *session.Manager, in session.SignIn) ticket {
	if in.Check == nil {
		in.Check = w.check(in.Subject, firstPhrase)
	}
	token, r, err := m.SignIn(ctx, in)
	if err != nil {
		return ticket{err: err}
	}
	return ticket{session.Presented{Token: token.Reveal(), Bearer: r.Bearer}, r, nil}
}

// enter signs in before anything else happens.
func (w *world) enter(subject string) ticket {
	k := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: subject})
	w.must(k.err)
	return k
}

// allowed reports whether a token is let in now.
func (w *world) allowed(p session.Presented) bool {
	_, err := w.Lookup(w.ctx, p)
	if errors.Is(err, session.ErrUnavailable) {
		w.t.Fatalf("the store is well and the answer is %v", err)
	}
	return err == nil
}

// live is how many sessions of a subject would be let in.
func (w *world) live(subject string) int {
	page, err := w.List(w.ctx, subject, session.UserPage{Limit: session.MaxPage})
	w.must(err)
	n := 0
	for _, s := range page.Sessions {
		if s.State == session.StateActive {
			n++
		}
	}
	return n
}
