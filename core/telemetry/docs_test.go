package telemetry_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/telemetry"
)

var update = flag.Bool("update", false, "write the table of docs/metrics.md anew")

const (
	docsPath  = "../../docs/metrics.md"
	docsBegin = "<!-- written by: go test ./core/telemetry -run TestDocs -update -->\n"
	docsEnd   = "<!-- end -->\n"
)

// docs/metrics.md has the catalogue as it is.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), docsBegin)
	was, after, closed := strings.Cut(rest, docsEnd)
	if !found || !closed {
		t.Fatal("docs/metrics.md has no place for the table")
	}
	is := catalogue()
	switch {
	case was == is:
	case *update:
		if err := os.WriteFile(docsPath, []byte(before+docsBegin+is+docsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/metrics.md says\n%s\nand it is\n%s", was, is)
	}
}

// catalogue is the table, and below it all values of the labels.
func catalogue() string {
	var b strings.Builder
	b.WriteString("| Prometheus | CloudWatch | kind | labels | meaning |\n| --- | --- | --- | --- | --- |\n")
	values := map[string][]string{}
	most := 0
	for _, m := range telemetry.Metrics() {
		var labels []string
		series := 1
		for _, l := range m.Labels {
			labels = append(labels, l.Name)
			key := l.Name + ": " + strings.Join(l.Values, ", ")
			values[key] = append(values[key], "`"+m.Name+"`")
			if slices.Contains(m.Dimensions, l.Name) {
				series *= len(l.Values) + 1
			}
		}
		most += series
		var dimensions []string
		for _, d := range m.Dimensions {
			dimensions = append(dimensions, telemetry.Pascal(d))
		}
		fmt.Fprintf(&b, "| `%s` | `%s`%s | %s | %s | %s |\n", m.Prometheus(), m.CloudWatch(), by(dimensions),
			string(m.Kind)+", "+strings.ToLower(m.CloudWatchUnit()), cmp.Or(strings.Join(labels, ", "), "none"), m.Help)
	}
	b.WriteString("\n| label | of | values |\n| --- | --- | --- |\n")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name, all, _ := strings.Cut(key, ": ")
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, strings.Join(values[key], ", "), strings.ReplaceAll(all, "_", `\_`))
	}
	fmt.Fprintf(&b, "\nIf everything happened that has a name, CloudWatch would have %d metrics.\n", most)
	return b.String()
}

func by(dimensions []string) string {
	if len(dimensions) == 0 {
		return ""
	}
	return " by " + strings.Join(dimensions, ", ")
}
