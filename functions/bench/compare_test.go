package bench_test

import (
	"slices"
	"testing"
	"time"
)

// compare measures ours and plain in turn, each going first in every other round, for
// the benchmark's time and at least some rounds, and reports the medians in a unit and
// what ours is of plain.
func compare(b *testing.B, unit string, per time.Duration, least int, measure func(ours bool) time.Duration) {
	b.Helper()
	var ours, plain []time.Duration
	round := func() {
		if len(ours)%2 == 0 {
			ours = append(ours, measure(true))
			plain = append(plain, measure(false))
		} else {
			plain = append(plain, measure(false))
			ours = append(ours, measure(true))
		}
	}
	for b.Loop() {
		round()
	}
	for len(ours) < least {
		round()
	}
	o, p := median(ours), median(plain)
	b.ReportMetric(0, "ns/op") // a round's time says nothing
	b.ReportMetric(float64(len(ours)), "rounds")
	b.ReportMetric(float64(o)/float64(per), "ours-"+unit)
	b.ReportMetric(float64(p)/float64(per), "plain-"+unit)
	b.ReportMetric(float64(o)/float64(p), "ratio")
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}
