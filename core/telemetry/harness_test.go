package telemetry_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/telemetry"
)

// notes is a sink that writes down what it is given, "store_calls sessions read ok 1".
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) Record(m *telemetry.Metric, value float64, labels ...string) {
	series := m.Series(labels...)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, strings.TrimSpace(fmt.Sprintf("%s %s", m.Name, strings.Join(series.Values(), " ")))+fmt.Sprintf(" %v", value))
}

func (n *notes) Closed(*telemetry.Metric, time.Time, float64, ...string) {}

// want compares what was written down since the last time.
func (n *notes) want(t *testing.T, lines ...string) {
	t.Helper()
	if got, want := strings.Join(n.lines, "\n"), strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	n.lines = nil
}

// ticking is a clock on which each reading is a second after the one before.
func ticking() func() time.Time {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}
