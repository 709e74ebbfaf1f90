package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
)

// A log that nobody reads keeps nobody waiting: the pipe is full long before the last of
// these requests, and each is answered.
func TestLogThatNobodyReads(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p := startOn(t, dataFolder(t), write, "--log-level", "debug", "--log-format", "json")
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if w := p.must("GET", "/session", "", ""); w.status != 401 {
			t.Fatalf("got %d %s", w.status, w.text)
		}
	}
	p.stop()
}

// A log whose reader is gone does not take the server along.
func TestLogWhoseReaderIsGone(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := startOn(t, dataFolder(t), write, "--log-level", "debug")
	if err := errors.Join(read.Close(), write.Close()); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if w := p.must("GET", "/session", "", ""); w.status != 401 {
			t.Fatalf("got %d %s", w.status, w.text)
		}
	}
	p.stop()
}

// Each line of a request has its name, which the answer has, too; what comes from a proxy
// is taken over where it is harmless. Nothing that a client sends makes a line of its own.
func TestLogLines(t *testing.T) {
	p := start(t, dataFolder(t), "--log-level", "debug", "--log-format", "json")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.origin+"/session", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Request-Id", "from-the-proxy")
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
	r.Header.Set("User-Agent", "a\u202eb\u009b2J")
	r.Header.Set("Cookie", "__Host-sid=\u2028x")
	w, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Instance string }
	err = json.NewDecoder(w.Body).Decode(&body)
	_ = w.Body.Close()
	name, ok := strings.CutPrefix(body.Instance, "urn:coatcheck:request:")
	if err != nil || !ok {
		t.Fatalf("instance %q, %v", body.Instance, err)
	}
	p.stop()
	var refused map[string]any
	for line := range strings.Lines(p.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if fields["event"] == "session_refused" {
			refused = fields
		}
	}
	if refused["request"] != name || refused["proxyRequest"] != "from-the-proxy" || refused["trace"] != "1-5759e988-bd862e3fe1be46a994272793" {
		t.Errorf("got %v, want request %q", refused, name)
	}
	if strings.ContainsAny(p.log.String(), "\u202e\u009b\u2028") {
		t.Errorf("a command is in the log: %q", p.log.String())
	}
}
