package monitor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
)

// A part that fails keeps none of the others from running, and is told: as a log line, in
// the error, in monitor_runs. What failed leaves its metric as it was.
func TestPartsStandAlone(t *testing.T) {
	keyMade := func(context.Context) (time.Time, error) { return start, nil }
	noKey := func(context.Context) (time.Time, error) { return time.Time{}, errDown }
	all := []string{"sessions_active", "ttl_lag", "tag_key_age"}
	for name, c := range map[string]struct {
		down    []string
		keyMade func(context.Context) (time.Time, error)
		parts   []string // that fail
		lacks   []string // of all
		minutes int
	}{
		"the control":        {[]string{"read"}, keyMade, []string{"sweep", "ttl_lag"}, []string{"ttl_lag"}, 15}, // states depend on it, too
		"the count":          {[]string{"count active"}, keyMade, []string{"active"}, []string{"sessions_active"}, 15},
		"the count, expired": {[]string{"count expired"}, keyMade, []string{"expired"}, nil, 0},
		"the list":           {[]string{"page live"}, keyMade, []string{"ttl_lag"}, []string{"ttl_lag"}, 15},
		"the list, ended":    {[]string{"page ended"}, keyMade, []string{"ttl_lag"}, []string{"ttl_lag"}, 15},
		"the key":            {nil, noKey, []string{"key_age"}, []string{"tag_key_age"}, 15},
		"everything": {
			[]string{"read", "count active", "count expired", "page live", "page ended"},
			noKey,
			[]string{"sweep", "active", "expired", "ttl_lag", "key_age"},
			all, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.signIn("usr_secret")
			w.store.down = c.down
			_, err := w.monitor(monitor.Options{KeyMade: c.keyMade}).Run(t.Context())
			if err == nil || !errors.Is(err, errDown) {
				t.Fatalf("got %v", err)
			}
			if got := strings.Count(w.log.String(), `"event":"monitor_failed"`); got != len(c.parts) {
				t.Errorf("%d parts failed, want %q:\n%s", got, c.parts, w.log.String())
			}
			for _, part := range c.parts {
				if !strings.Contains(err.Error(), "monitor "+part+": ") || !strings.Contains(w.log.String(), `"part":"`+part+`"`) {
					t.Errorf("%s is not told in %v\n%s", part, err, w.log.String())
				}
			}
			for _, metric := range all {
				if _, told := w.sink.last[metric]; told == contains(c.lacks, metric) {
					t.Errorf("%s told: %t", metric, told)
				}
			}
			if len(w.sink.told) != c.minutes {
				t.Errorf("told of %d minutes, want %d", len(w.sink.told), c.minutes)
			}
			w.sink.want(t, map[string]float64{"monitor_runs failed": 1})
		})
	}
}

func contains(list []string, one string) bool { return strings.Contains(strings.Join(list, " "), one) }

// A store that hangs holds a run no longer than its context, and the run is told to have
// failed.
func TestStoreThatHangs(t *testing.T) {
	w := newWorld(t)
	w.store.hangs, w.store.down = true, []string{"read", "count active", "count expired", "page live", "page ended"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.monitor(monitor.Options{}).Run(ctx); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	w.sink.want(t, map[string]float64{"monitor_runs failed": 1})
}

// Neither the log, the errors nor the labels of metrics name anybody.
func TestNobodyIsNamed(t *testing.T) {
	w := newWorld(t)
	_, id := w.signIn("usr_secret")
	if _, err := w.sessions.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := w.monitor(monitor.Options{})
	w.run(m)
	w.store.down = []string{"count active", "page live"}
	_, err := m.Run(t.Context())
	text := w.log.String() + err.Error()
	for name := range w.sink.last {
		text += name
	}
	if strings.Contains(text, "usr_secret") || strings.Contains(text, id.String()) || !strings.Contains(text, `"event":"swept"`) {
		t.Errorf("somebody is named, or nothing is told:\n%s", text)
	}
}
