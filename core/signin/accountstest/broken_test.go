package accountstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// broken is the memory adapter with some methods replaced.
type broken struct {
	*memory.Accounts
	create  func(ctx context.Context, a signin.Account) error
	subject func(ctx context.Context, name string) (string, error)
	get     func(ctx context.Context, subject string) (signin.Account, error)
	update  func(ctx context.Context, a signin.Account) error
	delete  func(ctx context.Context, subject string) error
	list    func(ctx context.Context, after string, limit int) ([]signin.Account, error)
}

// breakIt returns a memory adapter with what a breakage replaces.
func breakIt(replace func(b *broken)) *broken {
	m := memory.NewAccounts()
	b := &broken{Accounts: m, create: m.Create, subject: m.Subject, get: m.Get, update: m.Update, delete: m.Delete, list: m.List}
	replace(b)
	return b
}

func (b *broken) Create(ctx context.Context, a signin.Account) error { return b.create(ctx, a) }
func (b *broken) Update(ctx context.Context, a signin.Account) error { return b.update(ctx, a) }
func (b *broken) Delete(ctx context.Context, subject string) error {
	return b.delete(ctx, subject)
}

func (b *broken) Subject(ctx context.Context, name string) (string, error) {
	return b.subject(ctx, name)
}

func (b *broken) Get(ctx context.Context, subject string) (signin.Account, error) {
	return b.get(ctx, subject)
}

func (b *broken) List(ctx context.Context, after string, limit int) ([]signin.Account, error) {
	return b.list(ctx, after, limit)
}

// breakage is one way to break a clause.
type breakage struct {
	check   string
	how     string
	replace func(b *broken)
}

// TestChecksBite holds each broken adapter against the check that must catch it, and
// wants one at least for every check.
func TestChecksBite(t *testing.T) {
	all := slices.Concat(createBreakages(), lookupBreakages(), memoryBreakages(),
		updateBreakages(), deleteBreakages(), listBreakages(), contextBreakages())
	bitten := map[string]bool{}
	for _, b := range all {
		t.Run(strings.ReplaceAll(b.check+"/"+b.how, " ", "_"), func(t *testing.T) {
			for _, c := range Checks() {
				if c.Name != b.check {
					continue
				}
				bitten[c.Name] = true
				err := c.Run(t.Context(), breakIt(b.replace))
				if err == nil {
					t.Fatalf("check %q let pass an adapter that %s", b.check, b.how)
				}
				t.Log(err)
			}
		})
	}
	for _, c := range Checks() {
		if !bitten[c.Name] {
			t.Errorf("check %q: no broken adapter shows that it bites", c.Name)
		}
	}
}

// spoils replaces what Get returns.
func spoils(spoil func(a *signin.Account)) func(b *broken) {
	return func(b *broken) {
		b.get = func(ctx context.Context, subject string) (signin.Account, error) {
			a, err := b.Accounts.Get(ctx, subject)
			if err == nil {
				spoil(&a)
			}
			return a, err
		}
	}
}

// spoilsList replaces what List returns.
func spoilsList(spoil func(page []signin.Account) []signin.Account) func(b *broken) {
	return func(b *broken) {
		b.list = func(ctx context.Context, after string, limit int) ([]signin.Account, error) {
			page, err := b.Accounts.List(ctx, after, limit)
			return spoil(page), err
		}
	}
}

// afterCreate replaces what Create does once the memory adapter returned an error.
func afterCreate(then func(b *broken, a signin.Account, err error) error) func(b *broken) {
	return func(b *broken) {
		b.create = func(ctx context.Context, a signin.Account) error {
			err := b.Accounts.Create(ctx, a)
			if err != nil {
				err = then(b, a, err)
			}
			return err
		}
	}
}

// afterUpdate is the same for Update.
func afterUpdate(then func(b *broken, a signin.Account, err error) error) func(b *broken) {
	return func(b *broken) {
		b.update = func(ctx context.Context, a signin.Account) error {
			err := b.Accounts.Update(ctx, a)
			if err != nil {
				err = then(b, a, err)
			}
			return err
		}
	}
}

// force writes over whatever version is stored.
func (b *broken) force(a signin.Account) error {
	there, err := b.Accounts.Get(context.Background(), a.Subject)
	if err != nil {
		return err
	}
	a.Version = there.Version
	return b.Accounts.Update(context.Background(), a)
}

// maps makes a name lead to a subject, whatever the memory adapter says.
func (b *broken) maps(name, subject string) {
	before := b.subject
	b.subject = func(ctx context.Context, n string) (string, error) {
		if n == name {
			return subject, nil
		}
		return before(ctx, n)
	}
}

// leaves keeps an account under another name.
func (b *broken) leaves(a signin.Account) {
	a.Name = "left." + a.Subject
	_ = b.Accounts.Create(context.Background(), a)
}

// barrier returns a function that holds each racer until all have come.
func barrier() func() {
	var all sync.WaitGroup
	all.Add(racers)
	return func() {
		all.Done()
		all.Wait()
	}
}

func is(target error, then func(b *broken, a signin.Account)) func(*broken, signin.Account, error) error {
	return func(b *broken, a signin.Account, err error) error {
		if errors.Is(err, target) {
			then(b, a)
		}
		return err
	}
}
