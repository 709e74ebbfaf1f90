package samlocal_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"coatcheck/e2e/program"
)

// machine is the example's program, running.
type machine struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Scanner
	cmd   *exec.Cmd
}

func startMachine(t *testing.T, a *api) *machine {
	t.Helper()
	exe := filepath.Join(program.Folder(t), "machine-client")
	if out, err := exec.Command("go", "build", "-o", exe, "coatcheck/examples/machine-client").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(exe, "--coatcheck", a.address)
	cmd.Env = append(os.Environ(), "MACHINE_USERNAME=clerk", "MACHINE_PASSWORD="+password())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &machine{t, in, bufio.NewScanner(out), cmd}
}

// call makes the program call a route, and returns the session that it called with.
func (m *machine) call(route string) (sessionID string) {
	m.t.Helper()
	if _, err := io.WriteString(m.in, route+"\n"); err != nil || !m.lines.Scan() {
		m.t.Fatalf("%s: no answer: %v, %v", route, err, m.lines.Err())
	}
	status, text, _ := strings.Cut(m.lines.Text(), " ")
	var body map[string]any
	if err := json.Unmarshal([]byte(text), &body); status != "200" || err != nil {
		m.t.Fatalf("%s: %s", route, m.lines.Text())
	}
	return member(body, "sessionId")
}

// A program signs in once, signs in again when its session was ended, and leaves none
// behind.
func TestMachineClient(t *testing.T) {
	a := served(t, "machine-client")
	a.signIn("clerk", "bearer").get(http.StatusOK, "/orders", nil) // the containers run
	operator := a.signIn("operator")
	m := startMachine(t, a)
	first := m.call("GET /orders")
	if again := m.call("POST /orders"); again != first {
		t.Errorf("the second call came with session %s, want %s", again, first)
	}
	(&holder{api: a, id: first}).endedBy(operator)
	second := m.call("GET /orders")
	if second == first || second == "" {
		t.Errorf("after the end the program calls with session %q", second)
	}
	_ = m.in.Close()
	if err := m.cmd.Wait(); err != nil {
		t.Error(err)
	}
	operator.get(http.StatusOK, "/admin/sessions/"+second, map[string]string{"session.endReason": "signed_out"})
}

// What is no token the gateway refuses by itself; what is a made-up one the authorizer.
func TestMachineTokens(t *testing.T) {
	a := served(t, "machine-client")
	for name, c := range map[string]struct {
		authorization string
		status        int
	}{
		"nothing":        {"", http.StatusUnauthorized},
		"another scheme": {"Basic " + strings.Repeat("A", 80), http.StatusUnauthorized},
		"too short":      {"Bearer " + strings.Repeat("A", 79), http.StatusUnauthorized},
		"made up":        {"Bearer " + strings.Repeat("A", 80), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			who := a.in(t).nobody()
			var header map[string]string
			if c.authorization != "" {
				header = map[string]string{"Authorization": c.authorization}
			}
			who.want(c.status, request{route: "GET /orders", header: header}, nil)
		})
	}
	who := a.signIn("clerk")
	who.want(http.StatusUnauthorized, request{route: "GET /orders"}, nil) // a cookie is no token here
}
