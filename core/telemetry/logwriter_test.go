package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/telemetry"
)

func jsonForm(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) }

// What is written comes out, in its order and whole, before Close returns.
func TestLogWriter(t *testing.T) {
	var out bytes.Buffer
	w := telemetry.NewLogWriter(&out, jsonForm)
	log := slog.New(jsonForm(w))
	for i := range 1000 {
		log.Info("line", "n", i)
	}
	w.Close(time.Minute)
	w.Close(time.Minute)
	n := 0
	for line := range strings.Lines(out.String()) {
		var got struct{ N int }
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.N != n {
			t.Fatalf("line %d: %q, %v", n, line, err)
		}
		n++
	}
	if n != 1000 {
		t.Errorf("%d lines", n)
	}
}

// A writer that never returns keeps nobody waiting, and Close only as long as it is told.
func TestLogWriterThatHangs(t *testing.T) {
	r, pipe := io.Pipe() // nobody reads
	defer r.Close()
	w := telemetry.NewLogWriter(pipe, jsonForm)
	log := slog.New(jsonForm(w))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100_000 {
			log.Info("line")
		}
		w.Close(time.Millisecond)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("it waits for the reader")
	}
}

// broken fails until it is mended.
type broken struct {
	mu   sync.Mutex
	out  bytes.Buffer
	well bool
	seen chan struct{}
}

func (b *broken) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.seen <- struct{}{} }()
	if !b.well {
		return 0, errors.New("no space left on device")
	}
	return b.out.Write(p)
}

// Lines that a writer refused are counted, and told of once one gets through.
func TestLogWriterThatFails(t *testing.T) {
	b := &broken{seen: make(chan struct{}, 16)}
	w := telemetry.NewLogWriter(b, jsonForm)
	log := slog.New(jsonForm(w))
	for range 3 {
		log.Info("lost")
		<-b.seen
	}
	b.mu.Lock()
	b.well = true
	b.mu.Unlock()
	log.Info("kept")
	w.Close(time.Minute)
	got := b.out.String()
	if strings.Contains(got, "lost") || !strings.Contains(got, `"kept"`) || !strings.Contains(got, `"event":"log_lines_dropped","lines":3`) {
		t.Errorf("got %s", got)
	}
}

// Each character that commands something is escaped in a way that JSON reads back, and
// everything else stays as it is.
func TestEscape(t *testing.T) {
	for _, text := range []string{
		"plain", "Zoë 東京 🙂", "a\u009b2Jb", "\u202eabc\u2066", "x\u2028y\u2029z", "\u0085", "\ufeff", "\U000e0041", "\xff\u200b", "a\x7fb",
	} {
		var out bytes.Buffer
		slog.New(jsonForm(telemetry.Escape(&out))).Info("m", "text", text)
		var got struct{ Text string }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Text != strings.ToValidUTF8(text, "\ufffd") {
			t.Errorf("%q: read back as %q, %v", text, got.Text, err)
		}
		if strings.ContainsAny(out.String(), "\u009b\u202e\u2066\u2028\u2029\u0085\ufeff\U000e0041\u200b\x7f") {
			t.Errorf("%q: %q", text, out.String())
		}
	}
}
