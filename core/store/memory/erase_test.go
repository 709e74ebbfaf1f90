package memory

import (
	"fmt"
	"strings"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/lifetest"
)

// dump is all that the two stores keep.
func dump(s *Store, a *Accounts) string {
	var b strings.Builder
	for p, u := range s.users {
		fmt.Fprintf(&b, "%q %+v\n", p[:], *u)
	}
	fmt.Fprintf(&b, "%+v\n%+v\n", s.damaged, a.subjects)
	for subject, account := range a.accounts {
		fmt.Fprintf(&b, "%s %+v %s\n", subject, account, string(account.Password))
	}
	return b.String()
}

// After an erasure nothing that tells the user is left, and of him nothing but the fence.
func TestErasureLeavesNothing(t *testing.T) {
	sessions, accounts := New(), NewAccounts()
	e, err := lifetest.NewErasure(t.Context(), lifetest.Stores{Sessions: sessions, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Damage(e.Ended()); err != nil {
		t.Fatal(err)
	}
	before := dump(sessions, accounts)
	if err := e.Erase(); err != nil {
		t.Fatal(err)
	}
	after := dump(sessions, accounts)
	for what, trace := range e.Traces() {
		if !strings.Contains(before, trace) {
			t.Errorf("the %s was not found before: the search would find nothing", what)
		}
		if strings.Contains(after, trace) {
			t.Errorf("the %s is left:\n%s", what, after)
		}
	}
	u := sessions.users[e.Partition()]
	if u == nil || len(u.records) > 0 || u.fence == (session.Fence{}) || len(sessions.damaged) > 0 {
		t.Errorf("left under the user's key: %+v, damaged %v", u, sessions.damaged)
	}
}
