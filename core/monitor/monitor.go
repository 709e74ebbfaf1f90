// Package monitor finds out, every few minutes, what no request tells: how many sessions
// are active, how many ran out minute by minute, how far the store's housekeeping is
// behind and how old the tag key is. It also writes down the ends that follow an end of
// everybody. The same code runs as a function on a schedule and as a ticker of the local
// program.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
)

// Options are a Monitor's settings. The zero value, and nil, are the defaults.
type Options struct {
	// Every is the time between two runs, 1 s to 8 h; default 5 min. A run tells of the
	// expirations of three of them, so that one which did not take place is made up for.
	Every time.Duration
	// KeyMade returns when the key that tags new tokens was made, the zero time where
	// that is not known. nil: it is not known.
	KeyMade func(context.Context) (time.Time, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log is told of each part that failed and of ends that were written down; nil means
	// slog.Default().
	Log *slog.Logger
}

const (
	defaultEvery = 5 * time.Minute
	minEvery     = time.Second
	maxEvery     = 8 * time.Hour
)

// coverOf is how far back a run tells of expirations: whole minutes.
func coverOf(every time.Duration) time.Duration {
	return max(3*every, 3*time.Minute).Round(time.Minute)
}

// Monitor makes runs, one at a time.
type Monitor struct {
	sessions *session.Manager
	sink     telemetry.Sink
	cover    time.Duration
	keyMade  func(context.Context) (time.Time, error)
	now      func() time.Time
	log      *slog.Logger
	walk     walk
}

// New returns a Monitor of a deployment's sessions, which tells a sink what it finds. A
// sink that is nil tells nobody, so that nothing is counted: a run is its sweep alone. New
// makes no call of the store.
func New(sessions *session.Manager, sink telemetry.Sink, opts *Options) (*Monitor, error) {
	if opts == nil {
		opts = &Options{}
	}
	every := opts.Every
	if every == 0 {
		every = defaultEvery
	}
	m := &Monitor{sessions: sessions, sink: sink, cover: coverOf(every), keyMade: opts.KeyMade, now: opts.Now, log: opts.Log}
	if m.now == nil {
		m.now = time.Now
	}
	if m.log == nil {
		m.log = slog.Default()
	}
	switch {
	case sessions == nil:
		return nil, errors.New("monitor: no sessions given")
	case every < minEvery || every > maxEvery:
		return nil, fmt.Errorf("monitor: Every is %v: want %v to %v", every, minEvery, maxEvery)
	}
	return m, nil
}

// Report is what a run found. What failed is zero in it.
type Report struct {
	// Ended is how many ends the run wrote down that follow an end of everybody.
	Ended int
	// Active is how many sessions are neither ended nor expired.
	Active int
	// Minutes is of how many closed minutes the run told, and Expired how many sessions
	// ran out in them.
	Minutes, Expired int
	// TTLLag is how long the record that is the most overdue, of those looked at, has
	// been waiting to be forgotten.
	TTLLag time.Duration
	// KeyAge is how long ago the tag key was made; 0 where that is not known.
	KeyAge time.Duration
}

// LogValue is the report as a log line has it, times in seconds.
func (r Report) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("ended", r.Ended), slog.Int("active", r.Active), slog.Int("minutes", r.Minutes), slog.Int("expired", r.Expired),
		slog.Float64("ttlLag", r.TTLLag.Seconds()), slog.Float64("keyAge", r.KeyAge.Seconds()),
	)
}

// Run makes one run. Its parts do not depend on each other: one that fails keeps none of
// the others from running, is a log line, and is part of the error. The run takes no longer
// than its context; a sweep that is not done by half that time goes on with the next run.
//
// On DynamoDB a run costs about 12,500 read units for each million of active sessions
// and of sessions that expired within three times Every, at least 8 for each count, and one for each
// of at most 100 records.
func (m *Monitor) Run(ctx context.Context) (Report, error) {
	var report Report
	var failed error
	for _, part := range m.parts() {
		if err := part.run(ctx, &report); err != nil {
			m.log.ErrorContext(ctx, "a part of the monitor's run failed", "event", "monitor_failed", "part", part.name, "error", err.Error())
			failed = errors.Join(failed, fmt.Errorf("monitor %s: %w", part.name, err))
		}
	}
	result := telemetry.ResultOK
	if failed != nil {
		result = telemetry.ResultFailed
	}
	m.tell(telemetry.MonitorRuns, 1, result)
	return report, failed
}

// part is a part of a run.
type part struct {
	name string
	run  func(context.Context, *Report) error
}

func (m *Monitor) parts() []part {
	// First, so that what ended with everybody is neither active nor expired.
	sweep := part{"sweep", m.sweep}
	if m.sink == nil {
		return []part{sweep}
	}
	return []part{sweep, {"active", m.active}, {"expired", m.expired}, {"ttl_lag", m.ttlLag}, {"key_age", m.keyAge}}
}

func (m *Monitor) tell(metric *telemetry.Metric, value float64, labels ...string) {
	if m.sink != nil {
		m.sink.Record(metric, value, labels...)
	}
}

func (m *Monitor) active(ctx context.Context, r *Report) (err error) {
	r.Active, err = m.sessions.CountAll(ctx, session.StateActive, time.Time{}, time.Time{})
	if err == nil {
		m.tell(telemetry.SessionsActive, float64(r.Active))
	}
	return err
}

// expired tells of each whole minute that is settled, by the minute itself: telling it
// again, from this process or another, changes nothing. Each is told at once, so that a
// run that breaks off has told of those before.
func (m *Monitor) expired(ctx context.Context, r *Report) error {
	end := m.sessions.Settled().Truncate(time.Minute)
	for minute := end.Add(-m.cover); minute.Before(end); minute = minute.Add(time.Minute) {
		n, err := m.sessions.CountAll(ctx, session.StateExpired, minute, minute.Add(time.Minute))
		if err != nil {
			return err
		}
		m.sink.Closed(telemetry.SessionsExpired, minute, float64(n))
		r.Minutes++
		r.Expired += n
	}
	return nil
}

// oldest is how many records of each status are looked at for what is overdue.
const oldest = 50

// ttlLag looks at the records that have stood longest, by the index's order: when they
// expired or were ended. One that is even more overdue may stand behind them, since
// sessions live for different times: what is told is a lower bound.
func (m *Monitor) ttlLag(ctx context.Context, r *Report) error {
	now := m.now()
	for _, state := range []session.State{session.StateExpired, session.StateEnded} {
		page, err := m.sessions.ListAll(ctx, session.AllQuery{State: state, Limit: oldest})
		if err != nil {
			r.TTLLag = 0
			return err
		}
		for i := range page.Sessions {
			r.TTLLag = max(r.TTLLag, now.Sub(page.Sessions[i].PurgeAt))
		}
	}
	m.tell(telemetry.TTLLag, r.TTLLag.Seconds())
	return nil
}

func (m *Monitor) keyAge(ctx context.Context, r *Report) error {
	if m.keyMade == nil {
		return nil
	}
	made, err := m.keyMade(ctx)
	if err != nil || made.IsZero() {
		return err
	}
	r.KeyAge = max(0, m.now().Sub(made))
	m.tell(telemetry.TagKeyAge, r.KeyAge.Seconds())
	return nil
}
