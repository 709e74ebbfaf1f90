package monitor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
)

// start is a whole minute.
var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// world is a deployment whose clock stands until it is moved.
type world struct {
	t        *testing.T
	now      time.Time
	store    *fragile
	sessions *session.Manager
	sink     *ledger
	log      bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start, store: &fragile{Store: memory.New()}, sink: &ledger{closed: map[string]float64{}, last: map[string]float64{}}}
	w.sessions = w.manager(0)
	return w
}

// manager is a process whose clock is behind.
func (w *world) manager(behind time.Duration) *session.Manager {
	w.t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := session.New(w.store, keys, &session.Options{Now: func() time.Time { return w.now.Add(-behind) }, ControlEvery: -1})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// monitor is a process of its own.
func (w *world) monitor(opts monitor.Options) *monitor.Monitor {
	w.t.Helper()
	opts.Now = func() time.Time { return w.now }
	opts.Log = slog.New(slog.NewJSONHandler(&w.log, nil))
	m, err := monitor.New(w.sessions, w.sink, &opts)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// run makes a run that has to succeed.
func (w *world) run(m *monitor.Monitor) monitor.Report {
	w.t.Helper()
	report, err := m.Run(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w *world) after(passes time.Duration) { w.now = w.now.Add(passes) }

func (w *world) signIn(subject string) (token string, id session.ID) {
	w.t.Helper()
	made, r, err := w.sessions.SignIn(w.t.Context(), session.SignIn{
		Subject: subject, Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Reveal(), r.ID
}

// signInMany signs users in, each once.
func (w *world) signInMany(n int) {
	w.t.Helper()
	for i := range n {
		w.signIn(fmt.Sprintf("usr_%d", i))
	}
}

// ledger is a sink that keeps what it is told, as CloudWatch and Prometheus do: gauges as
// they were last, and of a closed minute the highest.
type ledger struct {
	last   map[string]float64 // by metric and labels; of counters the sum
	closed map[string]float64 // by metric and minute
	told   []string           // every minute in the order in which it was told
}

// Record implements [telemetry.Sink].
func (l *ledger) Record(m *telemetry.Metric, value float64, labels ...string) {
	name := m.Name
	for _, label := range labels {
		name += " " + label
	}
	if m.Kind == telemetry.Counter {
		value += l.last[name]
	}
	l.last[name] = value
}

// Closed implements [telemetry.Sink].
func (l *ledger) Closed(m *telemetry.Metric, minute time.Time, value float64, _ ...string) {
	at := m.Name + " " + minute.Format("15:04:05")
	l.told = append(l.told, minute.Format("15:04:05"))
	l.closed[at] = max(l.closed[at], value)
}

func (l *ledger) want(t *testing.T, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if got, known := l.last[name]; !known || got != value {
			t.Errorf("%s is %v (told: %t), want %v", name, got, known, value)
		}
	}
}

var errDown = errors.New("down")

// fragile is a store whose calls fail or hang by name, and are counted.
type fragile struct {
	session.Store
	down  []string
	hangs bool
	calls map[string]int
}

func (f *fragile) call(ctx context.Context, name string) error {
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[name]++
	if !slices.Contains(f.down, name) {
		return nil
	}
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errDown
}

// Read implements [session.Store].
func (f *fragile) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if err := f.call(ctx, "read"); err != nil {
		return session.Reading{}, err
	}
	return f.Store.Read(ctx, q)
}

// Page implements [session.Store].
func (f *fragile) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	if err := f.call(ctx, "page "+string(q.Status)); err != nil {
		return session.Page{}, err
	}
	return f.Store.Page(ctx, q)
}

// Count implements [session.Store].
func (f *fragile) Count(ctx context.Context, r session.StatusRange) (int, error) {
	name := "count expired"
	if r.Until.IsZero() {
		name = "count active"
	}
	if err := f.call(ctx, name); err != nil {
		return 0, err
	}
	return f.Store.Count(ctx, r)
}
