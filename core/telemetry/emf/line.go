package emf

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"coatcheck/core/telemetry"
)

// The shapes of a line, by the specification's words.
type metadata struct {
	Timestamp         int64       `json:"Timestamp"` // Unix milliseconds
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

// document is one line. A name stands once at its root, so series that differ in a
// dimension are in several documents.
type document struct {
	root       map[string]any
	directives []directive
}

// linesOf are as few lines as hold the entries, each with its line break. at is the time
// of the values, now that of the log's line.
func linesOf(namespace string, at, now time.Time, entries []entry) [][]byte {
	var documents []*document
	for i := range entries {
		e := &entries[i]
		d := slices.IndexFunc(documents, func(d *document) bool { return d.fits(e) })
		if d < 0 {
			d = len(documents)
			documents = append(documents, &document{root: map[string]any{}})
		}
		documents[d].add(namespace, e)
	}
	out := make([][]byte, 0, len(documents))
	for _, d := range documents {
		out = append(out, d.line(at, now))
	}
	return out
}

// fits reports whether the entry contradicts nothing in the document. Two series of one
// metric differ in a dimension.
func (d *document) fits(e *entry) bool {
	for _, label := range e.series.Metric.Dimensions {
		if is, there := d.root[telemetry.Pascal(label)]; there && is != e.series.Value(label) {
			return false
		}
	}
	return true
}

func (d *document) add(namespace string, e *entry) {
	m := e.series.Metric
	dimensions := make([]string, len(m.Dimensions))
	for i, label := range m.Dimensions {
		dimensions[i] = telemetry.Pascal(label)
		d.root[dimensions[i]] = e.series.Value(label)
	}
	d.root[m.CloudWatch()] = e.target()
	one := d.directive(namespace, dimensions)
	one.Metrics = append(one.Metrics, definition{m.CloudWatch(), m.CloudWatchUnit()})
}

// directive is the one of the document that has these dimensions.
func (d *document) directive(namespace string, dimensions []string) *directive {
	i := slices.IndexFunc(d.directives, func(one directive) bool { return slices.Equal(one.Dimensions[0], dimensions) })
	if i < 0 {
		i = len(d.directives)
		d.directives = append(d.directives, directive{Namespace: namespace, Dimensions: [][]string{dimensions}})
	}
	return &d.directives[i]
}

// target is the value, or the values, at the root.
func (e *entry) target() any {
	if e.series.Metric.Kind != telemetry.Histogram {
		return e.sum
	}
	micros := make([]float64, len(e.values))
	for i, v := range e.values {
		micros[i] = math.Round(v*1e6) / 1e6
	}
	return micros
}

// line adds what Lambda reads of a log's line: without a level and a time it decides
// itself whether to keep it.
func (d *document) line(at, now time.Time) []byte {
	d.root["_aws"] = metadata{at.UnixMilli(), d.directives}
	d.root["level"] = "INFO"
	d.root["timestamp"] = now.UTC().Format(time.RFC3339Nano)
	// Numbers that are finite and texts: there is no error.
	text, _ := json.Marshal(d.root)
	return append(text, '\n')
}

// Fit reports whether a text may be a namespace of CloudWatch's: 1 to 255 letters,
// digits and ".-_/#:", and none of AWS's own.
func Fit(namespace string) bool {
	const marks = ".-_/#:"
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(marks, r)
	}
	return namespace != "" && len(namespace) <= 255 && !strings.ContainsFunc(namespace, odd) && !strings.HasPrefix(namespace, "AWS/")
}
