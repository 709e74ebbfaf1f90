package prometheus_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func promtool(t *testing.T, args ...string) string {
	t.Helper()
	tool := filepath.Join(filepath.Dir(os.Getenv(variable)), "promtool")
	cmd := exec.Command(tool, args...)
	cmd.Dir = filepath.Join(ops, "prometheus")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// The rules and the configuration are ones to Prometheus, and each rule goes off when it
// should and not otherwise.
func TestRules(t *testing.T) {
	promtool(t, "check", "rules", "rules.yaml")
	promtool(t, "check", "config", "prometheus.yaml")
	if out := promtool(t, "test", "rules", "rules_test.yaml"); !strings.Contains(out, "SUCCESS") {
		t.Errorf("promtool says\n%s", out)
	}
}

// No rule is without a case in which it goes off and one in which it does not.
func TestEveryRuleIsTried(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(ops, "prometheus", "rules_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var tests struct {
		Tests []struct {
			Alerts []struct {
				Name     string           `yaml:"alertname"`
				Expected []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(raw, &tests); err != nil {
		t.Fatal(err)
	}
	tried := map[string][2]bool{}
	for _, test := range tests.Tests {
		for _, a := range test.Alerts {
			was := tried[a.Name]
			tried[a.Name] = [2]bool{was[0] || len(a.Expected) > 0, was[1] || len(a.Expected) == 0}
		}
	}
	rules := ruleExpressions(t)
	for rule := range rules {
		if tried[rule] != [2]bool{true, true} {
			t.Errorf("%s: goes off, does not: %v", rule, tried[rule])
		}
	}
	if len(rules) == 0 {
		t.Error("there are no rules")
	}
}
