package secrets

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"coatcheck/e2e/program"
)

// house is the local program with all that it tells somebody: logs, metrics, a webhook.
type house struct {
	t       *testing.T
	exe     string
	data    string
	key     []byte // tags tokens
	env     []string
	cmd     *exec.Cmd
	server  *program.Server
	origin  string
	metrics string // where they are
	setup   string // the path of the first start's link
	log     *logFile
	ledger  *ledger
	written *shelf
	http    *http.Client
}

// logFile keeps what a program writes on its standard error.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		t: t, exe: program.Build(t), data: filepath.Join(program.Folder(t), "data"), key: newKey(32),
		log: &logFile{}, ledger: &ledger{}, written: &shelf{},
		http: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	h.ledger.text("the key of tags", string(h.key))
	keys := h.ledger.text("the key of tags in hexadecimal", hex.EncodeToString(h.key))
	h.env = append(os.Environ(),
		"COATCHECK_TAG_KEYS="+keys, "COATCHECK_WEBHOOK_SECRETS="+h.ledger.text("a webhook's secret", newWebhookSecret()))
	h.start()
	return h
}

// receiver takes events and keeps what it is sent. The first ones it refuses.
func (h *house) receiver() string {
	var mu sync.Mutex
	refused := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var text bytes.Buffer
		_ = r.Header.Write(&text)
		_, _ = io.Copy(&text, r.Body)
		h.written.put("an event", text.Bytes())
		mu.Lock()
		defer mu.Unlock()
		if refused++; refused <= 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	h.t.Cleanup(s.Close)
	return s.URL + "/events?key=" + h.ledger.text("the receiver's own key in its address", hex.EncodeToString(newKey(16)))
}

// start runs the server.
func (h *house) start() {
	h.t.Helper()
	h.cmd = exec.Command(h.exe, "serve", "--data", h.data, "--addr", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json",
		"--metrics-addr", "127.0.0.1:0", "--webhook", h.receiver())
	h.cmd.Env, h.cmd.Stderr = h.env, h.log
	h.server = program.Serve(h.t, h.cmd)
	h.origin = h.server.Origin
	line := h.server.Line(h.t)
	if _, link, first := strings.Cut(line, "/setup?token="); first {
		h.ledger.text("the link of the first start", link)
		h.setup = link
		h.written.put("what the program prints", []byte(strings.ReplaceAll(line, link, ""))) // its holder reads it there
		line = h.server.Line(h.t)
	}
	url, ok := strings.CutPrefix(line, "Metrics for Prometheus: ")
	if !ok {
		h.t.Fatalf("the server printed %q", line)
	}
	h.metrics = url
}

// stop ends the server and takes what it logged.
func (h *house) stop() {
	h.t.Helper()
	if err := h.cmd.Process.Signal(os.Interrupt); err != nil {
		h.t.Fatal(err)
	}
	h.written.put("what the program prints", []byte(h.server.Rest()))
	if err := h.cmd.Wait(); err != nil {
		h.t.Errorf("stopped with %v", err)
	}
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	h.written.put("the log", bytes.Clone(h.log.text.Bytes()))
}

// command runs an operators' command and keeps what it says.
func (h *house) command(stdin string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command(h.exe, args...)
	cmd.Env, cmd.Stdin = append(h.env, "COATCHECK_DATA="+h.data), strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		h.t.Fatal(err)
	}
	h.written.put("the command "+args[0]+" "+args[1], out)
	return string(out)
}

// copied keeps the bytes of the data file as they are, and returns them.
func (h *house) copied(what string) []byte {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.data, "coatcheck.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.written.put(what, text)
	return text
}
