package settings_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/settings"
)

func environment(pairs map[string]string) *settings.Reader {
	return settings.Environment(func(name string) string { return pairs[name] })
}

func TestDefaults(t *testing.T) {
	r := environment(nil)
	p := r.Policy()
	if p.Idle != 15*time.Minute || p.Absolute != 8*time.Hour || p.PerUser != 10 {
		t.Errorf("policy %+v", p)
	}
	if !r.Keys().IsZero() || r.SameSite() != http.SameSiteLaxMode || r.LogLevel() != slog.LevelInfo || r.List("origin") != nil {
		t.Error("defaults are not the defaults")
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestReadsWhatIsGiven(t *testing.T) {
	r := environment(map[string]string{
		"COATCHECK_IDLE": "10m", "COATCHECK_PER_USER": "3", "COATCHECK_SAME_SITE": "strict", "COATCHECK_LOG_LEVEL": "warn",
		"COATCHECK_ORIGIN": "https://a.example, https://b.example", "COATCHECK_TAG_KEYS": strings.Repeat("ab", 32),
		"COATCHECK_SESSIONS_TABLE": "s", "COATCHECK_ROTATE_EVERY": "0", "COATCHECK_GRACE": "20s",
	})
	p := r.Policy()
	if p.RotateEvery != session.Never || p.Grace != 20*time.Second {
		t.Errorf("rotates every %v, grace %v", p.RotateEvery, p.Grace)
	}
	if p.Idle != 10*time.Minute || p.PerUser != 3 || r.SameSite() != http.SameSiteStrictMode || r.LogLevel() != slog.LevelWarn ||
		len(r.List("origin")) != 2 || r.Keys().IsZero() || r.Required("sessions-table", "a table's name") != "s" {
		t.Errorf("policy %+v", p)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

// Every fault is reported, each with its name, what it is and what it needs to be,
// and none repeats a secret.
func TestFaults(t *testing.T) {
	r := environment(map[string]string{
		"COATCHECK_IDLE": "soon", "COATCHECK_PER_USER": "0", "COATCHECK_SAME_SITE": "none",
		"COATCHECK_LOG_LEVEL": "loud", "COATCHECK_TAG_KEYS": "hunter2",
	})
	r.Policy()
	r.SameSite()
	r.LogLevel()
	r.Keys()
	r.Required("sessions-table", "the name of the sessions' table")
	err := r.Err()
	if !errors.Is(err, settings.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`COATCHECK_IDLE is "soon": want a duration`, `COATCHECK_PER_USER is "0": want a number from 1`,
		`COATCHECK_SAME_SITE is "none": want lax or strict`, `COATCHECK_LOG_LEVEL is "loud": want debug`,
		`COATCHECK_TAG_KEYS is "[redacted]": want 1 to 8 keys`, `COATCHECK_SESSIONS_TABLE is "": want the name`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is repeated: %v", err)
	}
}

// What the policy says of itself comes under the settings' names.
func TestPolicyFaults(t *testing.T) {
	r := settings.Flags(func(name string) string {
		return map[string]string{"idle": "9h", "remembered-absolute": "1h", "rotate-every": "1m", "grace": "5m"}[name]
	})
	r.Policy()
	for _, want := range []string{
		`--idle (COATCHECK_IDLE) is "9h0m0s": want`, `--remembered-absolute (COATCHECK_REMEMBERED_ABSOLUTE) is "1h0m0s": want`,
		`--rotate-every (COATCHECK_ROTATE_EVERY) is "1m0s": want 5m0s to`, `--grace (COATCHECK_GRACE) is "5m0s": want 1s to 2m0s`,
	} {
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestMonitorEvery(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 5 * time.Minute, "1s": time.Second, "1h": time.Hour, "999ms": 0, "61m": 0, "0": 0, "-5m": 0, "5": 0,
	} {
		r := environment(map[string]string{"COATCHECK_MONITOR_EVERY": text})
		got := r.MonitorEvery()
		if want == 0 {
			if err := r.Err(); err == nil || strings.Count(err.Error(), "COATCHECK_MONITOR_EVERY is ") != 1 {
				t.Errorf("%q: %v, want one fault", text, err)
			}
		} else if r.Err() != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, r.Err(), want)
		}
	}
}
