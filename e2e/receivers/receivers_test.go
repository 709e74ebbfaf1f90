// Package receivers_test runs the receiver of events in Node that docs/events.md shows
// against the local program. It needs Node: make test installs it and sets
// COATCHECK_TEST_NODE. Without that, the tests here are left out. The receiver in Go is
// tested in local/webhook.
package receivers_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

const (
	nodeVariable = "COATCHECK_TEST_NODE"
	secrets      = "COATCHECK_WEBHOOK_SECRETS"
)

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, nodeVariable, "the receiver of events in Node")) //nolint:forbidigo // a test's main
}

func secret(of byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(of), 32)))
}

// documented writes the receiver of docs/events.md down and returns its path.
func documented(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```js\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("docs/events.md has %d blocks of js, want one", len(blocks))
	}
	path := filepath.Join(t.TempDir(), "receiver.js")
	if err := os.WriteFile(path, []byte(blocks[0][1]), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines returns what a command is going to print to its standard error, line by line.
func lines(t *testing.T, cmd *exec.Cmd) <-chan string {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1000)
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			said <- scanner.Text()
		}
		close(said)
	}()
	return said
}

// until waits for a line that has a text.
func until(t *testing.T, said <-chan string, text string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line, more := <-said:
			if !more {
				t.Fatalf("%q was never said", text)
			}
			if strings.Contains(line, text) {
				return
			}
		case <-late:
			t.Fatalf("%q was not said in a minute", text)
		}
	}
}

// house is a receiver, and servers that tell it.
type house struct {
	t              *testing.T
	exe, dir, port string
	receiver       <-chan string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	node := exec.Command(os.Getenv(nodeVariable), documented(t))
	node.Env = append(os.Environ(), secrets+"="+secret('n'), "PORT="+port)
	h := &house{t: t, exe: program.Build(t), dir: program.Folder(t), port: port, receiver: lines(t, node)}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Process.Kill(); _ = node.Wait() })
	waitFor(t, "127.0.0.1:"+port)
	return h
}

// waitFor waits until somebody listens.
func waitFor(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < time.Minute; <-tick.C {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatal("the receiver does not listen")
}

// serve starts a server that signs with a secret, and returns where it is and its log.
func (h *house) serve(data string, with byte) (origin string, log <-chan string) {
	h.t.Helper()
	server := exec.Command(h.exe, "--data", filepath.Join(h.dir, data), "--addr", "127.0.0.1:0", "--webhook", "http://127.0.0.1:"+h.port)
	server.Env = append(os.Environ(), secrets+"="+secret(with))
	log = lines(h.t, server)
	origin = program.Serve(h.t, server).Origin
	add := exec.Command(h.exe, "--data", filepath.Join(h.dir, data), "user", "add", "alice", "--password-stdin")
	add.Stdin = strings.NewReader("correct horse battery staple\n")
	if out, err := add.CombinedOutput(); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	return origin, log
}

// TestReceiverInNode: it refuses what is signed with another secret, takes what is
// signed with its own, and says which session is over.
func TestReceiverInNode(t *testing.T) {
	h := newHouse(t)
	_, log := h.serve("other", 'o')
	until(t, log, "the receiver answered 400")
	origin, _ := h.serve("own", 'n')
	in, err := http.Post(origin+"/login", "application/json", strings.NewReader(`{"username":"alice","password":"correct horse battery staple"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Body.Close()
	var answer struct{ Session struct{ ID string } }
	if err := json.NewDecoder(in.Body).Decode(&answer); err != nil || in.StatusCode != http.StatusOK {
		t.Fatalf("sign in: %d %v", in.StatusCode, err)
	}
	end := exec.Command(h.exe, "--data", filepath.Join(h.dir, "own"), "session", "end-all", "alice", "--yes")
	if out, err := end.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, h.receiver, "close what is open of session "+answer.Session.ID)
}
