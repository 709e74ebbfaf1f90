// Package storetest is the one conformance suite that every [session.Store] passes.
//
// An adapter's test is a harness that opens an empty store, and one call of [Run].
// Each check guards one sentence of the contract and prints it when it fails. The
// package's own tests run every check against stores that are broken on purpose, so
// that the suite is known to bite.
//
// What the port cannot make is left to each adapter's own tests: damaged items,
// which only the adapter knows how to plant, faults of the medium, and what is left
// after a restart.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"coatcheck/core/session"
)

// Check is one sentence of the contract and the code that tests a store for it.
// Checks are data, so that they can be run against stores that must fail them.
type Check struct {
	// Name is stable: adapters leave checks out by it.
	Name string
	// Clause is the sentence that the check guards.
	Clause string
	// Run tests a store that is empty. Its error says what it got and what it
	// wanted.
	Run func(ctx context.Context, s session.Store) error
}

// checkTime bounds one check, so that a store that hangs fails rather than stalls.
const checkTime = 2 * time.Minute

// Run runs every check against a store of its own, in a subtest by the check's name.
// open returns an empty store that no other test sees, and registers its own cleanup.
func Run(t *testing.T, open func(t *testing.T) session.Store, opts ...Option) {
	t.Helper()
	set := settingsOf(opts)
	if err := set.validate(Checks()); err != nil {
		t.Fatal(err)
	}
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if reason, out := set.without[c.Name]; out {
				t.Skipf("left out: %s", reason)
			}
			ctx, cancel := context.WithTimeout(withLag(t.Context(), set.lag), checkTime)
			defer cancel()
			if err := c.Run(ctx, open(t)); err != nil {
				t.Errorf("%v\ncontract: %s", err, c.Clause)
			}
		})
	}
}

// Option is a setting of [Run].
type Option func(*settings)

type settings struct {
	lag     time.Duration
	without map[string]string
}

// Without leaves a check out, with the reason why the adapter cannot keep its clause.
// The reason is logged, and a name that no check has fails the test: a check that
// was renamed is not silently left out for ever.
func Without(name, reason string) Option {
	return func(s *settings) { s.without[name] = reason }
}

// Lag says that the adapter's Page and Count may be that far behind its writes. The
// checks ask them again until they agree or that time is over. Default 0: what was
// written is seen at once, since a lag is allowed only "where the adapter says so".
func Lag(most time.Duration) Option {
	return func(s *settings) { s.lag = most }
}

func settingsOf(opts []Option) settings {
	set := settings{without: map[string]string{}}
	for _, o := range opts {
		o(&set)
	}
	return set
}

func (s settings) validate(checks []Check) error {
	var faults []error
	for name, reason := range s.without {
		if !slices.ContainsFunc(checks, func(c Check) bool { return c.Name == name }) {
			faults = append(faults, fmt.Errorf("without %q: there is no such check", name))
		}
		if reason == "" {
			faults = append(faults, fmt.Errorf("without %q: want a reason", name))
		}
	}
	return errors.Join(faults...)
}

type lagKey struct{}

// withLag hands the lag to the checks, whose signature has no room for settings.
func withLag(ctx context.Context, lag time.Duration) context.Context {
	return context.WithValue(ctx, lagKey{}, lag)
}

func lagOf(ctx context.Context) time.Duration {
	lag, _ := ctx.Value(lagKey{}).(time.Duration)
	return lag
}

// Checks returns all checks, each under a name of its own.
func Checks() []Check {
	return slices.Concat(
		createChecks(), takenChecks(), readChecks(),
		updateChecks(), deleteChecks(), partChecks(), conditionChecks(), ageChecks(),
		listChecks(), rangeChecks(), limitChecks(), fenceChecks(), controlChecks(),
		pageChecks(), pageRangeChecks(), cursorChecks(), walkChecks(), countChecks(),
		sharingChecks(), raceChecks(), raceRecordChecks(), contextChecks(),
	)
}

// check makes a Check of a test that is written against a bench.
func check(name, clause string, test func(b *bench)) Check {
	return Check{Name: name, Clause: clause, Run: func(ctx context.Context, s session.Store) error {
		b := &bench{ctx: ctx, store: s, lag: lagOf(ctx)}
		test(b)
		return b.err
	}}
}
