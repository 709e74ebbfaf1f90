package bench_test

import (
	"errors"
	"testing"

	"coatcheck/core/session"
)

// An authorization costs exactly one request, a forged, malformed or missing cookie none.
func TestRequests(t *testing.T) {
	v := newVisitor(t)
	s := newStandIn(t, v)
	f := functions(t, v, s)[0].start(t)
	ready(t, f)
	manager := v.manager(t, s)
	if n := s.requests(t); n != 1 {
		t.Errorf("%d requests at the start, want 1", n)
	}
	for _, c := range []struct {
		name, token string
		want        int
	}{
		{"genuine, control due", v.token, 1},
		{"genuine", v.token, 1},
		{"forged", v.forged(), 0},
		{"malformed", v.token[1:], 0},
		{"none", "", 0},
		{"genuine, afterwards", v.token, 1},
	} {
		before := s.requests(t)
		if allowed := invoke(t, f, v.event(c.token)); allowed != (c.want == 1) {
			t.Errorf("%s, binary: allowed: %t", c.name, allowed)
		}
		if n := s.requests(t) - before; n != c.want {
			t.Errorf("%s, binary: %d requests, want %d", c.name, n, c.want)
		}
		before = s.requests(t)
		_, err := manager.Lookup(t.Context(), session.Presented{Token: c.token})
		if allowed := err == nil; allowed != (c.want == 1) || !allowed && !errors.Is(err, session.ErrNoSession) {
			t.Errorf("%s, Manager: %v", c.name, err)
		}
		if n := s.requests(t) - before; n != c.want {
			t.Errorf("%s, Manager: %d requests, want %d", c.name, n, c.want)
		}
	}
	// Nothing but the Manager's reads: the control when it is due, else one item.
	if got := s.tally(t).Operations; got["GetItem"]+got["BatchGetItem"] != 7 || got["BatchGetItem"] < 2 || len(got) != 2 {
		t.Errorf("operations %v", got)
	}
}
