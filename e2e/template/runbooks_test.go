package template_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// Every alarm of the template and every rule for Prometheus points to its runbook, a
// section of docs/operations.md that says what it means, what to look at and what to do;
// and no section stands there for nothing.
func TestRunbooks(t *testing.T) {
	sections := runbooks(t)
	var used []string
	template := stack.Read(t, file)
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		used = append(used, name)
		if text := stack.Text(template.Resources[name].Properties["AlarmDescription"]); !strings.HasSuffix(text, " docs/operations.md#"+strings.ToLower(name)) {
			t.Errorf("%s does not point to its runbook: %q", name, text)
		}
	}
	rules, err := os.ReadFile(filepath.Join(stack.Root(t), "ops", "prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	alert := regexp.MustCompile(`(?m)^ +- alert: Coatcheck(\w+)$(?s:.*?)^ +runbook: docs/operations.md#(\w+)$`)
	for _, m := range alert.FindAllStringSubmatch(string(rules), -1) {
		used = append(used, m[1])
		if m[2] != strings.ToLower(m[1]) {
			t.Errorf("the rule %s points to %s", m[1], m[2])
		}
	}
	if n := strings.Count(string(rules), "- alert: "); n == 0 || n != len(alert.FindAllString(string(rules), -1)) {
		t.Errorf("%d rules, not all of which point to a runbook", n)
	}
	for _, name := range used {
		if _, there := sections[name]; !there {
			t.Errorf("docs/operations.md has no section %s", name)
		}
	}
	for name, text := range sections {
		if !slices.Contains(used, name) {
			t.Errorf("the section %s is of no alarm", name)
		}
		for _, part := range []string{"**Means**", "**Look at**", "**Do**"} {
			if strings.Count(text, part) != 1 {
				t.Errorf("the section %s does not say once: %s", name, part)
			}
		}
	}
}

// runbooks are the sections of the page's chapter on alarms, by name.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	_, chapter, _ := strings.Cut(operations(t), "\n## Alarms\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	sections := map[string]string{}
	for _, section := range strings.Split(chapter, "\n### ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		sections[name] = text
	}
	return sections
}
