// Package readme_test runs the commands of the README as a newcomer types them, and
// checks its table of settings. The commands need curl: make test installs it and
// sets COATCHECK_TEST_CURL. Without that, the tests here are left out.
package readme_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"coatcheck/e2e/program"
)

const curlVariable = "COATCHECK_TEST_CURL"

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, curlVariable, "the README's commands")) //nolint:forbidigo // a test's main
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block returns the shell block that stands below a heading.
func block(t *testing.T, heading string) []string {
	t.Helper()
	_, rest, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	_, rest, fenced := strings.Cut(rest, "```sh\n")
	commands, _, closed := strings.Cut(rest, "```")
	if !found || !fenced || !closed {
		t.Fatalf("the README has no shell block below %q", heading)
	}
	return strings.Split(strings.TrimSpace(commands), "\n")
}

// TestTryIt types the commands of "Try it" one after the other, on a free port.
func TestTryIt(t *testing.T) {
	dir, exe := program.Folder(t), program.Build(t)
	port := freePort(t)
	run := strings.NewReplacer("go run ./local", exe, "8080", port)

	commands := block(t, "Try it")
	if commands[0] != "go run ./local" {
		t.Fatalf("the first command is %q", commands[0])
	}
	server := exec.Command(exe, "--addr", "127.0.0.1:"+port)
	server.Dir = dir
	if got, want := program.Serve(t, server).Origin, "http://localhost:"+port; got != want {
		t.Fatalf("ready at %s, want %s", got, want)
	}
	var last string
	for _, command := range commands[1:] {
		if command == "" || strings.HasPrefix(command, "#") {
			continue
		}
		cmd := exec.Command("sh", "-c", run.Replace(command))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		last = string(out)
		t.Logf("$ %s\n%s", command, last)
	}
	if !strings.Contains(last, `"reason":"ended_by_admin"`) {
		t.Errorf("the last command printed %s", last)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestSettings holds the README's table against what the program says of itself.
func TestSettings(t *testing.T) {
	out, err := exec.Command("go", "run", "coatcheck/local", "serve", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(COATCHECK_[A-Z_]+)` \\|").FindAllStringSubmatch(readme(t), -1) {
		flagName, variable := m[1], m[2]
		rows[flagName] = true
		if want := "COATCHECK_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_")); variable != want {
			t.Errorf("--%s stands beside %s: want %s", flagName, variable, want)
		}
		if !strings.Contains(string(out), variable) {
			t.Errorf("the program does not know %s", variable)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(string(out), -1) {
		if m[1] != "help" && !rows[m[1]] {
			t.Errorf("--%s is not in the README's table", m[1])
		}
	}
	if len(rows) == 0 {
		t.Error("the README has no table of settings")
	}
}

// TestMap: every folder of the README's map is there, and every package is in it.
func TestMap(t *testing.T) {
	_, rest, _ := strings.Cut(readme(t), "\n## Map\n")
	text, _, _ := strings.Cut(rest, "\n## ")
	inMap := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9/-]+)`").FindAllStringSubmatch(text, -1) {
		path := strings.TrimSuffix(m[1], "/")
		inMap[path] = true
		if info, err := os.Stat(filepath.Join("..", "..", path)); err != nil || !info.IsDir() {
			t.Errorf("the map names %s, which is no folder", path)
		}
	}
	out, err := exec.Command("go", "list", "coatcheck/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if path := strings.TrimPrefix(pkg, "coatcheck/"); !inMap[path] {
			t.Errorf("the map lacks %s", path)
		}
	}
}
