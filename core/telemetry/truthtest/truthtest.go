// Package truthtest shows that the metrics equal the truth: after many random operations
// over any store, by several processes at once, what both adapters say is compared with
// what callers were answered, with what the store was asked, and with what stands in it.
package truthtest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
	"coatcheck/core/telemetry/prom"
)

// Load is how much is done.
type Load struct {
	Operations int // in all
	Clients    int // at once
	Seed       uint64
	// Timeout is the Manager's, for stores that are slower than ours.
	Timeout time.Duration
}

// policy makes everything happen within few operations.
var policy = session.Policy{
	Idle: 10 * time.Minute, Absolute: 2 * time.Hour, TouchEvery: time.Minute,
	RotateEvery: 5 * time.Minute, Grace: 10 * time.Second, PerUser: 4,
}

const users = 40

// world is a deployment of two processes, what they told, and the truth.
type world struct {
	store     *watched // what the processes call, measured
	raw       session.Store
	processes []*session.Manager
	emf       *emf.Sink
	prom      *prom.Sink
	lines     lockedBuffer
	clock     atomic.Int64 // Unix milliseconds
	truth     tally
	foreign   foreign
}

// lockedBuffer keeps EMF's lines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// both gives everything to two sinks.
type both struct{ first, second telemetry.Sink }

func (b both) Record(m *telemetry.Metric, value float64, labels ...string) {
	b.first.Record(m, value, labels...)
	b.second.Record(m, value, labels...)
}

func (b both) Closed(m *telemetry.Metric, minute time.Time, value float64, labels ...string) {
	b.first.Closed(m, minute, value, labels...)
	b.second.Closed(m, minute, value, labels...)
}

// newWorld gives the processes sinks that are reached through another, if there is one.
func newWorld(store session.Store, load Load, through func(telemetry.Sink) telemetry.Sink) (*world, error) {
	w := &world{raw: store, prom: prom.New()}
	w.clock.Store(time.Now().UnixMilli())                                                          // a store may forget what is to be forgotten by its own clock
	w.store = &watched{Store: store, truth: &w.truth, random: rand.New(rand.NewPCG(load.Seed, 1))} //nolint:gosec // G404: a test's load
	w.emf = emf.New(&w.lines, "Coatcheck/test", nil)
	var sink telemetry.Sink = both{w.emf, w.prom}
	if through != nil {
		sink = through(sink)
	}
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	if err != nil {
		return nil, err
	}
	for range 2 {
		m, err := session.New(telemetry.Sessions(w.store, sink, nil), keys, &session.Options{
			Policy: policy, Now: w.now, Timeout: load.Timeout, Observe: telemetry.Observe(sink),
		})
		if err != nil {
			return nil, err
		}
		w.processes = append(w.processes, m)
	}
	w.foreign, err = newForeign(keys, w.now)
	return w, err
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// Run does it all and reports every metric that is not the truth. The store is empty and
// nobody else's.
func Run(t *testing.T, store session.Store, load Load) {
	t.Helper()
	w, err := newWorld(store, load, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := w.live(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations in %v: %s", load.Operations, time.Since(began).Round(100*time.Millisecond), w.truth.summary())
	for _, fault := range w.compare() {
		t.Error(fault)
	}
	for _, name := range everyKind {
		if w.truth.get(name) == 0 {
			t.Errorf("%s never happened: nothing is shown of it", name)
		}
	}
}

// live does the load and brings the world to rest.
func (w *world) live(ctx context.Context, load Load) error {
	var group sync.WaitGroup
	for i := range load.Clients {
		c := newClient(ctx, w, load.Seed, uint64(i))
		group.Go(func() {
			for range load.Operations / load.Clients {
				c.step()
			}
		})
	}
	group.Wait()
	return w.settle(ctx)
}

// everyKind is what has to happen for the comparison to mean something.
var everyKind = []string{
	"lookups allowed", "lookups absent", "lookups malformed", "lookups forged", "lookups unknown", "lookups expired",
	"lookups ended", "lookups reused", "lookups forbidden", "lookups unavailable",
	"sign_ins pwd created", "sign_ins pwd refused", "sign_ins pwd busy", "sign_ins none invalid", "sign_ins pwd unavailable",
	"sessions_ended signed_out", "sessions_ended ended_by_admin", "sessions_ended session_limit", "sessions_ended replaced",
	"sessions_ended roles_changed", "sessions_ended password_changed", "sessions_ended token_reuse", "sessions_ended ended_everywhere",
	"everyone_ended", "tokens_rotated confirmed", "tokens_rotated offered", "touches written",
	"store_calls sessions update ok", "store_calls sessions read error",
}

// tally counts by name: a metric's, and its labels' values.
type tally struct {
	mu     sync.Mutex
	counts map[string]float64
}

func (t *tally) add(name string, n float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]float64{}
	}
	t.counts[name] += n
}

func (t *tally) get(name string) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[name]
}

// summary is the tally in a few words.
func (t *tally) summary() string {
	return fmt.Sprintf("%v look-ups allowed, %v sign-ins, %v records, %v ends, %v rotations",
		t.get("lookups allowed"), t.get("sign_ins pwd created"), t.get("records"), t.get("ends"), t.get("tokens_rotated confirmed"))
}
