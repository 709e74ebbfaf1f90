package docs_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// loggedNames are the names of events in the code: those of lines, those of the Manager,
// and what a check is logged as.
func loggedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	of := []*regexp.Regexp{
		regexp.MustCompile(`"event", "([a-z_]+)"`),
		regexp.MustCompile(`(?m)^\tEvent\w+ +EventName = "([a-z_]+)"`),
		regexp.MustCompile(`(?m)^\t(?:check|token|store)\w+ += "([a-z_]+)"`),
	}
	walk(t, ".go", func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, expression := range of {
			for _, m := range expression.FindAllStringSubmatch(text, -1) {
				names[m[1]] = true
			}
		}
	})
	delete(names, "session_checked") // which no line is called
	return names
}

// TestLogTable: every event that a line may be called is in the table of docs/logs.md, and
// nothing else is.
func TestLogTable(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(page), "## One request through it")
	told := map[string]bool{}
	for line := range strings.Lines(table) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			told[m[1]] = true
		}
	}
	logged := loggedNames(t)
	if len(logged) < 30 {
		t.Fatalf("%d events in the code: too few to be all", len(logged))
	}
	for _, name := range slices.Sorted(maps.Keys(logged)) {
		if !told[name] {
			t.Errorf("docs/logs.md does not tell of %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if !logged[name] {
			t.Errorf("docs/logs.md tells of %s, which nothing logs", name)
		}
	}
}
