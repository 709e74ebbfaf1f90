// Package guards_test breaks the guards of the code on purpose, one at a time, and
// expects the test that is named beside each in guards.txt to fail (mutation testing,
// of the places that hold the guarantees of docs/guarantees.md). Nothing in the folder
// is changed: the go command is told of the broken file by -overlay.
//
// It needs COATCHECK_TEST_GUARDS: how many, "all", or a part of what is broken. make
// test takes a sample, make mutate takes all.
package guards_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

const howMany = "COATCHECK_TEST_GUARDS"

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, howMany, "the guards broken on purpose"))
}

// guard is one place in the code and what breaks it.
type guard struct {
	file, what string // file from the module's root; what is broken
	from, to   string // from stands once in the file
	pkg, test  string // the test that must fail
	hangs      bool   // it does so by never coming to an end
}

//go:embed guards.txt
var guardsText string

// parse reads entries of the form
//
//	file: what is broken
//	- code as it is, which may have several lines
//	+ code that takes its place; left out: nothing does
//	! package test, or: package test hangs
//
// between which stand empty lines and lines that begin with #.
func parse(text string) ([]guard, error) {
	var all []guard
	var g guard
	var from, to []string
	for n, line := range strings.Split(text, "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || mark == "#":
		case mark == "-":
			from = append(from, rest)
		case mark == "+":
			to = append(to, rest)
		case mark == "!":
			g.pkg, g.test, _ = strings.Cut(rest, " ")
			g.test, g.hangs = strings.CutSuffix(g.test, " hangs")
			g.from, g.to = strings.Join(from, "\n"), strings.Join(to, "\n")
			if g.file == "" || g.from == "" || g.from == g.to || g.test == "" {
				return nil, fmt.Errorf("line %d: an entry is incomplete: %+v", n+1, g)
			}
			all = append(all, g)
			g, from, to = guard{}, nil, nil
		default:
			g.file, g.what, _ = strings.Cut(line, ": ")
		}
	}
	if g.file != "" || from != nil {
		return nil, errors.New("the last entry names no test")
	}
	return all, nil
}

// broken writes the broken file and returns the overlay that puts it in place.
func (g *guard) broken(dir, root string) (overlay string, err error) {
	path := filepath.Join(root, g.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), g.from); n != 1 {
		return "", fmt.Errorf("%s has it %d times, want once: %s", g.file, n, g.from)
	}
	instead := filepath.Join(dir, "broken"+filepath.Ext(path))
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: instead}})
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(err,
		os.WriteFile(instead, []byte(strings.Replace(string(text), g.from, g.to, 1)), 0o600),
		os.WriteFile(overlay, list, 0o600))
}

// run runs tests of a package and returns what they print.
func run(root, pkg, tests string, flags ...string) (string, error) {
	args := slices.Concat([]string{"test", "-count=1", "-vet=off", "-timeout=3m", "-run", tests}, flags, []string{"./" + pkg})
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// pattern selects exactly the named test, or subtest.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i := range parts {
		parts[i] = "^" + parts[i] + "$"
	}
	return strings.Join(parts, "/")
}

// fells reports, as an error, a broken guard that the named test does not notice.
func (g *guard) fells(t *testing.T, root string) error {
	overlay, err := g.broken(t.TempDir(), root)
	if err != nil {
		return err
	}
	out, err := run(root, g.pkg, pattern(g.test), "-overlay", overlay)
	switch {
	case err == nil:
		return errors.New("survived")
	case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
		return fmt.Errorf("does not build:\n%s", out)
	case !g.noticed(out):
		return fmt.Errorf("something else failed:\n%s", out)
	}
	return nil
}

// TestGuards breaks guards and prints a table of them.
func TestGuards(t *testing.T) {
	root, all := readGuards(t)
	some := sample(t, all, os.Getenv(howMany))
	began := time.Now()
	slots := make(chan struct{}, runtime.NumCPU())
	t.Run("broken", func(t *testing.T) {
		for _, g := range some {
			t.Run(g.file+": "+g.what, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				if err := g.fells(t, root); err != nil {
					t.Errorf("%s\n\t%s %s\n\t- %s\n\t+ %s\n\t%v", g.what, g.pkg, g.test, g.from, g.to, err)
					return
				}
				t.Logf("%-40s %-60s noticed by %s %s", g.file, g.what, g.pkg, g.test)
			})
		}
	})
	t.Logf("%d of %d guards broken in %s", len(some), len(all), time.Since(began).Round(time.Second))
}

// TestUnbroken runs the named tests on the code as it is: a test that fails anyway
// notices nothing.
func TestUnbroken(t *testing.T) {
	root, all := readGuards(t)
	names := map[string][]string{}
	for _, g := range sample(t, all, os.Getenv(howMany)) {
		name, _, _ := strings.Cut(g.test, "/")
		if !slices.Contains(names[g.pkg], name) {
			names[g.pkg] = append(names[g.pkg], name)
		}
	}
	for pkg, tests := range names {
		if out, err := run(root, pkg, "^("+strings.Join(tests, "|")+")$"); err != nil {
			t.Errorf("%s fails unbroken:\n%s", pkg, out)
		}
	}
}

// TestEntries holds for every entry, sample or not: it names a place that there is,
// and no two are the same.
func TestEntries(t *testing.T) {
	root, all := readGuards(t)
	seen := map[string]bool{}
	for _, g := range all {
		if _, err := g.broken(t.TempDir(), root); err != nil {
			t.Errorf("%s: %v", g.what, err)
		}
		if key := g.file + "\x00" + g.from + "\x00" + g.to; seen[key] {
			t.Errorf("%s: %s stands twice", g.file, g.what)
		} else {
			seen[key] = true
		}
	}
}

func readGuards(t *testing.T) (root string, all []guard) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if all, err = parse(guardsText); err != nil {
		t.Fatal(err)
	}
	return root, all
}

// sample takes so many guards, evenly from the list, or all, or those that are called
// so.
func sample(t *testing.T, all []guard, which string) []guard {
	t.Helper()
	if which == "all" {
		return all
	}
	n, err := strconv.Atoi(which)
	if err != nil {
		named := slices.DeleteFunc(slices.Clone(all), func(g guard) bool { return !strings.Contains(g.file+": "+g.what, which) })
		if len(named) == 0 {
			t.Fatalf("%s is %q: want a number, all, or a part of a name", howMany, which)
		}
		return named
	}
	if n < 1 {
		t.Fatalf("%s is %d: want at least 1", howMany, n)
	}
	n = min(n, len(all))
	some := make([]guard, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}
