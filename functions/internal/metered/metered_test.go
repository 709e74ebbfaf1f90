package metered_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/functions/internal/metered"
)

type handler func() ([]byte, error)

func (h handler) Invoke(context.Context, []byte) ([]byte, error) { return h() }

// lines are what was written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l:
		return line
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is written")
		return ""
	}
}

// An answer passes as it is, an error too, and what is out of the ordinary is written
// behind it.
func TestHandler(t *testing.T) {
	errNo := errors.New("no")
	for name, c := range map[string]struct {
		answer []byte
		err    error
	}{"answer": {[]byte("yes"), nil}, "error": {nil, errNo}} {
		t.Run(name, func(t *testing.T) {
			out := make(lines, 8)
			s := metered.New(out, "Coatcheck/test", "login")
			t.Cleanup(s.Close)
			h := s.Handler(handler(func() ([]byte, error) {
				s.Record(telemetry.EveryoneEnded, 1)
				return c.answer, c.err
			}))
			got, err := h.Invoke(t.Context(), nil)
			if !bytes.Equal(got, c.answer) || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v", got, err)
			}
			line := out.next(t)
			for _, want := range []string{`"EveryoneEnded":1`, `"ColdStarts":1`, `"Function":"login"`} {
				if !strings.Contains(line, want) {
					t.Errorf("%s is missing in %s", want, line)
				}
			}
		})
	}
}

// An output that takes nothing neither delays an answer nor fails it.
func TestStuckOutput(t *testing.T) {
	fifo, writer, err := os.Pipe() // nobody reads it, so that it fills up
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = fifo.Close(), writer.Close() })
	s := metered.New(writer, "Coatcheck/test", "authorize")
	h := s.Handler(handler(func() ([]byte, error) {
		s.Record(telemetry.EveryoneEnded, 1)
		return []byte("yes"), nil
	}))
	began := time.Now()
	for range 5000 {
		if got, err := h.Invoke(t.Context(), nil); string(got) != "yes" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("5000 answers took %v", took)
	}
}
