package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// orders is an application that knows its user by what it is told alone.
func orders(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: begun\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "/socket":
		if conn, buffered, err := http.NewResponseController(w).Hijack(); err == nil {
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = io.Copy(conn, buffered)
		}
	default:
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s, subject %q, roles %q, cookie %q", r.Method, r.RequestURI, body,
			r.Header.Get("Coatcheck-Subject"), r.Header["Coatcheck-Roles"], r.Header.Get("Cookie"))
	}
}

// The main job in front of an application: nobody gets there without a session, who has
// one gets there as himself, and what an operator ends is refused on the next request.
func TestUpstream(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(orders))
	defer app.Close()
	h := newHouse(t, "--upstream", app.URL+"/", "--routes", "GET /open optional, ANY /reports/{proxy+} role=manager")
	if first, line := h.readLine(), h.readLine(); !strings.HasPrefix(first, "First start") || !strings.HasPrefix(line, "In front of "+app.URL+":") {
		t.Errorf("it says %q, %q", first, line)
	}
	if w := h.must("GET", "/", "", ""); w.status != 401 || w.body["type"] != "urn:coatcheck:problem:no-session" {
		t.Errorf("nobody: %d %s", w.status, w.text)
	}
	if w := h.must("GET", "/open", "", ""); w.status != 200 || !strings.Contains(w.text, `subject "", roles [""]`) {
		t.Errorf("nobody, optional: %d %s", w.status, w.text)
	}
	alice, id := h.enter("alice")
	if w := h.must("GET", "/", alice, ""); w.status != 200 || !strings.HasPrefix(w.text, `GET / , subject "usr_`) || !strings.HasSuffix(w.text, `roles ["clerk"], cookie ""`) {
		t.Errorf("alice: %d %s", w.status, w.text)
	}
	if w := h.must("POST", "/orders?x=y", alice, `{"n":1}`); w.status != 200 || !strings.HasPrefix(w.text, `POST /orders?x=y {"n":1}`) {
		t.Errorf("alice orders: %d %s", w.status, w.text)
	}
	if w := h.must("GET", "/reports/2026", alice, ""); w.status != 403 {
		t.Errorf("a role that lacks: %d %s", w.status, w.text)
	}
	h.wantSession(alice, "")
	h.command("session end "+id+" --yes", "Ended session")
	if w := h.must("GET", "/", alice, ""); w.status != 401 || w.body["reason"] != "ended_by_admin" {
		t.Errorf("after the end: %d %s", w.status, w.text)
	}
	bob, _ := h.enter("bob")
	app.Close()
	if w := h.must("GET", "/", bob, ""); w.status != 502 {
		t.Errorf("the application is down: %d %s", w.status, w.text)
	}
	h.wantSession(bob, "")
}

// Connections that stay open work, and do not keep the server from stopping.
func TestUpstreamStops(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(orders))
	t.Cleanup(app.Close)
	h := newHouse(t, "--upstream", app.URL)
	alice, _ := h.enter("alice")
	open := func(path, more string) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(strings.Replace(h.origin, "localhost", "127.0.0.1", 1), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nCookie: __Host-sid=%s\r\n%s\r\n", path, h.origin, alice, more)
		if err := errors.Join(err, conn.SetDeadline(time.Now().Add(20*time.Second))); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 200 && res.StatusCode != 101 {
			t.Fatalf("%s: %+v, %v", path, res, err)
		}
		if res.StatusCode == 200 {
			if _, err := io.ReadFull(res.Body, make([]byte, len("data: begun"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	open("/events", "")
	open("/socket", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
	began := time.Now()
	h.stop()
	if took := time.Since(began); took > shutdownTime/2 {
		t.Errorf("it took %v to stop", took)
	}
}

// What is no application's address is refused with the other faults, and without what
// is secret in it.
func TestUpstreamFaults(t *testing.T) {
	for upstream, want := range map[string]string{
		"localhost:3000":                  `--upstream (COATCHECK_UPSTREAM) is "localhost:3000": want an address with http:// or https://, such as http://localhost:3000`,
		"http://localhost:3000/app":       "want no path",
		"http://:3000":                    "want a host",
		"http://localhost:99999":          "want a port from 1 to 65535",
		"http://me:sesame@localhost:3000": `"[redacted]": want no user name and password`,
		"http://localhost:8080":           "neither --addr nor --origin",
		"http://127.0.0.1:8080":           "neither --addr nor --origin",
		"https://app.example.com":         "neither --addr nor --origin",
	} {
		_, errs, code := operate(t, dataFolder(t), "", "serve", "--upstream", upstream, "--origin", "https://app.example.com", "--log-level", "loud")
		if code != exitUsage || !strings.Contains(errs, want) || !strings.Contains(errs, "--log-level") || strings.Contains(errs, "sesame") {
			t.Errorf("%s: %d %s, want %s", upstream, code, errs, want)
		}
	}
}
