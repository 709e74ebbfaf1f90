// Package telemetry is how Coatcheck is seen from outside: the metrics that it keeps
// (the port, [Sink]; the catalogue, [Metrics]), what turns the Manager's events into
// metrics and log lines, and the measuring of a store's calls. The adapters are
// emf (CloudWatch) and prom (Prometheus).
package telemetry

import "time"

// Sink is where metrics go. It is the port that adapters implement. Its methods never
// block and never fail: what a sink cannot take in it drops and counts. They are safe
// for concurrent use. Labels are given in the order of the metric's own; a value that is
// none of a label's is [Other].
type Sink interface {
	// Record adds to a counter, sets a gauge, or observes in a histogram.
	Record(m *Metric, value float64, labels ...string)
	// Closed gives what a counter came to in one whole minute that is over, by the
	// minute's beginning. To give the same minute again, from whichever process, changes
	// nothing.
	Closed(m *Metric, minute time.Time, value float64, labels ...string)
}

// Kind is what a metric's values mean.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"   // only grows; what is recorded is added
	Gauge     Kind = "gauge"     // what was recorded last
	Histogram Kind = "histogram" // how what was recorded is spread
)

// Unit is what a metric counts in.
type Unit string

// The units.
const (
	Count   Unit = "" // things
	Seconds Unit = "seconds"
)
