package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/session"
)

// reluctant is a store that carries out so many ends and fails from then on.
type reluctant struct {
	session.Store
	ends atomic.Int64
}

func (r *reluctant) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if c.End != nil && r.ends.Add(-1) < 0 {
		return session.Record{}, errDown
	}
	return r.Store.Update(ctx, id, c)
}

// failAfter makes the store fail after so many ends.
func (s *site) failAfter(ends int64) (mend func()) {
	was := s.store.Store
	r := &reluctant{Store: was}
	r.ends.Store(ends)
	s.store.Store = r
	return func() { s.store.Store = was }
}

// A step that fails half-way names the sessions that it was at and says how many have
// ended: no later step knows of them.
func TestStepThatFailsHalfWay(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		before     func(*town, string)
	}{
		"predicate": {"/admin/end-sessions", `{"role":"clerk","limit":10}`, func(*town, string) {}},
		"sweep": {"/admin/sweep", `{}`, func(s *town, olga string) {
			if w := s.admin("POST", "/admin/end-everyone", "", olga); w.Code != http.StatusOK {
				t.Fatal(w.Body)
			}
		}},
	} {
		s := newTown(t, nil)
		olga, _ := s.enter("olga")
		ids := []string{}
		for range 3 {
			_, id := s.enter("anne")
			ids = append(ids, id)
		}
		c.before(s, olga)
		if name == "sweep" { // the caller's own end is written with the end of everybody
			olga, _ = s.enter("olga")
		}
		slices.Sort(ids)
		mend := s.failAfter(2)
		w := s.admin("POST", c.path, c.body, olga)
		s.wantProblem(w, http.StatusServiceUnavailable, "unavailable", "")
		body := s.body(w)
		step, _ := body["step"].(map[string]any)
		if step == nil || step["ended"] != 2.0 || step["matched"] != float64(len(ids)) || step["next"] != nil || !slices.Equal(idsOf(step["sessions"]), ids) {
			t.Fatalf("%s: %s, want the %d sessions and 2 ended", name, w.Body, len(ids))
		}
		if detail := body["detail"].(string); !strings.Contains(detail, "2 have ended") || strings.Contains(detail, "nobody") {
			t.Errorf("%s: it says %q", name, detail)
		}
		mend()
		w = s.admin("POST", c.path, c.body, olga)
		if got := s.body(w)["ended"]; w.Code != http.StatusOK || got != float64(len(ids)-2) {
			t.Errorf("%s, taken again: %d %s", name, w.Code, w.Body)
		}
	}
}

// What was not begun, and what a dry run looks at, is no step that failed half-way.
func TestStepThatFailsBefore(t *testing.T) {
	s := newTown(t, nil)
	s.enter("anne")
	olga, _ := s.enter("olga")
	s.failAfter(0)
	for _, body := range []string{`{"role":"nobody"}`, `{"role":"clerk","dry_run":true}`} {
		if w := s.admin("POST", "/admin/end-sessions", body, olga); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	s.store.down.Store(true)
	s.now = s.now.Add(time.Minute) // the last end of everybody is to be read again
	w := send(s.api.OperatorHandler(), "POST", "/admin/end-sessions", `{"role":"clerk"}`, asJSON)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "step") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// An end that failed half-way does not say that nobody was signed out.
func TestEndsThatFailHalfWay(t *testing.T) {
	for request, want := range map[string]string{
		"DELETE /admin/sessions/{id} ":                     "Whether the session has ended is open",
		"POST /admin/users/anne/end-sessions ":             "Of the user's sessions 1 have ended, and others may be left",
		"POST /admin/sessions/{id}/end-others ":            "Of the user's sessions 1 have ended, and others may be left",
		"PATCH /admin/users/anne {\"roles\":[\"editor\"]}": "The user may be changed. Of his sessions 1 have ended",
	} {
		s := newTown(t, nil)
		_, id := s.enter("anne")
		s.enter("anne")
		s.enter("anne")
		olga, _ := s.enter("olga")
		method, rest, _ := strings.Cut(strings.ReplaceAll(request, "{id}", id), " ")
		path, body, _ := strings.Cut(rest, " ")
		ends := int64(1)
		if method == http.MethodDelete {
			ends = 0
		}
		s.failAfter(ends)
		w := s.admin(method, path, body, olga)
		s.wantProblem(w, http.StatusServiceUnavailable, "unavailable", "")
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s, want %q", request, w.Body, want)
		}
	}
}
