package doctor

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// TestHealthy compares everything that is said of a stack in order.
func TestHealthy(t *testing.T) {
	report := healthy(t).examine(t)
	var lines []string
	for _, f := range report.Findings {
		lines = append(lines, f.line())
		if f.Do != "" {
			t.Errorf("%s: it says what to do: %s", f.line(), f.Do)
		}
	}
	if !report.Healthy() || report.Count(OK) != len(report.Findings) {
		t.Errorf("ok %d of %d", report.Count(OK), len(report.Findings))
	}
	golden(t, "healthy.txt", strings.Join(lines, "\n")+"\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
