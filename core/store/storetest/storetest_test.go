package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
)

func TestShelfPasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) session.Store { return newShelf() })
}

// TestEveryCheckBites runs every broken store against the checks that must catch it,
// and wants each check to catch at least one.
func TestEveryCheckBites(t *testing.T) {
	t.Parallel()
	bites := map[string]int{}
	for _, b := range brokenStores() {
		for _, name := range b.caught {
			bites[name]++
		}
	}
	for _, c := range Checks() {
		if bites[c.Name] == 0 {
			t.Errorf("no broken store is caught by %q: want at least one", c.Name)
		}
		delete(bites, c.Name)
	}
	for name := range bites {
		t.Errorf("a broken store names the check %q: there is none", name)
	}
}

func TestBrokenStoresAreCaught(t *testing.T) {
	t.Parallel()
	checks := map[string]Check{}
	for _, c := range Checks() {
		checks[c.Name] = c
	}
	for _, b := range brokenStores() {
		t.Run(b.mistake, func(t *testing.T) {
			t.Parallel()
			if len(b.caught) == 0 {
				t.Error("no check named that catches it")
			}
			for _, name := range b.caught {
				s := newShelf()
				if c, ok := checks[name]; ok && c.Run(t.Context(), faulty{s, b.make(s)}) == nil {
					t.Errorf("check %q passed: want it to fail", name)
				}
			}
		})
	}
}

func TestChecksAreNamed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range Checks() {
		if seen[c.Name] {
			t.Errorf("two checks are named %q", c.Name)
		}
		seen[c.Name] = true
		if strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyzUTCID0123456789-") != "" || c.Clause == "" {
			t.Errorf("check %q has clause %q: want a plain name and a clause", c.Name, c.Clause)
		}
	}
}

// TestRecordsAreValid: an adapter may refuse what is no record, so checks use none.
func TestRecordsAreValid(t *testing.T) {
	t.Parallel()
	for _, c := range Checks() {
		s := newShelf()
		h := hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			if err := r.Validate(); err != nil {
				t.Errorf("check %q creates an invalid record: %v", c.Name, err)
			}
			return s.Create(ctx, r)
		}}
		if err := c.Run(t.Context(), faulty{s, h}); err != nil {
			t.Errorf("check %q: %v", c.Name, err)
		}
		for _, r := range s.all() {
			if err := r.Validate(); err != nil {
				t.Errorf("check %q leaves an invalid record: %v", c.Name, err)
			}
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts []Option
		want string // part of the error; "" for none
	}{
		{"nothing", nil, ""},
		{"a check and a reason", []Option{Without("read-nothing", "no empty batches")}, ""},
		{"unknown check", []Option{Without("read-noting", "a slip")}, `"read-noting": there is no such check`},
		{"no reason", []Option{Without("read-nothing", "")}, "want a reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := settingsOf(tt.opts).validate(Checks())
			if got := errText(err); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got error %q, want %q", got, tt.want)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestLag: a store whose pages lag passes when it says so, and fails when it does not.
func TestLag(t *testing.T) {
	t.Parallel()
	i := slices.IndexFunc(Checks(), func(c Check) bool { return c.Name == "page-follows-an-end" })
	lagging := func() session.Store {
		s := newShelf()
		asked := 0
		return faulty{s, hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) {
			if asked++; asked%3 != 0 {
				return session.Page{}, nil
			}
			return s.Page(ctx, q)
		}}}
	}
	if err := Checks()[i].Run(t.Context(), lagging()); err == nil {
		t.Error("lagging store, no lag told: got no error, want one")
	}
	if err := Checks()[i].Run(withLag(t.Context(), 10*time.Second), lagging()); err != nil {
		t.Errorf("lagging store, lag told: got %v, want none", err)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	r := Record("ann", noon, Full, EndedAt(noon.Add(time.Hour)))
	if err := Diff(clone(r), r); err != nil {
		t.Errorf("equal records: got %v, want none", err)
	}
	other := clone(r)
	other.Roles[1], other.End.By = "guest", session.ByRule
	got := errText(Diff(other, r))
	for _, want := range []string{`Roles: got ["reader" "guest" "auditor"]`, `End.By: got rule, want subject:ann`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}
