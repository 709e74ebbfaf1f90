// Package emf writes metrics as lines of CloudWatch's embedded metric format, which
// CloudWatch Logs turns into metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
//
// A line for each request would cost as much as the request does, so what is ordinary is
// gathered for some seconds. Standard library only: the authorizer links it.
package emf

import (
	"io"
	"math"
	"sync"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/lines"
)

const (
	// every is how long what is ordinary is gathered: at most so many lines a process
	// come of it, and no value's time is further off.
	every = 10 * time.Second
	// maxValues is how many values a metric has in a line (the specification: 100).
	maxValues = 100
	// closeTime bounds the writing of what is left. Lambda kills a process 500 ms after
	// it asked it to end.
	closeTime = 250 * time.Millisecond
	// queueSize is how many lines wait for the writer at most. A line has a few KB.
	queueSize = 256
)

// Sink gathers metrics and writes them. It is a [telemetry.Sink]: what its writer does,
// even if that never returns, neither delays nor fails a caller. It is safe for
// concurrent use.
type Sink struct {
	namespace string
	now       func() time.Time
	out       *lines.Queue

	mu     sync.Mutex
	batch  batch
	urgent bool      // the batch holds what is not to wait
	handed time.Time // when the last batch went to the queue; zero: none yet
}

var _ telemetry.Sink = (*Sink)(nil)

// New returns a sink that writes lines under a namespace (1 to 255 letters, digits and
// ".-_/#:"), each by one call of w.Write. now is the clock; nil means time.Now. Close
// ends its goroutine.
func New(w io.Writer, namespace string, now func() time.Time) *Sink {
	if now == nil {
		now = time.Now
	}
	s := &Sink{namespace: namespace, now: now}
	s.out = lines.New(w, queueSize, s.lost)
	return s
}

// Record implements [telemetry.Sink].
func (s *Sink) Record(m *telemetry.Metric, value float64, labels ...string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // JSON has no word for it
	}
	series, now := m.Series(labels...).Reduced(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.batch.old(now) {
		s.hand(now) // with the time of what it holds, not of what comes after a pause
	}
	s.urgent = s.urgent || !ordinary(series)
	if s.batch.add(series, value, now) >= maxValues {
		s.hand(now)
	}
}

// Closed implements [telemetry.Sink], by a line that has the minute's own time. A minute
// that is written twice has the same Maximum; its Sum is not to be used.
func (s *Sink) Closed(m *telemetry.Metric, minute time.Time, value float64, labels ...string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	one := []entry{{series: m.Series(labels...).Reduced(), sum: value}}
	s.put(one, minute.Truncate(time.Minute))
}

// Flush hands over what was gathered, if any of it is out of the ordinary or ten seconds have
// passed. It is called when an invocation's answer is made, since Lambda may stop the
// process until the next one. It does not wait.
func (s *Sink) Flush() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.urgent || now.Sub(s.handed) >= every {
		s.hand(now)
	}
}

// Sync writes what was gathered, as far as that is done within a quarter of a second: for
// an invocation that nobody waits for.
func (s *Sink) Sync() {
	s.mu.Lock()
	s.hand(s.now())
	s.mu.Unlock()
	s.out.Sync(closeTime)
}

// Close writes what was gathered, as far as that is done within a quarter of a second.
func (s *Sink) Close() {
	s.mu.Lock()
	s.hand(s.now())
	s.mu.Unlock()
	s.out.Close(closeTime)
}

// hand puts the batch into the queue and begins another.
func (s *Sink) hand(now time.Time) {
	s.put(s.batch.entries, s.batch.began)
	s.batch.reset()
	s.urgent, s.handed = false, now
}

func (s *Sink) put(entries []entry, at time.Time) {
	for _, line := range linesOf(s.namespace, at, s.now(), entries) {
		s.out.Put(line)
	}
}

// lost is the line that says how many lines could not be written.
func (s *Sink) lost(n int64) []byte {
	now := s.now()
	one := []entry{{series: telemetry.Dropped.Series(), sum: float64(n)}}
	return linesOf(s.namespace, now, now, one)[0]
}

// ordinary reports whether a series is one that tells how much there is to do. Whoever
// sends requests to what is behind the authorizer can make as many of these as he likes,
// so they never cause a line. Refused sign-ins do: their routes have a limit of their own.
func ordinary(s telemetry.Series) bool {
	switch s.Metric {
	case telemetry.LookupDuration, telemetry.StoreCallDuration, telemetry.StoreUnits, telemetry.TokensRotated, telemetry.ColdStarts:
		return true
	case telemetry.Lookups:
		return s.Value("outcome") != "reused" && s.Value("outcome") != "unavailable"
	case telemetry.Touches:
		return s.Value("result") == "written"
	case telemetry.StoreCalls:
		switch s.Value("result") {
		case telemetry.ResultOK, "not_found", "exists", "conflict":
			return true
		}
	}
	return false
}
