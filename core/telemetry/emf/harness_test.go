package emf_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a sink, its clock and what it wrote.
type world struct {
	*emf.Sink
	mu   sync.Mutex
	at   time.Time
	text bytes.Buffer
}

func newWorld(t *testing.T) *world {
	w := &world{at: noon}
	w.Sink = emf.New(w, "Coatcheck/test", w.now)
	t.Cleanup(w.Close)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// Write implements [io.Writer].
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// told closes the sink and returns what the lines say, each valid: "12:00:00 Lookups
// Outcome=allowed 3", sorted.
func (w *world) told(t *testing.T) []string {
	t.Helper()
	w.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	return told(t, w.text.String())
}

func told(t *testing.T, text string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(text) {
		d, err := parse([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, err := time.Parse(time.RFC3339, d.Timestamp); err != nil || d.Level != "INFO" {
			t.Errorf("level %q, timestamp %q: Lambda may drop it", d.Level, d.Timestamp)
		}
		for _, one := range d.AWS.Directives {
			if one.Namespace != "Coatcheck/test" {
				t.Errorf("namespace %q", one.Namespace)
			}
			for _, m := range one.Metrics {
				words := []string{time.UnixMilli(*d.AWS.Timestamp).UTC().Format("15:04:05"), m.Name}
				for _, dimension := range one.Dimensions[0] {
					words = append(words, fmt.Sprintf("%s=%v", dimension, d.root[dimension]))
				}
				out = append(out, strings.Join(append(words, fmt.Sprint(d.root[m.Name])), " "))
			}
		}
	}
	slices.Sort(out)
	return out
}

// lines is how many lines were written by now, and no more are under way.
func (w *world) lines() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), "\n")
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if !slices.Equal(got, lines) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

// ordinary is what a look-up that was allowed records.
func (w *world) ordinary() {
	w.Record(telemetry.StoreCalls, 1, "sessions", "read", "ok")
	w.Record(telemetry.StoreCallDuration, 0.002, "sessions", "read")
	w.Record(telemetry.StoreUnits, 1, "sessions", "GetItem", "read")
	w.Record(telemetry.Lookups, 1, "allowed")
	w.Record(telemetry.LookupDuration, 0.0025, "allowed")
}
