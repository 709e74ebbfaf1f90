// Package lifetest shows that the life of a session is as the design says, over any
// pair of stores: rotation row by row, changes of privilege, the policy, ending many,
// acting as somebody, lists, and erasing a user. Where package storetest asks whether a store keeps its
// contract, this one asks whether what rests on the contract holds.
package lifetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Stores are a pair of stores that no other test sees.
type Stores struct {
	Sessions session.Store
	Accounts signin.Accounts
}

// Check is one sentence of the design and the code that tests it.
type Check struct {
	Name string
	// Clause is the sentence that the check guards.
	Clause string
	run    func(s *scene)
}

// Checks returns all checks, each under a name of its own.
func Checks() []Check {
	return slices.Concat(rotationChecks(), replayChecks(), privilegeChecks(), accountChecks(), policyChecks(),
		manyChecks(), everybodyChecks(), whereChecks(), actingChecks(), listChecks(), eraseChecks())
}

// Run runs every check over stores of its own, in a subtest by the check's name. open
// returns empty stores and registers their cleanup.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Test(t.Context(), open(t)); err != nil {
				t.Errorf("%v\nit should be: %s", err, c.Clause)
			}
		})
	}
}

// Test carries a check out. Its error says what came instead of what was wanted.
func (c Check) Test(ctx context.Context, stores Stores) error {
	return attempt(func() { c.run(newScene(ctx, stores)) })
}

// attempt takes steps and returns the failure that ended them.
func attempt(steps func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			f, ours := cause.(failure)
			if !ours {
				panic(cause)
			}
			err = f
		}
	}()
	steps()
	return nil
}

// failure ends a check.
type failure string

func (f failure) Error() string { return string(f) }

// scene is a deployment: processes that share stores and a clock that checks move.
type scene struct {
	*session.Manager
	ctx       context.Context
	stores    Stores
	directory *signin.Directory
	now       time.Time
}

// policy has limits that do not get in the way of rotation.
var policy = session.Policy{Idle: 4 * time.Hour, Absolute: 8 * time.Hour}

func newScene(ctx context.Context, stores Stores) *scene {
	// Not in the past: stores forget what is long over.
	s := &scene{ctx: ctx, stores: stores, now: time.Now().UTC().Truncate(time.Second)}
	s.Manager = s.process(session.Options{Policy: policy})
	s.directory = signin.NewDirectory(stores.Accounts, plain{}, &signin.DirectoryOptions{
		Sessions: s.Manager, Now: func() time.Time { return s.now },
	})
	return s
}

// process is one more process of the deployment. Its clock is the scene's unless it has
// one. It waits long for the store: a stand-in on a busy machine takes its time.
func (s *scene) process(o session.Options) *session.Manager {
	if o.Now == nil {
		o.Now = func() time.Time { return s.now }
	}
	o.Timeout = timeout
	m, err := session.New(s.stores.Sessions, s.keys(), &o)
	s.must(err)
	return m
}

const timeout = 10 * time.Second

func (s *scene) keys() session.Keys {
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	s.must(err)
	return keys
}

// skewed is a process whose clock is off.
func (s *scene) skewed(by time.Duration) *session.Manager {
	return s.process(session.Options{Policy: policy, Now: func() time.Time { return s.now.Add(by) }})
}

func (s *scene) move(d time.Duration) { s.now = s.now.Add(d) }

func (s *scene) must(err error) {
	if err != nil {
		panic(failure(err.Error()))
	}
}

func (s *scene) want(ok bool, format string, args ...any) {
	if !ok {
		panic(failure(fmt.Sprintf(format, args...)))
	}
}

// ticket is what a holder has, and the record as it was made.
type ticket struct {
	session.Presented
	session.Record
}

// granted is a Check that grants as told.
func granted(roles ...string) func(context.Context) (session.Grant, error) {
	return func(context.Context) (session.Grant, error) {
		return session.Grant{Roles: roles, Methods: []string{"pwd"}, Attributes: map[string]string{"plan": "pro"}}, nil
	}
}

// signIn signs in by a process.
func (s *scene) signIn(m *session.Manager, in session.SignIn) ticket {
	if in.Check == nil {
		in.Check = granted("clerk")
	}
	token, r, err := m.SignIn(s.ctx, in)
	s.must(err)
	return ticket{session.Presented{Token: token.Reveal(), Bearer: r.Bearer}, r}
}

// enter signs a subject in.
func (s *scene) enter(subject string) ticket {
	return s.signIn(s.Manager, session.SignIn{Subject: subject})
}

// allowed wants a token to be let in.
func (s *scene) allowed(m *session.Manager, p session.Presented) session.Record {
	r, err := m.Lookup(s.ctx, p)
	s.want(err == nil, "refused: %v", err)
	return r
}

// refused wants a token to be refused with an outcome and a reason.
func (s *scene) refused(m *session.Manager, p session.Presented, outcome session.Outcome, reason session.EndReason) {
	_, err := m.Lookup(s.ctx, p)
	var refusal *session.Refusal
	s.want(errors.As(err, &refusal), "let in, want %s %s", outcome, reason)
	s.want(refusal.Outcome == outcome && refusal.Reason == reason, "refused as %s %s, want %s %s",
		refusal.Outcome, refusal.Reason, outcome, reason)
}

// renew looks a token up where a cookie can be set, and returns the new one.
func (s *scene) renew(m *session.Manager, p session.Presented) (session.Presented, bool) {
	_, token, err := m.Renew(s.ctx, p)
	s.want(err == nil, "refused: %v", err)
	if token.IsZero() {
		return session.Presented{}, false
	}
	return session.Presented{Token: token.Reveal()}, true
}

// record reads a session.
func (s *scene) record(id session.ID) session.Listed {
	r, err := s.Get(s.ctx, id)
	s.must(err)
	return r
}

// live is the subject's active sessions.
func (s *scene) live(subject string) []session.ID {
	page, err := s.List(s.ctx, subject, session.UserPage{Limit: session.MaxPage})
	s.must(err)
	var ids []session.ID
	for _, one := range page.Sessions {
		if one.State == session.StateActive {
			ids = append(ids, one.ID)
		}
	}
	return ids
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
func (s *scene) user(name string, roles ...string) string {
	a, err := s.directory.Add(s.ctx, signin.NewUser{Name: name, Roles: roles, Password: firstPhrase}, "operator")
	s.must(err)
	return a.Subject
}

// check is a Check of a password against an account.
func (s *scene) check(subject, password string) func(context.Context) (session.Grant, error) {
	return func(ctx context.Context) (session.Grant, error) {
		a, err := s.directory.Get(ctx, subject)
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

// arrive signs a user in with the first password.
func (s *scene) arrive(subject string) ticket {
	return s.signIn(s.Manager, session.SignIn{Subject: subject, Check: s.check(subject, firstPhrase)})
}
