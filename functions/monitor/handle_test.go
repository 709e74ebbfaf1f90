package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/functions/internal/metered"
)

// A run that found everything out succeeds, one that did not fails, and either is a line of
// the log and a metric, written before the invocation ends.
func TestHandle(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithTimeout(t.Context(), left) // nothing is left for a run
	defer stop()
	long, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	for name, c := range map[string]struct {
		ctx  context.Context
		ok   bool
		want []string
	}{
		"no deadline":  {t.Context(), true, []string{`"event":"monitored"`, `"active":0`, `"ok":true`, `"Result":"ok"`, `"SessionsActive":0`}},
		"in time":      {long, true, []string{`"ok":true`, `"Result":"ok"`}},
		"no time left": {late, false, []string{`"ok":false`, `"Result":"failed"`}},
		"broken off":   {over, false, []string{`"event":"monitor_failed"`, `"ok":false`, `"Result":"failed"`}},
	} {
		t.Run(name, func(t *testing.T) {
			var lines, told bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&lines, nil))
			sink := metered.New(&told, "Coatcheck/test", "monitor")
			defer sink.Close()
			err := (&function{monitorOf(t, sink, log), sink, log}).handle(c.ctx)
			if (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(lines.String()+told.String(), want) {
					t.Errorf("%s is missing in\n%s%s", want, lines.String(), told.String())
				}
			}
		})
	}
}

func monitorOf(t *testing.T, sink metered.Sink, log *slog.Logger) *monitor.Monitor {
	t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(memory.New(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := monitor.New(sessions, sink, &monitor.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
