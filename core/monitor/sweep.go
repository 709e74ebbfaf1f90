package monitor

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
)

// walk is a walk of the sweep, which may take several runs.
type walk struct {
	before  time.Time // the end of everybody that it follows
	began   time.Time
	cursor  string
	matched int
	done    bool // nothing is left to write down behind it
}

// lateSignIn is how long after an end of everybody a sign-in that began before it may
// still make a session, and the index may lack one that was there: a walk that began
// later and found nothing is the last.
const lateSignIn = time.Minute

// sweep writes down the ends that follow the last end of everybody. A walk looks at all
// that expires after it, which costs a read unit each on DynamoDB, so it is not repeated
// for ever: a process stops after a walk that found nothing, and every process once all
// sessions that were made before are over by their age.
func (m *Monitor) sweep(ctx context.Context, r *Report) error {
	before, err := m.sessions.EndedBefore(ctx)
	if err != nil || before.IsZero() || !m.within(before) {
		return err
	}
	if !m.walk.before.Equal(before) {
		m.walk = walk{before: before}
	}
	if m.walk.done {
		return nil
	}
	bound, cancel := half(ctx)
	defer cancel()
	r.Ended, err = m.steps(bound)
	m.told(ctx, r.Ended)
	if bound.Err() != nil && ctx.Err() == nil {
		return nil // its time is over: the next run goes on
	}
	return err
}

// steps takes steps to the end of the walk, or of the context.
func (m *Monitor) steps(ctx context.Context) (ended int, err error) {
	for {
		n, err := m.step(ctx)
		ended += n
		if err != nil || m.walk.cursor == "" || ctx.Err() != nil {
			return ended, err
		}
	}
}

// within reports whether a session that ended with everybody may still stand as live.
func (m *Monitor) within(before time.Time) bool {
	p := m.sessions.Policy()
	return m.now().Before(before.Add(max(p.Absolute, p.RememberedAbsolute) + session.Skew + lateSignIn))
}

// half is a context that ends when half of the time is over that its parent has.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// step takes one step of the walk. One that failed is taken again.
func (m *Monitor) step(ctx context.Context) (ended int, err error) {
	w := &m.walk
	if w.cursor == "" {
		w.began, w.matched = m.now(), 0
	}
	step, err := m.sessions.Sweep(ctx, session.ByRule, w.cursor)
	w.matched += len(step.Matched)
	if errors.Is(err, session.ErrCursor) {
		w.cursor = ""
	}
	if err != nil {
		return step.Ended, err
	}
	w.cursor = step.Next
	if w.cursor == "" && w.matched == 0 {
		w.done = w.began.Sub(w.before) >= lateSignIn
	}
	return step.Ended, nil
}

func (m *Monitor) told(ctx context.Context, ended int) {
	if ended > 0 {
		m.tell(telemetry.SweepEnded, float64(ended))
		m.log.InfoContext(ctx, "sweep of ends", "event", "swept", "records", ended)
	}
}
