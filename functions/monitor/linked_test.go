package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// linked are the operations of Secrets Manager that the binary has.
func linked(t *testing.T) (names []string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`service/secretsmanager\.\(\*Client\)\.([A-Z]\w+)`).FindAllStringSubmatch(string(symbols), -1) {
		if !seen[m[1]] && m[1] != "Options" {
			names = append(names, m[1])
		}
		seen[m[1]] = true
	}
	if !seen["DescribeSecret"] {
		t.Fatal("DescribeSecret is not found: this test looks for what is not there")
	}
	return names
}
