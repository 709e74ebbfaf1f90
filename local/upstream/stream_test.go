package upstream_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"coatcheck/local/upstream"
)

// The bounds of these servers are over before the application has begun: only what is
// set for each request lets them work.
const atOnce = time.Nanosecond

// Each event arrives before the next one is made.
func TestEvents(t *testing.T) {
	for name, kind := range map[string]string{"events": "text/event-stream", "of unknown length": "text/plain"} {
		t.Run(name, func(t *testing.T) {
			read := make(chan struct{})
			s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", kind)
				for range 3 {
					_, _ = io.WriteString(w, "data: x\n\n")
					_ = http.NewResponseController(w).Flush()
					select {
					case <-read:
					case <-r.Context().Done():
						return
					}
				}
			}, config{write: atOnce})
			res, err := s.client.Do(s.request("GET", "/", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			events := bufio.NewReader(res.Body)
			for range 3 {
				if line, err := events.ReadString('\n'); err != nil || line != "data: x\n" {
					t.Fatalf("got %q, %v", line, err)
				}
				if _, err := events.Discard(1); err != nil {
					t.Fatal(err)
				}
				read <- struct{}{}
			}
			if _, err := events.ReadByte(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// Each part comes back before the next one is sent.
func TestBothWaysAtOnce(t *testing.T) {
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		part := make([]byte, 4)
		for {
			if _, err := io.ReadFull(r.Body, part); err != nil {
				return
			}
			_, _ = w.Write(part)
			_ = control.Flush()
		}
	}, config{read: atOnce, readHeader: time.Minute, write: atOnce})
	in, out := io.Pipe()
	go func() { _, _ = out.Write([]byte("ping")) }()
	res, err := s.client.Do(s.request("POST", "/", in))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	part := make([]byte, 4)
	for range 3 {
		if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != "ping" {
			t.Fatalf("got %q, %v", part, err)
		}
		if _, err := out.Write([]byte("ping")); err != nil {
			t.Fatal(err)
		}
	}
	_ = out.Close()
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "ping" {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

// 64 MB pass both ways, whole, and never stand in memory.
func TestLargeBodies(t *testing.T) {
	const size = 64 << 20
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		if err != nil || n != size {
			http.Error(w, "broken", http.StatusBadRequest)
			return
		}
		w.Header().Set("X-Sum", hex.EncodeToString(sum.Sum(nil)))
		_, _ = io.CopyN(w, newNoise(), size)
	}, config{read: atOnce, readHeader: time.Minute, write: atOnce})
	for name, length := range map[string]int64{"of known length": size, "chunked": -1} {
		sent := sha256.New()
		r := s.request("POST", "/", io.TeeReader(io.LimitReader(newNoise(), size), sent))
		r.ContentLength = length
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got := sha256.New()
		n, err := io.Copy(got, res.Body)
		_ = res.Body.Close()
		runtime.ReadMemStats(&after)
		if err != nil || n != size || res.StatusCode != 200 {
			t.Fatalf("%s: %d, %d bytes, %v", name, res.StatusCode, n, err)
		}
		want := sha256.New()
		_, _ = io.CopyN(want, newNoise(), size)
		if res.Header.Get("X-Sum") != hex.EncodeToString(sent.Sum(nil)) || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
			t.Errorf("%s: other bytes arrived than were sent", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > size/8 {
			t.Errorf("%s: %d bytes were allocated for %d that passed", name, used, 2*size)
		}
	}
}

// noise is bytes that do not repeat soon, always the same.
type noise struct {
	block []byte
	at    int
}

var block = func() []byte {
	b := make([]byte, 1<<20-3)
	_, _ = rand.Read(b)
	return b
}()

func newNoise() *noise { return &noise{block: block} }

func (n *noise) Read(p []byte) (int, error) {
	done := copy(p, n.block[n.at:])
	n.at = (n.at + done) % len(n.block)
	return done, nil
}

// A server takes a read that outlasts its bound for a client that hung up: also where
// an answer is waited for longer than that.
func TestSlowAnswer(t *testing.T) {
	const bound = 500 * time.Millisecond
	for name, body := range map[string]string{"without a body": "", "with a body": "some"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				select {
				case <-time.After(2 * bound):
					_, _ = io.WriteString(w, "late")
				case <-r.Context().Done():
				}
			}, config{read: bound, write: bound, opts: upstream.Options{Stall: bound}})
			if res, got := s.do(s.request("POST", "/", strings.NewReader(body))); res.StatusCode != 200 || got != "late" {
				t.Errorf("%d %s", res.StatusCode, got)
			}
		})
	}
}

// A client that begins a body and sends nothing more is cut off, and the application
// told.
func TestClientStopsSending(t *testing.T) {
	told := make(chan error, 1)
	s := newScene(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		told <- err
	}, config{opts: upstream.Options{Stall: 50 * time.Millisecond}})
	conn := dial(t, s.front)
	conn.send("POST / HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\nOrigin: " + s.front.URL + "\r\nContent-Length: 10\r\n\r\nhalf")
	conn.wantClosed()
	if err := <-told; err == nil {
		t.Error("the application took half a body for a whole one")
	}
	if got := s.log.String(); got != "" {
		t.Errorf("the client's fault is logged as ours:\n%s", got)
	}
}

// Nor is a body waited for that nobody reads any more.
func TestClientSendsNothing(t *testing.T) {
	s := newScene(t, echo, config{opts: upstream.Options{Stall: 50 * time.Millisecond}})
	s.app.Close()
	conn := dial(t, s.front)
	conn.send("POST / HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\nOrigin: " + s.front.URL + "\r\nContent-Length: 10\r\n\r\n")
	if res := conn.answer(); res.StatusCode != http.StatusBadGateway {
		t.Errorf("got %d", res.StatusCode)
	}
	conn.wantClosed()
}

// A client that takes nothing of an answer is cut off, and the application with it.
func TestClientStopsTaking(t *testing.T) {
	told := make(chan error, 1)
	s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.Copy(w, newNoise())
		told <- err
	}, config{opts: upstream.Options{Stall: 50 * time.Millisecond}})
	conn := dial(t, s.front)
	conn.send("GET / HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\n\r\n")
	select {
	case err := <-told:
		if err == nil {
			t.Error("the application's answer ended")
		}
	case <-time.After(30 * time.Second):
		t.Error("the answer still waits for its client")
	}
}

// A client that goes takes its request to the application with it.
func TestClientHangsUp(t *testing.T) {
	begun, gone := make(chan struct{}), make(chan struct{})
	s := newScene(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(gone)
	}, config{})
	conn := dial(t, s.front)
	conn.send("GET / HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\n\r\n")
	<-begun
	_ = conn.Close()
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Fatal("the application still works for a client that is gone")
	}
	if got := s.log.String(); got != "" {
		t.Errorf("logged:\n%s", got)
	}
}

// The bounds that were lifted for one request hold for the next one's head on the same
// connection.
func TestSlowHeaders(t *testing.T) {
	s := newScene(t, echo, config{read: time.Minute, readHeader: 500 * time.Millisecond})
	conn := dial(t, s.front)
	ask := "POST / HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\nOrigin: " + s.front.URL + "\r\nContent-Length: 4\r\n\r\nbody"
	for range 2 {
		conn.send(ask)
		res := conn.answer()
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
			t.Fatal(res.StatusCode, err)
		}
	}
	conn.send(ask[:20])
	conn.wantClosed()
}

// An application that has heard enough answers before the body is whole. What the client
// sends after that is part of the body, and no request.
func TestEarlyAnswer(t *testing.T) {
	smuggled := make(chan string, 1)
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			smuggled <- r.URL.Path
		}
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).EnableFullDuplex() // or net/http reads the body first
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}, config{opts: upstream.Options{Stall: 500 * time.Millisecond}})
	conn := dial(t, s.front)
	head := " HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\nOrigin: " + s.front.URL + "\r\n"
	conn.send("POST /" + head + "Content-Length: 1000\r\n\r\nsome")
	if res := conn.answer(); res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
		t.Errorf("got %d, closing: %t", res.StatusCode, res.Close)
	}
	_, _ = io.WriteString(conn, "GET /smuggled"+head+"\r\n")
	conn.wantClosed()
	select {
	case path := <-smuggled:
		t.Errorf("the application was asked for %s", path)
	default:
	}
}

// The application decides whether a body that is announced is sent at all.
func TestExpectContinue(t *testing.T) {
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		echo(w, r)
	}, config{})
	for path, want := range map[string]int{"/yes": 100, "/no": http.StatusForbidden} {
		conn := dial(t, s.front)
		conn.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nCookie: " + s.cookie + "\r\nOrigin: " + s.front.URL + "\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
		if res := conn.answer(); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if want != 100 {
			continue
		}
		conn.send("body")
		res := conn.answer()
		if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !strings.Contains(string(text), "/yes body\n") {
			t.Errorf("%d %s %v", res.StatusCode, text, err)
		}
	}
}
