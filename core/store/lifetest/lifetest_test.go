package lifetest_test

import (
	"os"
	"strings"
	"testing"

	"coatcheck/core/signin"
	"coatcheck/core/store/lifetest"
	"coatcheck/core/store/memory"
)

// stores are those of a mistake.
func (m *mistake) stores() lifetest.Stores {
	stores := lifetest.Stores{Sessions: memory.New(), Accounts: memory.NewAccounts()}
	if m.sessions != nil {
		b := m.sessions()
		b.Store, stores.Sessions = stores.Sessions, b
	}
	if m.accounts != nil {
		stores.Accounts = forgetful{stores.Accounts, m.accounts, nil}
	}
	if m.deletes != nil {
		stores.Accounts = forgetful{stores.Accounts, func(*signin.Account) {}, m.deletes}
	}
	return stores
}

func checks() map[string]lifetest.Check {
	all := map[string]lifetest.Check{}
	for _, c := range lifetest.Checks() {
		all[c.Name] = c
	}
	return all
}

// Every mistake is caught by the checks that are named for it. That they let a correct
// store pass is shown beside that store (core/store/memory TestLife).
func TestBrokenStoresAreCaught(t *testing.T) {
	all := checks()
	for _, m := range mistakes() {
		for _, name := range m.caught {
			t.Run(m.what+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, ok := all[name]
				if !ok {
					t.Fatalf("there is no check %q", name)
				}
				err := c.Test(t.Context(), m.stores())
				if err == nil {
					t.Error("not caught")
				}
				t.Log(err)
			})
		}
	}
}

// guarded are the checks that e2e/guards names beside a guard of the Manager that is
// broken on purpose: what no store can do wrong.
func guarded(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../../e2e/guards/guards.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "! core/store/memory TestLife/"); ok {
			names[name] = true
		}
	}
	return names
}

// Every check catches a broken store or, where only the Manager can be wrong, a broken
// guard of it.
func TestEveryCheckBites(t *testing.T) {
	bites := guarded(t)
	all := checks()
	for name := range bites {
		if _, ok := all[name]; !ok {
			t.Errorf("e2e/guards/guards.txt names the check %q: there is none", name)
		}
	}
	for _, m := range mistakes() {
		if len(m.caught) == 0 {
			t.Errorf("%s: no check is named that catches it", m.what)
		}
		for _, name := range m.caught {
			bites[name] = true
		}
	}
	for name := range all {
		if !bites[name] {
			t.Errorf("nothing broken is caught by %q: want a store here or a guard in e2e/guards/guards.txt", name)
		}
	}
}

// Names are unique: adapters, broken stores and guards refer to checks by them.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range lifetest.Checks() {
		if seen[c.Name] || c.Clause == "" {
			t.Errorf("%q is there twice, or guards nothing", c.Name)
		}
		seen[c.Name] = true
	}
}
