package emf

import (
	"time"

	"coatcheck/core/telemetry"
)

// batch is what was recorded since the last line. There are as many entries at most as
// the catalogue has series; their memory is used again.
type batch struct {
	began   time.Time // of the first that it holds; zero: it holds nothing
	place   map[telemetry.Series]int
	entries []entry
}

// entry is one series of a batch.
type entry struct {
	series telemetry.Series
	sum    float64   // of a counter; what a gauge was set to last
	values []float64 // of a histogram
}

// old reports whether what the batch holds is too long ago to share a time with now.
func (b *batch) old(now time.Time) bool { return !b.began.IsZero() && now.Sub(b.began) >= every }

// add takes a value in and returns how many its entry has.
func (b *batch) add(s telemetry.Series, value float64, now time.Time) int {
	if b.began.IsZero() {
		b.began = now
	}
	e := b.entry(s)
	switch s.Metric.Kind {
	case telemetry.Histogram:
		e.values = append(e.values, value)
	case telemetry.Gauge:
		e.sum = value
	case telemetry.Counter:
		e.sum += value
	}
	return len(e.values)
}

func (b *batch) entry(s telemetry.Series) *entry {
	i, ok := b.place[s]
	if !ok {
		if b.place == nil {
			b.place = map[telemetry.Series]int{}
		}
		i = len(b.entries)
		b.place[s] = i
		if i < cap(b.entries) { // an earlier batch's, for its values' memory
			b.entries = b.entries[:i+1]
			b.entries[i] = entry{series: s, values: b.entries[i].values[:0]}
		} else {
			b.entries = append(b.entries, entry{series: s})
		}
	}
	return &b.entries[i]
}

func (b *batch) reset() {
	b.began, b.entries = time.Time{}, b.entries[:0]
	clear(b.place)
}
