package telemetry

import (
	"slices"
	"strings"
)

// Metric is one of the catalogue, which docs/metrics.md tells as a table.
type Metric struct {
	// Name is what both systems' names are made of: "lookups".
	Name string
	Kind Kind
	Unit Unit
	// Labels are what it is told apart by, at most [MaxLabels].
	Labels []Label
	// Dimensions are those of the labels that CloudWatch gets. It is paid by the
	// combination, so the others are summed up there.
	Dimensions []string
	Help       string
}

// Label is what a metric is told apart by. It has few values, all of them known
// beforehand, and none that names a user, a session or an address.
type Label struct {
	Name   string
	Values []string // beside [Other]
}

// MaxLabels is how many labels a metric has at most.
const MaxLabels = 3

// Other stands for every value that is none of a label's own.
const Other = "other"

// Series is one metric with one value of each label. Series are comparable.
type Series struct {
	Metric *Metric
	values [MaxLabels]string
}

// Series returns the one that labels name, in the order of the metric's own. It is the
// one place where values are held to the label's: anything else, and what is missing, is
// [Other].
func (m *Metric) Series(labels ...string) Series {
	s := Series{Metric: m}
	for i := range m.Labels {
		s.values[i] = Other
		if i < len(labels) && slices.Contains(m.Labels[i].Values, labels[i]) {
			s.values[i] = labels[i]
		}
	}
	return s
}

// Values are those of the metric's labels, in their order.
func (s *Series) Values() []string { return s.values[:len(s.Metric.Labels)] }

// Value is that of one label, "" where the metric has none of that name.
func (s *Series) Value(label string) string {
	for i := range s.Metric.Labels {
		if s.Metric.Labels[i].Name == label {
			return s.values[i]
		}
	}
	return ""
}

// Reduced is the series as CloudWatch gets it: labels that are no dimensions are "".
func (s Series) Reduced() Series {
	for i := range s.Metric.Labels {
		if !slices.Contains(s.Metric.Dimensions, s.Metric.Labels[i].Name) {
			s.values[i] = ""
		}
	}
	return s
}

// Prefix begins Prometheus's names.
const Prefix = "coatcheck_"

// Prometheus is the metric's name there: coatcheck_lookups_total. It ends with its unit,
// and a counter's with _total (Prometheus, "Metric and label naming").
func (m *Metric) Prometheus() string {
	name := Prefix + m.Name
	if m.Unit != Count {
		name += "_" + string(m.Unit)
	}
	if m.Kind == Counter {
		name += "_total"
	}
	return name
}

// CloudWatch is the metric's name there: LookupDuration. Its unit stands beside it.
func (m *Metric) CloudWatch() string { return Pascal(m.Name) }

// Pascal turns a name or a label into CloudWatch's: store_calls into StoreCalls.
func Pascal(name string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			out.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return out.String()
}

// CloudWatchUnit is the unit as CloudWatch spells it.
func (m *Metric) CloudWatchUnit() string {
	if m.Unit == Seconds {
		return "Seconds"
	}
	return "Count"
}
