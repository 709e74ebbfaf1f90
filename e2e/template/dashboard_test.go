package template_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/telemetry"
	"coatcheck/e2e/template/stack"
)

// named is one of our metrics as an alarm or the dashboard names it.
type named struct {
	metric     string
	dimensions []string
	values     []string // of the dimensions, nil: all
	stat       string
}

// What alarms and dashboard name of our own metrics is in the catalogue, with exactly
// those dimensions and values; otherwise CloudWatch would show nothing, and say nothing.
func TestMetricsAreThoseOfTheCatalogue(t *testing.T) {
	template := stack.Read(t, file)
	all := dashboard(t, template)
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		all = append(all, ofAlarm(template.Resources[name].Properties)...)
	}
	shown := map[string]bool{}
	for _, n := range all {
		shown[n.metric] = true
		if fault := n.fault(); fault != "" {
			t.Error(fault)
		}
	}
	for _, m := range telemetry.Metrics() {
		if m != telemetry.LookupDuration && !shown[m.CloudWatch()] { // AWS/Lambda has the authorizer's
			t.Errorf("%s is shown nowhere", m.CloudWatch())
		}
	}
}

func (n named) fault() string {
	i := slices.IndexFunc(telemetry.Metrics(), func(m *telemetry.Metric) bool { return m.CloudWatch() == n.metric })
	if i < 0 {
		return n.metric + " is no metric of the catalogue"
	}
	m := telemetry.Metrics()[i]
	var want []string
	for _, d := range m.Dimensions {
		want = append(want, telemetry.Pascal(d))
	}
	if !slices.Equal(n.dimensions, want) {
		return fmt.Sprintf("%s has the dimensions %q, not %q", n.metric, want, n.dimensions)
	}
	for i, value := range n.values {
		if !slices.ContainsFunc(m.Labels, func(l telemetry.Label) bool {
			return l.Name == m.Dimensions[i] && slices.Contains(l.Values, value)
		}) {
			return fmt.Sprintf("%s: %s is never %q", n.metric, n.dimensions[i], value)
		}
	}
	return n.statFault(m)
}

// statFault: what a closed minute came to is told several times, so that a sum would be
// too much; a gauge is no sum either, and a counter nothing else.
func (n named) statFault(m *telemetry.Metric) string {
	fits := map[telemetry.Kind][]string{
		telemetry.Counter: {"Sum"}, telemetry.Gauge: {"Maximum"}, telemetry.Histogram: {"p50", "p99"},
	}[m.Kind]
	if m == telemetry.SessionsExpired {
		fits = []string{"Maximum"}
	}
	if !slices.Contains(fits, n.stat) {
		return fmt.Sprintf("%s: %q of it, want one of %q", n.metric, n.stat, fits)
	}
	return ""
}

// ofAlarm are the metrics of ours that an alarm watches.
func ofAlarm(alarm properties) (all []named) {
	one := func(metric, stat any) {
		if stack.Text(stack.At(metric, "Namespace")) != ours {
			return
		}
		n := named{metric: stack.Text(stack.At(metric, "MetricName")), stat: stack.Text(stat)}
		dimensions, _ := stack.At(metric, "Dimensions").([]any)
		for _, d := range dimensions {
			n.dimensions = append(n.dimensions, stack.Text(stack.At(d, "Name")))
			n.values = append(n.values, stack.Text(stack.At(d, "Value")))
		}
		all = append(all, n)
	}
	one(alarm, alarm["Statistic"])
	several, _ := alarm["Metrics"].([]any)
	for _, m := range several {
		one(stack.At(m, "MetricStat", "Metric"), stack.At(m, "MetricStat", "Stat"))
	}
	return all
}

// dashboard are those that the dashboard shows.
func dashboard(t *testing.T, template *stack.Template) (all []named) {
	t.Helper()
	for _, w := range boardWhere(t, template).Widgets {
		for _, m := range w.Properties.Metrics {
			all = append(all, shownBy(t, m)...)
		}
	}
	return all
}

var search = regexp.MustCompile(`^SEARCH\('\{"([^"]+)",([A-Za-z,]+)\} MetricName="(\w+)"', '(\w+)', \d+\)$`)

// shownBy is a metric of a widget, by name or by a search for all values of its dimensions.
func shownBy(t *testing.T, m []any) []named {
	t.Helper()
	last, options := m[len(m)-1].(map[string]any)
	if expression, is := last["expression"].(string); options && is {
		found := search.FindStringSubmatch(expression)
		if found == nil || found[1] != ours {
			t.Errorf("%s is not understood", expression)
			return nil
		}
		return []named{{metric: found[3], dimensions: strings.Split(found[2], ","), stat: found[4]}}
	}
	if m[0] != ours {
		return nil
	}
	stat, _ := last["stat"].(string)
	n := named{metric: fmt.Sprint(m[1]), stat: stat}
	for i := 2; i+1 < len(m)-1; i += 2 {
		n.dimensions, n.values = append(n.dimensions, fmt.Sprint(m[i])), append(n.values, fmt.Sprint(m[i+1]))
	}
	return []named{n}
}

// The test above would see what is not there.
func TestWrongNamesAreSeen(t *testing.T) {
	right := named{"MonitorRuns", []string{"Result"}, []string{"ok"}, "Sum"}
	if fault := right.fault(); fault != "" {
		t.Error(fault)
	}
	for name, n := range map[string]named{
		"another metric":    {"MonitorRun", []string{"Result"}, []string{"ok"}, "Sum"},
		"no dimension":      {"MonitorRuns", nil, nil, "Sum"},
		"another dimension": {"MonitorRuns", []string{"result"}, []string{"ok"}, "Sum"},
		"one more":          {"MonitorRuns", []string{"Result", "Stack"}, []string{"ok", "x"}, "Sum"},
		"another value":     {"MonitorRuns", []string{"Result"}, []string{"done"}, "Sum"},
		"another statistic": {"MonitorRuns", []string{"Result"}, []string{"ok"}, "Average"},
		"a sum of minutes":  {"SessionsExpired", nil, nil, "Sum"},
	} {
		if n.fault() == "" {
			t.Errorf("%s: no fault", name)
		}
	}
}
