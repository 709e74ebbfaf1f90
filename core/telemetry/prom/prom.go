// Package prom keeps the metrics for Prometheus: a [telemetry.Sink] whose values are in
// memory until they are fetched. It links client_golang; what runs in a function uses
// package emf.
package prom

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"coatcheck/core/telemetry"
)

// buckets are the bounds of the histograms, in seconds: from a record in memory to the
// longest that a caller waits for a store.
var buckets = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1, 2.5}

// Sink keeps the metrics of one process. It is safe for concurrent use.
type Sink struct {
	registry   *prometheus.Registry
	counters   map[*telemetry.Metric]*prometheus.CounterVec
	gauges     map[*telemetry.Metric]*prometheus.GaugeVec
	histograms map[*telemetry.Metric]*prometheus.HistogramVec
	since      time.Time

	mu     sync.Mutex
	closed map[telemetry.Series]time.Time // the latest minute that was added
}

// New returns a sink with every metric of the catalogue, those of Go and of the process.
// Its counters are there at once, as 0, with every value of their labels: a rate over them
// has a beginning.
func New() *Sink {
	s := &Sink{
		registry:   prometheus.NewRegistry(),
		counters:   map[*telemetry.Metric]*prometheus.CounterVec{},
		gauges:     map[*telemetry.Metric]*prometheus.GaugeVec{},
		histograms: map[*telemetry.Metric]*prometheus.HistogramVec{},
		since:      time.Now(),
		closed:     map[telemetry.Series]time.Time{},
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, m := range telemetry.Metrics() {
		s.registry.MustRegister(s.keep(m))
	}
	return s
}

// keep makes the place of a metric. A counter begins with all of its series; a gauge nobody
// has set is not there, since 0 would be a statement.
func (s *Sink) keep(m *telemetry.Metric) prometheus.Collector {
	var names []string
	for _, label := range m.Labels {
		names = append(names, label.Name)
	}
	switch m.Kind {
	case telemetry.Gauge:
		s.gauges[m] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Prometheus(), Help: m.Help}, names)
		return s.gauges[m]
	case telemetry.Histogram:
		s.histograms[m] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Prometheus(), Help: m.Help, Buckets: buckets}, names)
		return s.histograms[m]
	default:
		s.counters[m] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Prometheus(), Help: m.Help}, names)
		begin(s.counters[m], m.Labels)
		return s.counters[m]
	}
}

// begin makes a series of each combination of the values of the labels that are left. One
// that came with its first event would begin at 1, and that event be lost to increase().
func begin(c *prometheus.CounterVec, left []telemetry.Label, values ...string) {
	if len(left) == 0 {
		c.WithLabelValues(values...)
		return
	}
	for _, value := range left[0].Values {
		begin(c, left[1:], slices.Concat(values, []string{value})...)
	}
}

// Record implements [telemetry.Sink]. A metric that is not of the catalogue is left out.
func (s *Sink) Record(m *telemetry.Metric, value float64, labels ...string) {
	series := m.Series(labels...)
	if c, ok := s.counters[m]; ok && value >= 0 {
		c.WithLabelValues(series.Values()...).Add(value)
	}
	if g, ok := s.gauges[m]; ok {
		g.WithLabelValues(series.Values()...).Set(value)
	}
	if h, ok := s.histograms[m]; ok {
		h.WithLabelValues(series.Values()...).Observe(value)
	}
}

// Closed implements [telemetry.Sink]: it adds the minutes that are over since this process
// began, each once and in their order. Each of several processes on one store counts all
// that expire there: of theirs one takes the maximum, not the sum.
func (s *Sink) Closed(m *telemetry.Metric, minute time.Time, value float64, labels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	series := m.Series(labels...)
	if !minute.After(s.closed[series]) || minute.Add(time.Minute).Before(s.since) {
		return
	}
	s.closed[series] = minute
	s.Record(m, value, labels...)
}

// Handler serves the metrics in the formats that Prometheus asks for.
func (s *Sink) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}
