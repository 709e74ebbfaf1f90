package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests run this test binary itself as the program: what they meet is the wiring
// of main, in a process of its own that can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("COATCHECK_TEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a running server.
type program struct {
	t      *testing.T
	data   string
	origin string
	out    *bufio.Reader
	cmd    *exec.Cmd
	log    *syncBuffer
	http   *http.Client
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // not embedded: its ReadFrom would go past the lock
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// asProgram is a command that runs this binary as the program.
func asProgram(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "COATCHECK_TEST_AS_PROGRAM=1")
	return cmd
}

// start runs a server on a free port and waits until it is ready.
func start(t *testing.T, data string, args ...string) *program {
	t.Helper()
	return startOn(t, data, nil, args...)
}

// startOn does so with its log on a file or pipe; nil: the program's own.
func startOn(t *testing.T, data string, log *os.File, args ...string) *program {
	t.Helper()
	p := &program{t: t, data: data, log: &syncBuffer{}, http: &http.Client{Timeout: 10 * time.Second}}
	p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.cmd = asProgram(context.Background(), append([]string{"--data", data, "--addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr = p.log
	if log != nil {
		p.cmd.Stderr = log
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.out = bufio.NewReader(out)
	p.origin = strings.TrimPrefix(p.readLine(), "Coatcheck is ready: ")
	return p
}

// readLine returns the next line that the server prints.
func (p *program) readLine() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the server printed nothing more: %v\n%s", err, p.log)
	}
	return strings.TrimSpace(line)
}

// kill stops the server as a crash does.
func (p *program) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// stop asks the server to end and waits.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("stopped with %v\n%s", err, p.log)
	}
}

// operate runs an operators' command and returns what it prints and its exit code.
func operate(t *testing.T, data, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := asProgram(t.Context(), append([]string{"--data", data}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

const testPassword = "correct horse battery staple"

func addUser(t *testing.T, data, name string, roles ...string) {
	t.Helper()
	args := []string{"user", "add", name, "--password-stdin"}
	for _, role := range roles {
		args = append(args, "--role", role)
	}
	if _, stderr, code := operate(t, data, testPassword+"\n", args...); code != 0 {
		t.Fatalf("user add: %s", stderr)
	}
}

// answer is what a client sees.
type answer struct {
	status int
	cookie string
	body   map[string]any
	text   string
}

// do sends a request with a cookie's value, as our own page does.
func (p *program) do(method, path, cookie, body string) (answer, error) {
	r, err := http.NewRequest(method, p.origin+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-sid="+cookie)
	}
	r.Header.Set("Origin", p.origin)
	r.Header.Set("Content-Type", "application/json")
	w, err := p.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: w.StatusCode, text: string(text)}
	for _, c := range w.Cookies() {
		a.cookie = c.Value
	}
	_ = json.Unmarshal(text, &a.body)
	return a, nil
}

func (p *program) must(method, path, cookie, body string) answer {
	p.t.Helper()
	a, err := p.do(method, path, cookie, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func signInBody(name string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, name, testPassword)
}

var sessionID = regexp.MustCompile(`[A-Za-z0-9_-]{36}`)

func dataFolder(t *testing.T) string {
	t.Helper()
	// Short, since it holds a socket; t.TempDir has the test's name in it.
	dir, err := os.MkdirTemp("", "cc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}
