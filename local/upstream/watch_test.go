package upstream_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/local/upstream"
)

// chat is an application with a WebSocket that says everything back, and a stream of
// events that has begun.
func chat(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: begun\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Set-Cookie: __Host-sid=evil; Path=/\r\nX-Subject: "+r.Header.Get("Coatcheck-Subject")+"\r\n\r\n")
	_, _ = io.Copy(conn, buffered)
}

const every = 5 * time.Millisecond

// open opens a WebSocket; it must be agreed on.
func (s *scene) open(path, cookie string) *raw {
	s.t.Helper()
	conn := dial(s.t, s.front)
	conn.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nOrigin: " + s.front.URL + "\r\n" + cookie +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	res := conn.answer()
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Upgrade") != "websocket" {
		s.t.Fatalf("got %d %v", res.StatusCode, res.Header)
	}
	for _, c := range res.Cookies() {
		if c.Value == "evil" {
			s.t.Error("the application sets our cookie")
		}
	}
	return conn
}

// wantEcho wants the connection to work.
func (c *raw) wantEcho() {
	c.t.Helper()
	c.send("ping")
	got := make([]byte, 4)
	if _, err := io.ReadFull(c.in, got); err != nil || string(got) != "ping" {
		c.t.Fatalf("got %q, %v", got, err)
	}
}

// wantChecks waits for so many looks at the store, and says whether they failed.
func (s *scene) wantChecks(n int, failed bool) {
	s.t.Helper()
	reads := make(chan bool)
	s.store.mu.Lock()
	s.store.reads = reads
	s.store.mu.Unlock()
	for range n {
		select {
		case got := <-reads:
			if got != failed {
				s.t.Errorf("a look at the store failed: %t, want %t", got, failed)
			}
		case <-time.After(10 * time.Second):
			s.t.Fatal("nobody looks at the store")
		}
	}
}

func TestWebSocketEndsWithItsSession(t *testing.T) {
	s := newScene(t, chat, config{opts: upstream.Options{CheckEvery: every}})
	conn := s.open("/", "Cookie: "+s.cookie+"\r\n")
	conn.wantEcho()
	s.wantChecks(3, false)
	conn.wantEcho()
	s.end()
	conn.wantClosed()
	if got := s.log.String(); strings.Count(got, "connection_closed") != 1 || !strings.Contains(got, s.session.String()) || !strings.Contains(got, "ended_by_admin") {
		t.Errorf("logged:\n%s", got)
	}
}

// Nor does a client keep it open that neither takes nor sends anything any more.
func TestWebSocketOfADeafClient(t *testing.T) {
	over := make(chan string, 1)
	s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, newNoise())
	}, config{opts: upstream.Options{CheckEvery: every}, over: over})
	s.open("/deaf", "Cookie: "+s.cookie+"\r\n")
	s.wantChecks(3, false)
	s.end()
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Error("the connection stays open")
	}
}

// What is asked of the route is asked again.
func TestWebSocketNoLongerSuffices(t *testing.T) {
	s := newScene(t, chat, config{routes: []string{"GET /live max-age=5m", "GET /open optional"}, opts: upstream.Options{CheckEvery: every}})
	live, plain := s.open("/live", "Cookie: "+s.cookie+"\r\n"), s.open("/", "Cookie: "+s.cookie+"\r\n")
	s.clock.Move(5 * time.Minute)
	live.wantClosed()
	s.wantChecks(2, false)
	plain.wantEcho()
}

// On an optional route a connection goes on as nobody's, but not as that of somebody
// whose session is over.
func TestWebSocketOnAnOptionalRoute(t *testing.T) {
	s := newScene(t, chat, config{routes: []string{"GET /open optional"}, opts: upstream.Options{CheckEvery: every}})
	nobodys, alices := s.open("/open", ""), s.open("/open", "Cookie: "+s.cookie+"\r\n")
	s.end()
	alices.wantClosed()
	nobodys.wantEcho()
}

// An outage closes nothing: it is asked again, and then the answer holds.
func TestWebSocketInAnOutage(t *testing.T) {
	s := newScene(t, chat, config{opts: upstream.Options{CheckEvery: every}})
	conn := s.open("/", "Cookie: "+s.cookie+"\r\n")
	s.store.set(true)
	s.wantChecks(5, true)
	conn.wantEcho()
	s.end()
	s.wantChecks(2, true)
	conn.wantEcho()
	s.store.set(false)
	conn.wantClosed()
}

// The token that a connection came with is replaced while it is open. It must not be
// presented again, which would end the session.
func TestWebSocketOutlivesItsToken(t *testing.T) {
	s := newScene(t, chat, config{opts: upstream.Options{CheckEvery: every}})
	conn := s.open("/", "Cookie: "+s.cookie+"\r\n")
	s.clock.Move(s.manager.Policy().RotateEvery)
	res, _ := s.do(s.request("GET", "/session", nil))
	if len(res.Cookies()) != 1 {
		t.Fatalf("no new token: %v", res.Header)
	}
	s.cookie = "__Host-sid=" + res.Cookies()[0].Value
	s.do(s.request("GET", "/session", nil))
	s.clock.Move(s.manager.Policy().Grace + session.Skew + time.Second)
	s.wantChecks(3, false)
	conn.wantEcho()
	if res, body := s.do(s.request("GET", "/session", nil)); res.StatusCode != 200 {
		t.Errorf("the session is over: %s", body)
	}
	conn.wantEcho()
}

// The token that a connection comes with may be due itself: its answer brings the new
// one.
func TestWebSocketBringsTheNewToken(t *testing.T) {
	s := newScene(t, chat, config{})
	s.clock.Move(s.manager.Policy().RotateEvery)
	conn := dial(t, s.front)
	conn.send("GET / HTTP/1.1\r\nHost: x\r\nOrigin: " + s.front.URL + "\r\nCookie: " + s.cookie + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	res := conn.answer()
	if set := res.Cookies(); len(set) != 1 || set[0].Value == "evil" || res.Header.Get("X-Subject") != "alice" {
		t.Errorf("got %v", res.Header)
	}
}

// A connection that is open is no use of its session.
func TestWebSocketIsNoUse(t *testing.T) {
	s := newScene(t, chat, config{opts: upstream.Options{CheckEvery: every}})
	conn := s.open("/", "Cookie: "+s.cookie+"\r\n")
	s.clock.Move(time.Hour)
	s.wantChecks(3, false)
	conn.wantEcho()
	s.clock.Move(time.Hour)
	conn.wantClosed()
	if got := s.log.String(); !strings.Contains(got, "idle_timeout") {
		t.Errorf("logged:\n%s", got)
	}
}

func TestEventsEndWithTheirSession(t *testing.T) {
	s := newScene(t, chat, config{opts: upstream.Options{CheckEvery: every}})
	res, err := s.client.Do(s.request("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	if line, err := events.ReadString('\n'); err != nil || line != "data: begun\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	s.wantChecks(2, false)
	s.end()
	if _, err := io.Copy(io.Discard, events); err == nil || isTimeout(err) {
		t.Errorf("at the end: %v, want a broken stream", err)
	}
	if got := s.log.String(); strings.Count(got, "\n") != 1 {
		t.Errorf("logged:\n%s", got)
	}
}

// A server that stops does not wait for connections that stay open.
func TestClose(t *testing.T) {
	s := newScene(t, chat, config{})
	conn := s.open("/", "Cookie: "+s.cookie+"\r\n")
	res, err := s.client.Do(s.request("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	s.front.Config.RegisterOnShutdown(s.proxy.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.front.Config.Shutdown(ctx); err != nil {
		t.Errorf("stopped with %v", err)
	}
	conn.wantClosed()
	s.proxy.Close() // once more does nothing
}

// The client's and the application's own ends are passed on.
func TestWebSocketIsClosedByEither(t *testing.T) {
	told := make(chan struct{})
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if r.URL.Path == "/bye" {
			return
		}
		_, _ = io.Copy(io.Discard, buffered)
		close(told)
	}, config{})
	s.open("/bye", "Cookie: "+s.cookie+"\r\n").wantClosed()
	_ = s.open("/", "Cookie: "+s.cookie+"\r\n").Close()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("the application still waits for a client that is gone")
	}
}
