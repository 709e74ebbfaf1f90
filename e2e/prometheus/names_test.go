package prometheus_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"coatcheck/core/telemetry"
)

// ruleExpressions are those of the alert rules, by alert.
func ruleExpressions(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(ops, "prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			all[rule.Alert] = rule.Expr
		}
	}
	return all
}

// Metrics, labels and values that rules and dashboard ask for are those of the catalogue:
// a name that nobody gives has no data, and an alert on it never goes off.
func TestNames(t *testing.T) {
	all := expressions(t)
	maps.Copy(all, ruleExpressions(t))
	for name, expression := range all {
		for _, fault := range faults(expression) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	if len(all) < 25 {
		t.Errorf("%d expressions: too few to be all", len(all))
	}
}

var (
	selector = regexp.MustCompile(`(coatcheck_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"([^"]*)"`)
	grouping = regexp.MustCompile(`by \(([^)]*)\)`)
)

// faults are what an expression names that is not of the catalogue. Prometheus itself
// adds job, and le to buckets.
func faults(expression string) []string {
	var wrong []string
	known := map[string][]string{"job": nil}
	for _, m := range selector.FindAllStringSubmatch(expression, -1) {
		labels := series()[m[1]]
		if labels == nil {
			wrong = append(wrong, "no metric "+m[1])
		}
		for _, of := range matcher.FindAllStringSubmatch(m[2], -1) {
			wrong = append(wrong, mismatches(labels, of[1], of[2])...)
		}
		maps.Copy(known, labels)
	}
	for _, m := range grouping.FindAllStringSubmatch(expression, -1) {
		for label := range strings.SplitSeq(m[1], ", ") {
			if _, is := known[label]; !is && label != "alertname" {
				wrong = append(wrong, "by no label "+label)
			}
		}
	}
	return wrong
}

func mismatches(labels map[string][]string, label, values string) []string {
	known, is := labels[label]
	switch {
	case !is:
		return []string{"no label " + label}
	case label == "job":
		return nil
	}
	var wrong []string
	for value := range strings.SplitSeq(values, "|") {
		if !slices.Contains(known, value) {
			wrong = append(wrong, fmt.Sprintf("no %s %q", label, value))
		}
	}
	return wrong
}

// series are the labels and their values of each name on the page.
func series() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for _, m := range telemetry.Metrics() {
		labels := map[string][]string{"job": nil}
		for _, l := range m.Labels {
			labels[l.Name] = l.Values
		}
		if m.Kind != telemetry.Histogram {
			all[m.Prometheus()] = labels
			continue
		}
		all[m.Prometheus()+"_sum"], all[m.Prometheus()+"_count"] = labels, labels
		all[m.Prometheus()+"_bucket"] = maps.Clone(labels)
		all[m.Prometheus()+"_bucket"]["le"] = nil
	}
	return all
}

// TestNames would see each of these.
func TestWrongNamesAreSeen(t *testing.T) {
	for expression, want := range map[string]string{
		`max(coatcheck_sessions_actve)`:                                    "no metric coatcheck_sessions_actve",
		`rate(coatcheck_lookup_duration_seconds[5m])`:                      "no metric coatcheck_lookup_duration_seconds",
		`coatcheck_sign_ins_total{reason="refused"}`:                       "no label reason",
		`coatcheck_store_calls_total{job="$job", result=~"error|tiemout"}`: `no result "tiemout"`,
		`sum by (job, le) (rate(coatcheck_lookups_total[5m]))`:             "by no label le",
		`sum by (outcome) (coatcheck_sessions_ended_total{job="$job"})`:    "by no label outcome",
	} {
		if got := faults(expression); !slices.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}
