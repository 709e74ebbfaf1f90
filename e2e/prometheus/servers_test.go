package prometheus_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
)

// given is a series of a unit test of promtool.
type given struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// wanted is what an expression has to come to there.
type wanted struct {
	Expr    string   `yaml:"expr"`
	At      string   `yaml:"eval_time"`
	Samples []result `yaml:"exp_samples"`
}

type result struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

// What two servers of one store did is summed up, what both found there counts once, and
// another deployment counts for nothing.
func TestServersOfOneStore(t *testing.T) {
	shown := expressions(t)
	maps.DeleteFunc(shown, func(_, expression string) bool { return !strings.Contains(expression, telemetry.Prefix) })
	want := map[string]result{
		"Active sessions A":                            {"{}", 5},
		"Sessions that ran out, a minute A":            {"{}", 60},
		"Sign-ins A":                                   {`{result="created"}`, 2},
		"Checks of sessions, by outcome A":             {`{outcome="allowed"}`, 2},
		"Time of these checks A":                       {"{}", 0.25},
		"Time of these checks B":                       {"{}", 0.495},
		"Ends, by reason A":                            {`{reason="token_reuse"}`, 600},
		"Replaced tokens presented, everybody ended A": {"{}", 600},
		"Replaced tokens presented, everybody ended B": {"{}", 600},
		"Replaced tokens presented, everybody ended C": {"{}", 600},
		"New tokens A":                                 {`{step="offered"}`, 2},
		"Uses written down A":                          {`{result="written"}`, 2},
		"Calls of the stores, by result A":             {`{result="ok", store="sessions"}`, 2},
		"Time of the stores' calls A":                  {`{store="sessions"}`, 0.25},
		"Time of the stores' calls B":                  {`{store="sessions"}`, 0.495},
		"Throttled by DynamoDB, by its reason A":       {`{reason="TableReadProvisionedThroughputExceeded"}`, 2},
		"Capacity units of DynamoDB A":                 {`{kind="read", store="sessions"}`, 2},
		"The monitor's runs A":                         {`{result="ok"}`, 1800},
		"How long records are overdue A":               {"{}", 5},
		"Age of the tag key A":                         {"{}", 5},
	}
	if got, want := slices.Sorted(maps.Keys(shown)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Fatalf("the dashboard has\n%q\nwant\n%q", got, want)
	}
	var cases []wanted
	for name, expression := range shown {
		cases = append(cases, wanted{expression, "30m", []result{want[name]}})
	}
	unitTest(t, slices.Concat(told("coatcheck", "a", 1), told("coatcheck", "b", 1), told("another", "c", 10)), cases)
}

// told is what a server tells: of each metric the first value of each label, or the one that
// a panel asks for. A counter grows by times 1 a second.
func told(job, instance string, times int) []given {
	var all []given
	grows := fmt.Sprintf("0+%dx240", 15*times)
	for _, m := range telemetry.Metrics() {
		labels := fmt.Sprintf("job=%q,instance=%q", job, instance)
		for _, l := range m.Labels {
			value := l.Values[0]
			if m == telemetry.SessionsEnded {
				value = string(session.TokenReuse)
			}
			labels += fmt.Sprintf(",%s=%q", l.Name, value)
		}
		switch m.Kind {
		case telemetry.Gauge:
			all = append(all, given{m.Prometheus() + "{" + labels + "}", fmt.Sprintf("%dx240", 5*times)})
		case telemetry.Counter:
			all = append(all, given{m.Prometheus() + "{" + labels + "}", grows})
		case telemetry.Histogram:
			all = append(all, buckets(m.Prometheus()+"_bucket{"+labels, grows, times == 1)...)
		}
	}
	return all
}

// buckets are those of a histogram: all of it takes half a second at most, or a second.
func buckets(begin, grows string, fast bool) []given {
	half := grows
	if !fast {
		half = "0x240"
	}
	return []given{{begin + `,le="0.5"}`, half}, {begin + `,le="1"}`, grows}, {begin + `,le="+Inf"}`, grows}}
}

// unitTest has promtool compute expressions over series.
func unitTest(t *testing.T, input []given, cases []wanted) {
	t.Helper()
	raw, err := yaml.Marshal(map[string]any{
		"evaluation_interval": "15s",
		"tests":               []any{map[string]any{"interval": "15s", "input_series": input, "promql_expr_test": cases}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "servers.yaml")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := promtool(t, "test", "rules", file); !strings.Contains(out, "SUCCESS") {
		t.Errorf("promtool says\n%s", out)
	}
}
