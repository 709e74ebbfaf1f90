package canary

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	// pollPause is between two calls that were not refused. The first call has none.
	pollPause = 50 * time.Millisecond
	// confirmations is how many calls must be refused after the first: a cached yes may
	// sit in one of several servers.
	confirmations = 4
)

// untilRefused calls the protected path with the token of a session whose end was
// acknowledged, at once and until it is refused, and a few times more. It counts what
// is allowed meanwhile. Calls are made one after the other, so each began after the end.
func (r *round) untilRefused(ctx context.Context, token string, ended time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, ended.Add(r.o.Within))
	defer cancel()
	refusals := 0
	for ctx.Err() == nil {
		a := r.ask(ctx, http.MethodGet, r.o.Protected, token, nil)
		m := a.means()
		switch m {
		case allowed:
			r.result.Allowed++
			r.note(http.MethodGet, r.o.Protected, a, "allowed after the end")
		case refused:
			r.note(http.MethodGet, r.o.Protected, a, string(m))
			if refusals++; refusals == 1 {
				after := millis(a.at.Sub(ended))
				r.result.Refused = &after
				r.forget(token)
			}
			if refusals > confirmations {
				return nil
			}
			continue
		case odd:
			r.note(http.MethodGet, r.o.Protected, a, string(m))
			return fmt.Errorf("%s answers %s after the end: it neither allows nor refuses", r.o.Protected, a.said())
		case undecided:
			r.note(http.MethodGet, r.o.Protected, a, string(m))
		}
		pause(ctx)
	}
	if r.result.Refused != nil {
		return nil
	}
	return outage{fmt.Sprintf("no call after the end was decided within %v", r.o.Within)}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(pollPause):
	}
}
