package prometheus_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

const password = "correct horse battery staple"

// server is the local program.
type server struct {
	t               *testing.T
	exe, data       string
	origin, metrics string
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, exe: program.Build(t), data: program.Folder(t)}
	cmd := exec.Command(s.exe, "--data", s.data, "serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--monitor-every", "1s",
		"--log-level", "error")
	cmd.Stderr = os.Stderr
	running := program.Serve(t, cmd)
	s.origin = running.Origin
	for s.metrics == "" {
		if at, is := strings.CutPrefix(running.Line(t), "Metrics for Prometheus: http://"); is {
			s.metrics = strings.TrimSuffix(at, "/metrics")
		}
	}
	s.command(password, "user", "add", "alice", "--password-stdin")
	return s
}

// command is an operator's.
func (s *server) command(stdin string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(s.exe, append([]string{"--data", s.data}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// traffic is what is counted afterwards.
func (s *server) traffic() {
	s.t.Helper()
	first, second := s.signIn(password, http.StatusOK), s.signIn(password, http.StatusOK)
	s.signIn("wrong"+password, http.StatusUnauthorized)
	for range 3 {
		s.session(first, http.StatusOK)
	}
	s.session(second, http.StatusOK)
	s.session(second[:70]+strings.Repeat("A", 10), http.StatusUnauthorized)
	s.send("POST", "/logout", second, "", http.StatusNoContent)
	s.session(second, http.StatusUnauthorized)
	s.session(first, http.StatusOK)
}

// ends ends all that is there, in each of the ways: by the user himself, by an operator,
// and with everybody.
func (s *server) ends() {
	s.t.Helper()
	own := s.signIn(password, http.StatusOK)
	s.send("POST", "/account/sessions/end-others", own, "", http.StatusOK)
	s.signIn(password, http.StatusOK)
	s.command("", "session", "end-all", "alice", "--yes")
	s.signIn(password, http.StatusOK)
	s.command("", "session", "end-everyone", "--yes")
}

// guesses is somebody who tries passwords.
func (s *server) guesses() {
	s.t.Helper()
	for range 110 {
		s.signIn("wrong"+password, http.StatusUnauthorized)
	}
}

func (s *server) signIn(secret string, want int) (cookie string) {
	s.t.Helper()
	return s.send("POST", "/login", "", `{"username":"alice","password":"`+secret+`"}`, want)
}

func (s *server) session(cookie string, want int) {
	s.t.Helper()
	s.send("GET", "/session", cookie, "", want)
}

func (s *server) send(method, path, cookie, body string, want int) (set string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.origin+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", s.origin)
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-sid="+cookie)
	}
	w, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = w.Body.Close()
	if w.StatusCode != want {
		s.t.Fatalf("%s %s: %s, want %d", method, path, w.Status, want)
	}
	for _, c := range w.Cookies() {
		set = c.Value
	}
	return set
}
