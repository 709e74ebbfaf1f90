// Package program builds and runs the local program as its users do, for the tests
// that meet it from outside: in a browser, on DynamoDB, by the README's commands.
package program

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Main runs a package's tests if an environment variable says where what they need
// is. Otherwise none is selected, so that go test says "no tests to run" rather than
// "ok", and it prints what is left out.
func Main(m *testing.M, variable, what string) int {
	flag.Parse()
	if os.Getenv(variable) == "" {
		fmt.Printf("left out: %s; run it with make test, which sets %s\n", what, variable)
		_ = flag.Set("test.run", "^$")
	}
	return m.Run()
}

// Build builds the program and returns its path.
func Build(tb testing.TB) string {
	tb.Helper()
	exe := filepath.Join(Folder(tb), "coatcheck")
	if out, err := exec.Command("go", "build", "-o", exe, "coatcheck/local").CombinedOutput(); err != nil { //nolint:gosec // G204: a folder of our own
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return exe
}

// Folder returns a new folder with a path short enough for a socket's, which that of
// testing.TB's own may not be.
func Folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "cc")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Server is a running server.
type Server struct {
	Origin string // where it said that it is ready
	lines  *bufio.Scanner
}

// Serve starts a command that serves and waits until it is ready. It is killed when
// the test ends.
func Serve(tb testing.TB, cmd *exec.Cmd) *Server {
	tb.Helper()
	out, err := cmd.StdoutPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s := &Server{lines: bufio.NewScanner(out)}
	line := s.Line(tb)
	origin, ready := strings.CutPrefix(line, "Coatcheck is ready: ")
	if !ready {
		tb.Fatalf("the server printed %q", line)
	}
	s.Origin = origin
	return s
}

// Line returns the next line that the server prints.
func (s *Server) Line(tb testing.TB) string {
	tb.Helper()
	if !s.lines.Scan() {
		tb.Fatalf("the server printed nothing more: %v", s.lines.Err())
	}
	return s.lines.Text()
}

// Rest returns what else the server prints, until it ends.
func (s *Server) Rest() string {
	var rest strings.Builder
	for s.lines.Scan() {
		rest.WriteString(s.lines.Text() + "\n")
	}
	return rest.String()
}
