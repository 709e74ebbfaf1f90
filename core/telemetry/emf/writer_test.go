package emf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
)

// stuck is a writer that does not return until it is released.
type stuck struct {
	entered, release chan struct{}
	once             sync.Once
}

func newStuck() *stuck { return &stuck{entered: make(chan struct{}), release: make(chan struct{})} }

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.entered) })
	<-s.release
	return len(p), nil
}

// A writer that never returns delays nobody, and its lines take a bounded memory.
func TestStuckWriter(t *testing.T) {
	w := newStuck()
	s := emf.New(w, "Coatcheck/test", nil)
	t.Cleanup(func() { close(w.release) })
	s.Record(telemetry.SessionsEnded, 1, "token_reuse")
	s.Flush()
	<-w.entered
	soon(t, "20,000 calls", func() {
		for range 20_000 {
			s.Record(telemetry.SessionsEnded, 1, "token_reuse")
			s.Closed(telemetry.SessionsExpired, noon, 1)
			s.Flush()
		}
	})
	soon(t, "Close", s.Close) // Lambda kills after 500 ms
}

// soon fails the test unless it is done within what a busy machine takes.
func soon(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s took more than 10 s", what)
	}
}

// failing fails as long as it is told to, and then keeps what it is given.
type failing struct {
	mu       sync.Mutex
	failures int
	partly   int // bytes that a failure writes all the same
	text     bytes.Buffer
	sent     chan struct{} // one for each call
}

func (f *failing) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.sent <- struct{}{} }()
	if f.failures > 0 {
		f.failures--
		n, _ := f.text.Write(p[:f.partly])
		return n, errors.New("disk full")
	}
	return f.text.Write(p)
}

// What could not be written is counted, and told behind the next line that is.
func TestFailingWriter(t *testing.T) {
	for name, partly := range map[string]int{"nothing written": 0, "broken off": 10} {
		t.Run(name, func(t *testing.T) {
			w := &failing{failures: 3, partly: partly, sent: make(chan struct{}, 16)}
			s := emf.New(w, "Coatcheck/test", func() time.Time { return noon })
			for range 4 {
				s.Record(telemetry.SessionsEnded, 1, "token_reuse")
				s.Flush()
				soon(t, "a line", func() { <-w.sent })
			}
			soon(t, "the line that tells of the three", func() { <-w.sent })
			s.Record(telemetry.EveryoneEnded, 1)
			s.Close()
			text := ""
			for line := range strings.Lines(w.text.String()) {
				if len(line) > partly+1 { // what broke off is a line of its own
					text += line
				}
			}
			want(t, told(t, text), "12:00:00 EveryoneEnded 1", "12:00:00 SessionsEnded Reason=token_reuse 1", "12:00:00 TelemetryDropped 3")
		})
	}
}

// A queue that is full drops, and none of what it drops is forgotten.
func TestFullQueue(t *testing.T) {
	w := newStuck()
	var kept bytes.Buffer
	s := emf.New(writers{w, &kept}, "Coatcheck/test", func() time.Time { return noon })
	s.Record(telemetry.EveryoneEnded, 1)
	s.Flush()
	<-w.entered
	const given = 2000
	for range given {
		s.Record(telemetry.SessionsEnded, 1, "token_reuse")
		s.Flush()
	}
	close(w.release)
	s.Close()
	ended, dropped := 0, 0
	for _, line := range told(t, kept.String()) {
		var n int
		switch {
		case strings.Contains(line, "SessionsEnded"):
			ended++
		case strings.Contains(line, "TelemetryDropped"):
			_, _ = fmt.Sscanf(line, "12:00:00 TelemetryDropped %d", &n)
			dropped += n
		}
	}
	if ended+dropped != given || dropped < given/2 || ended == 0 {
		t.Errorf("%d lines written and %d told as dropped, of %d", ended, dropped, given)
	}
}

// writers writes to the first, then to the second.
type writers struct{ first, second io.Writer }

func (w writers) Write(p []byte) (int, error) {
	if n, err := w.first.Write(p); err != nil {
		return n, err
	}
	return w.second.Write(p)
}

// On one file with a logger's, the lines stay whole.
func TestBesideALog(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	s := emf.New(file, "Coatcheck/test", nil)
	log := slog.New(slog.NewJSONHandler(file, nil))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				log.Info("hello", "text", strings.Repeat("x", 300))
				s.Record(telemetry.SessionsEnded, 1, "token_reuse")
				s.Flush()
			}
		})
	}
	group.Wait()
	s.Close()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	logged, metrics := 0, 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, `{"time":`) && strings.HasSuffix(line, "\"}\n") {
			logged++
		} else if _, err := parse([]byte(line)); err == nil {
			metrics++
		} else {
			t.Fatalf("mixed: %s", line)
		}
	}
	if logged != 800 || metrics == 0 {
		t.Errorf("%d lines logged, %d of metrics", logged, metrics)
	}
}

// Many goroutines lose nothing where the writer keeps up.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				w.Record(telemetry.Lookups, 1, "allowed")
			}
		})
	}
	group.Wait()
	want(t, w.told(t), "12:00:00 Lookups Outcome=allowed 8000")
}

// Sync returns when what was gathered is written, the ordinary too; behind a writer that
// never returns it does so all the same.
func TestSync(t *testing.T) {
	var out bytes.Buffer // not locked: a write that comes after Sync is a race
	s := emf.New(&out, "Coatcheck/test", nil)
	for n := range 100 {
		s.Record(telemetry.Lookups, 1, "allowed")
		s.Closed(telemetry.SessionsExpired, time.Unix(int64(60*n), 0), 1)
		s.Sync()
		if got := strings.Count(out.String(), "\n"); got != 2*(n+1) {
			t.Fatalf("%d lines, want %d", got, 2*(n+1))
		}
	}
	s.Close()
	s.Sync() // after the end it does nothing

	w := newStuck()
	hung := emf.New(w, "Coatcheck/test", nil)
	t.Cleanup(func() { close(w.release) })
	hung.Record(telemetry.SessionsEnded, 1, "token_reuse")
	began := time.Now()
	hung.Sync()
	hung.Sync()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it waited for %v", took)
	}
}
