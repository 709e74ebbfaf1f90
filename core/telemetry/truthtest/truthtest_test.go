package truthtest

import (
	"sync/atomic"
	"testing"

	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
)

// liar changes one value that it passes on.
type liar struct {
	telemetry.Sink
	metric *telemetry.Metric
	told   atomic.Int64
	change func(value float64, labels []string) (float64, []string)
}

// lies is which of the values is changed.
const lies = 2

func (l *liar) Record(m *telemetry.Metric, value float64, labels ...string) {
	if m == l.metric && l.told.Add(1) == lies {
		value, labels = l.change(value, labels)
	}
	l.Sink.Record(m, value, labels...)
}

// One event too many, one too few or one of another kind among thousands is noticed, for
// each metric that is compared.
func TestLiesAreNoticed(t *testing.T) {
	twice := func(v float64, labels []string) (float64, []string) { return 2 * v, labels }
	never := func(_ float64, labels []string) (float64, []string) { return 0, labels }
	other := func(v float64, _ []string) (float64, []string) { return v, nil }
	for _, m := range compared {
		if m == telemetry.SessionsActive || m == telemetry.EveryoneEnded {
			continue // told by the test itself, and too seldom
		}
		for name, change := range map[string]func(float64, []string) (float64, []string){"twice": twice, "never": never, "as other": other} {
			if name == "as other" && len(m.Labels) == 0 {
				continue
			}
			t.Run(m.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				load := Load{Operations: 5000, Clients: 4, Seed: 1}
				l := &liar{metric: m, change: change}
				w, err := newWorld(memory.New(), load, func(s telemetry.Sink) telemetry.Sink { l.Sink = s; return l })
				if err != nil {
					t.Fatal(err)
				}
				if err := w.live(t.Context(), load); err != nil {
					t.Fatal(err)
				}
				if l.told.Load() < lies {
					t.Fatalf("only %d were told", l.told.Load())
				}
				if faults := w.compare(); len(faults) == 0 {
					t.Error("nobody noticed")
				}
			})
		}
	}
}
