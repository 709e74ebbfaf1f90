package session

import (
	"context"
	"fmt"
	"time"
)

// EndEveryone ends every session of everybody that was made until now, with one write,
// and returns the time before which they are over. It holds at once in this process
// and within ControlEvery, at most 5 s, in every other. Sign-ins that come after it
// are good. [Manager.Sweep] writes the ends to the sessions afterwards.
func (m *Manager) EndEveryone(ctx context.Context) (time.Time, error) {
	got, err := m.readBounded(ctx, Query{Control: true})
	if err != nil {
		return time.Time{}, err
	}
	before := m.clock()
	// A sign-in since the last end of everybody may be dated just past that, which by
	// this clock may be still to come.
	if !got.EndedBefore.IsZero() && !before.After(got.EndedBefore) {
		before = got.EndedBefore.Add(time.Millisecond)
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	if err := m.store.RaiseEndedBefore(ctx, before); err != nil {
		return time.Time{}, unavailable("end everyone", err)
	}
	grow(&m.control.endedBefore, before.UnixMilli())
	m.emit(ctx, Event{Name: EventEveryoneEnded, End: End{At: before, Reason: EndedEverywhere}})
	return before, nil
}

// Step is one step of a walk that ends sessions: one page of the index.
type Step struct {
	// Examined is how many sessions were looked at.
	Examined int
	// Matched are those that were, or with DryRun would be, ended.
	Matched []Record
	// Ended is how many were ended by this step; others had ended meanwhile.
	Ended int
	// Damaged are stored items that are no records, which no predicate fits.
	Damaged []ID
	// Next is the cursor of the next step; "" after the last.
	Next string
}

// Bounds of a step, in sessions.
const (
	DefaultStep = 200
	MaxStep     = 1000
)

// Walk asks for one step of ending every session that fits a predicate.
type Walk struct {
	Filter Filter
	// Also is a further condition on the session's subject, such as the state of the
	// account; AlsoName is what it is called, so that a cursor fits no other.
	Also     func(ctx context.Context, subject string) (bool, error)
	AlsoName string
	// All has to be set where the predicate fits every session.
	All bool
	// DryRun looks and ends nothing.
	DryRun bool
	Reason EndReason
	By     By
	Limit  int    // most sessions looked at, 1 to MaxStep; 0: DefaultStep
	Cursor string // the Next of the step before, of the same walk; "" for the first
}

// EndWhere takes one step of a walk over all active sessions that ends those that fit.
// Its bound is the duration of the walk: a session that is active throughout it, and
// fits, is ended by its last step; one that is made meanwhile may be left. Where the
// index of the store lags, so does the walk: one that finds nothing more has ended all
// that it knew of. A step that failed may be taken again.
func (m *Manager) EndWhere(ctx context.Context, w Walk) (Step, error) {
	if w.Limit == 0 {
		w.Limit = DefaultStep
	}
	if err := w.validate(); err != nil {
		return Step{}, err
	}
	now := m.clock()
	page, err := m.page(ctx, stretch{
		name: fmt.Sprintf("end %t %s %q", w.DryRun, w.Filter.name(), w.AlsoName),
		span: m.mayLiveSpan(now), limit: w.Limit, cursor: w.Cursor,
	})
	if err != nil {
		return Step{}, err
	}
	step := Step{Examined: len(page.Records), Damaged: page.Damaged, Next: page.Next}
	if step.Matched, err = m.matched(ctx, &w, page.Records, now); err != nil || w.DryRun {
		return step, err
	}
	step.Ended, err = m.endEach(ctx, endsOf(step.Matched, End{At: now, Reason: w.Reason, By: w.By}))
	return step, err
}

func (w *Walk) validate() error {
	switch {
	case w.Limit < 1 || w.Limit > MaxStep:
		return invalid("limit is %d: want 1 to %d", w.Limit, MaxStep)
	case w.Filter.IsZero() && w.Also == nil && !w.All:
		return invalid("the predicate fits every session: say which ones, or that all are meant")
	case w.All && (!w.Filter.IsZero() || w.Also != nil):
		return invalid("all are meant, and some: say one of the two")
	case w.Filter.Reason != "" || w.Filter.By != "":
		return invalid("a reason, and who ended it, select ended sessions, which are over already")
	case !w.DryRun && !w.Reason.writable():
		return invalid("end reason %s: not one that is written", Shown(string(w.Reason)))
	}
	return w.Filter.Validate()
}

// matched returns the records that a walk ends.
func (m *Manager) matched(ctx context.Context, w *Walk, records []Record, now time.Time) ([]Record, error) {
	if err := m.refresh(ctx); err != nil {
		return nil, err
	}
	var all []Record
	for i := range records {
		r := &records[i]
		if _, over := m.control.over(r.CreatedAt); over || !m.mayLive(r, now) || !w.Filter.fits(r, now) {
			continue
		}
		fits, err := w.Also == nil, error(nil)
		if w.Also != nil {
			fits, err = w.Also(ctx, r.Subject)
		}
		if err != nil {
			return nil, err
		}
		if fits {
			all = append(all, *r)
		}
	}
	return all, nil
}

// mayLiveSpan is where the sessions stand that mayLive.
func (m *Manager) mayLiveSpan(now time.Time) StatusRange {
	return StatusRange{Status: StatusLive, From: m.settled(now)}
}

// EndedBefore returns the time before which everybody's sessions are over, as the store
// has it now; zero if everybody was never ended. It costs one read.
func (m *Manager) EndedBefore(ctx context.Context) (time.Time, error) {
	got, err := m.readBounded(ctx, Query{Control: true})
	return got.EndedBefore, err
}

// Sweep takes one step of writing the ends that [Manager.EndEveryone] made to the
// sessions, so that lists and counts show them; until then look-ups alone know. by is
// who ended everybody, or [ByRule]. It may be repeated at any time and ends nothing
// that was not over. A cursor is the Next of the step before; "" begins.
func (m *Manager) Sweep(ctx context.Context, by By, cursor string) (Step, error) {
	now := m.clock()
	got, err := m.readBounded(ctx, Query{Control: true})
	if err != nil || got.EndedBefore.IsZero() {
		return Step{}, err
	}
	// What expired before everybody was ended stays expired.
	span := StatusRange{Status: StatusLive, From: got.EndedBefore}
	page, err := m.page(ctx, stretch{name: "sweep", span: span, limit: DefaultStep, cursor: cursor})
	if err != nil {
		return Step{}, err
	}
	step := Step{Examined: len(page.Records), Damaged: page.Damaged, Next: page.Next}
	for i := range page.Records {
		if _, reason := m.state(&page.Records[i], now); reason == EndedEverywhere {
			step.Matched = append(step.Matched, page.Records[i])
		}
	}
	// The end is dated to when it began to hold, not to when it is written down.
	step.Ended, err = m.endEach(ctx, endsOf(step.Matched, End{At: got.EndedBefore, Reason: EndedEverywhere, By: by}))
	return step, err
}

// endsOf is the same end of each.
func endsOf(records []Record, e End) []ending {
	ends := make([]ending, len(records))
	for i := range records {
		ends[i] = ending{id: records[i].ID, end: e, counts: true}
	}
	return ends
}
