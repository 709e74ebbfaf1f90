package session_test

import (
	"errors"
	"testing"
	"time"

	"coatcheck/core/session"
)

// A cursor fits the list that it came from and no other, however the texts that select
// are put together.
func TestCursorFitsItsFilterOnly(t *testing.T) {
	w := newWorld(t, session.Options{})
	w.signIn("alice")
	w.signIn("alice")
	filters := map[string]session.Filter{
		"none":               {},
		"role":               {Role: "editor"},
		"method":             {Method: "editor"},
		"two fields in one":  {UserAgent: "x Address:y"},
		"and in the next":    {UserAgent: "x", Address: "y Address:"},
		"one in its quotes":  {UserAgent: `x", Address:"y`},
		"two, each its own":  {UserAgent: "x", Address: "y"},
		"of the first field": {UserAgent: "x"},
		"of the other field": {Address: "x"},
		"older":              {OlderThan: time.Nanosecond},
		"older still":        {OlderThan: time.Hour},
	}
	for from, filter := range filters {
		list, err := w.ListAll(t.Context(), session.AllQuery{State: session.StateActive, Filter: filter, Limit: 1})
		if err != nil || list.Next == "" {
			t.Fatalf("%s: %v, next %q", from, err, list.Next)
		}
		walk, err := w.EndWhere(t.Context(), walkOf(filter))
		if err != nil || walk.Next == "" {
			t.Fatalf("%s: %v, next %q", from, err, walk.Next)
		}
		for to, other := range filters {
			_, listErr := w.ListAll(t.Context(), session.AllQuery{State: session.StateActive, Filter: other, Limit: 1, Cursor: list.Next})
			next := walkOf(other)
			next.Cursor = walk.Next
			_, walkErr := w.EndWhere(t.Context(), next)
			for call, err := range map[string]error{"list": listErr, "walk": walkErr} {
				if from == to && err != nil || from != to && !errors.Is(err, session.ErrCursor) {
					t.Errorf("%s: a cursor of %q with %q: %v", call, from, to, err)
				}
			}
		}
	}
}

// walkOf is the first step of a dry walk by a filter.
func walkOf(f session.Filter) session.Walk {
	return session.Walk{Filter: f, All: f.IsZero(), DryRun: true, Limit: 1}
}
