package emf_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
)

// What is gathered is added up by the dimensions that CloudWatch gets.
func TestAdded(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.ordinary()
	}
	w.Record(telemetry.Lookups, 1, "expired")
	w.Record(telemetry.StoreCalls, 1, "sessions", "update", "ok")
	w.Record(telemetry.Touches, 1, "failed")
	w.Record(telemetry.SessionsActive, 9)
	w.Record(telemetry.SessionsActive, 7)
	want(t, w.told(t),
		"12:00:00 LookupDuration [0.0025 0.0025 0.0025]", "12:00:00 Lookups Outcome=allowed 3", "12:00:00 Lookups Outcome=expired 1",
		"12:00:00 SessionsActive 7", "12:00:00 StoreCallDuration Store=sessions [0.002 0.002 0.002]",
		"12:00:00 StoreCalls Store=sessions Result=ok 4", "12:00:00 StoreUnits Store=sessions Kind=read 3",
		"12:00:00 Touches Result=failed 1")
}

// All of an ordinary look-up's metrics are one line.
func TestOneLine(t *testing.T) {
	w := newWorld(t)
	w.ordinary()
	w.Close()
	if got := w.lines(); got != 1 {
		t.Errorf("%d lines:\n%s", got, w.text.String())
	}
	if size := w.text.Len(); size > 1100 {
		t.Errorf("%d bytes: docs/metrics.md says how many", size)
	}
}

// Every metric with every value of every label makes valid lines.
func TestCatalogue(t *testing.T) {
	for _, m := range telemetry.Metrics() {
		w := newWorld(t)
		given := w.all(m, nil)
		total := 0.0
		for line := range strings.Lines(strings.Join(w.told(t), "\n")) {
			words := strings.Fields(line)
			if words[1] != m.CloudWatch() || len(words) < 3+len(m.Dimensions) {
				t.Errorf("%s: got %s", m.Name, line)
			}
			for _, value := range words[2+len(m.Dimensions):] {
				var n float64
				_, _ = fmt.Sscan(strings.Trim(value, "[]"), &n)
				total += n
			}
		}
		if want := float64(given); total != want && m.Kind != telemetry.Gauge {
			t.Errorf("%s: %v given, %v written", m.Name, want, total)
		}
	}
}

// all records 1 in each series of a metric, and returns how many there are.
func (w *world) all(m *telemetry.Metric, labels []string) int {
	if len(labels) == len(m.Labels) {
		w.Record(m, 1, labels...)
		return 1
	}
	n := 0
	for _, value := range m.Labels[len(labels)].Values {
		n += w.all(m, append(labels, value))
	}
	return n
}

// When a line is written: at once for what is out of the ordinary, else every ten
// seconds, and each with the time of what it holds.
func TestFlush(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*world)
		want []string
	}{
		"the first": {func(w *world) { w.Record(telemetry.Lookups, 1, "allowed"); w.Flush() }, []string{"12:00:00 Lookups Outcome=allowed 1"}},
		"ordinary, within ten seconds": {func(w *world) {
			for range 3 {
				w.Record(telemetry.Lookups, 1, "forged")
				w.move(4 * time.Second)
				w.Flush()
			}
		}, []string{"12:00:04 Lookups Outcome=forged 2", "12:00:00 Lookups Outcome=forged 1"}},
		"out of the ordinary": {func(w *world) {
			w.Flush()
			w.Record(telemetry.Lookups, 1, "allowed")
			w.Record(telemetry.Lookups, 1, "reused")
			w.Flush()
			w.move(time.Second)
			w.Record(telemetry.SessionsEnded, 1, "token_reuse")
			w.Flush()
		}, []string{"12:00:00 Lookups Outcome=allowed 1", "12:00:00 Lookups Outcome=reused 1", "12:00:01 SessionsEnded Reason=token_reuse 1"}},
		"nothing": {func(w *world) { w.Flush(); w.move(time.Hour); w.Flush() }, nil},
		"after a pause": {func(w *world) {
			w.Flush()
			w.Record(telemetry.Lookups, 1, "allowed")
			w.move(time.Minute)
			w.Record(telemetry.Lookups, 1, "allowed")
			w.Flush()
			w.move(10 * time.Second)
			w.Flush()
		}, []string{"12:00:00 Lookups Outcome=allowed 1", "12:01:00 Lookups Outcome=allowed 1"}},
		"not numbers": {func(w *world) {
			w.Record(telemetry.TTLLag, math.NaN())
			w.Record(telemetry.TTLLag, math.Inf(1))
			w.Closed(telemetry.SessionsExpired, noon, math.NaN())
			w.Flush()
		}, nil},
		"closed minutes": {func(w *world) {
			w.Closed(telemetry.SessionsExpired, noon.Add(-2*time.Minute), 5)
			w.Closed(telemetry.SessionsExpired, noon.Add(-2*time.Minute), 5)
			w.Closed(telemetry.SessionsExpired, noon.Add(-time.Minute+30*time.Second), 0)
		}, []string{"11:58:00 SessionsExpired 5", "11:58:00 SessionsExpired 5", "11:59:00 SessionsExpired 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.do(w)
			w.Close()
			got := w.text.String()
			wantSet(t, told(t, got), c.want)
		})
	}
}

// wantSet compares without regard to order.
func wantSet(t *testing.T, got, lines []string) {
	t.Helper()
	left := map[string]int{}
	for _, line := range lines {
		left[line]++
	}
	for _, line := range got {
		left[line]--
	}
	for line, n := range left {
		if n != 0 {
			t.Errorf("%q: %d more were wanted, all are\n%s", line, n, strings.Join(got, "\n"))
		}
	}
}

// A hundred values are a line, whatever the time.
func TestHundredValues(t *testing.T) {
	w := newWorld(t)
	for range 250 {
		w.Record(telemetry.StoreCallDuration, 0.001, "sessions", "read")
	}
	w.Close()
	sizes := []int{}
	for line := range strings.Lines(w.text.String()) {
		d, err := parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(d.values("StoreCallDuration")))
	}
	if len(sizes) != 3 || sizes[0] != 100 || sizes[1] != 100 || sizes[2] != 50 {
		t.Errorf("lines of %v values", sizes)
	}
}

func TestFit(t *testing.T) {
	for namespace, want := range map[string]bool{
		"Coatcheck/prod": true, "Coatcheck": true, "a.b-c_d/e#f:g": true, strings.Repeat("n", 255): true,
		"": false, strings.Repeat("n", 256): false, "AWS/Lambda": false, "two words": false, "line\nbreak": false, "Übung": false,
	} {
		if got := emf.Fit(namespace); got != want {
			t.Errorf("%q: got %t", namespace, got)
		}
	}
}
