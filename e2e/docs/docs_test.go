// Package docs_test holds what the pages say of the code against the code: the tests
// that they name are there, and the files that they point to.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// pages are all Markdown files, by their path from the module's root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, ".md", func(path, text string) { found[path] = text })
	if len(found) < 10 {
		t.Fatalf("%d pages: too few to be all", len(found))
	}
	return found
}

func walk(t *testing.T, suffix string, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".aws-sam", "node_modules", ".data"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, suffix):
			return nil
		}
		text, err := os.ReadFile(path)
		visit(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNamedTestsExist: a name that ends in "..." is the beginning of one at least.
func TestNamedTestsExist(t *testing.T) {
	var tests []string
	walk(t, "_test.go", func(_, text string) {
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+|Fuzz\w+|Benchmark\w+)\(`).FindAllStringSubmatch(text, -1) {
			tests = append(tests, m[1])
		}
	})
	named := 0
	for path, text := range pages(t) {
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)(\\.\\.\\.)?").FindAllStringSubmatch(text, -1) {
			named++
			if !slices.ContainsFunc(tests, func(test string) bool {
				return test == m[1] || m[2] != "" && strings.HasPrefix(test, m[1])
			}) {
				t.Errorf("%s names %s, and there is no such test", path, m[1])
			}
		}
	}
	if named == 0 {
		t.Error("no page names a test")
	}
}

func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)
	for path, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s points to %s: %v", path, m[1], err)
			}
		}
	}
}
