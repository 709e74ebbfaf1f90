package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// The monitor counts what is there, again and again: who signs in and who is ended shows
// with its next run, and so does what ended with everybody.
func TestMonitor(t *testing.T) {
	h := newHouse(t, "--metrics-addr", "127.0.0.1:0", "--monitor-every", "1s")
	h.readLine() // First start
	url := strings.TrimPrefix(h.readLine(), "Metrics for Prometheus: ")
	h.enter("alice")
	olga, _ := h.enter("olga")
	wantMetric(t, url, `coatcheck_sessions_active 2`)
	wantMetric(t, url, `coatcheck_ttl_lag_seconds 0`)
	wantMetric(t, url, `coatcheck_tag_key_age_seconds [0-9]`)
	wantMetric(t, url, `coatcheck_monitor_runs_total\{result="ok"\} [1-9]`)
	if w := h.must("POST", "/admin/end-everyone", olga, ""); w.status != 200 {
		t.Fatalf("%d %s", w.status, w.text)
	}
	wantMetric(t, url, `coatcheck_sweep_ended_total 1`) // the caller's own was written at once
	wantMetric(t, url, `coatcheck_sessions_active 0`)
	wantMetric(t, url, `coatcheck_monitor_runs_total\{result="failed"\} 0`)
}

// wantMetric waits for a line of the page that begins so.
func wantMetric(t *testing.T, url, line string) {
	t.Helper()
	pattern := regexp.MustCompile("(?m)^" + line)
	var page string
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		if page = metricsPage(t, url); pattern.MatchString(page) {
			return
		}
	}
	t.Errorf("%s is not there:\n%s", line, page)
}

// With a key that is given nobody knows since when it is used.
func TestKeyAgeOfAGivenKey(t *testing.T) {
	p := start(t, dataFolder(t), "--tag-keys", strings.Repeat("ab", 32), "--metrics-addr", "127.0.0.1:0", "--monitor-every", "1s")
	p.readLine()
	url := strings.TrimPrefix(p.readLine(), "Metrics for Prometheus: ")
	wantMetric(t, url, `coatcheck_monitor_runs_total\{result="ok"\} [1-9]`)
	if page := metricsPage(t, url); strings.Contains(page, "\ncoatcheck_tag_key_age_seconds ") {
		t.Errorf("an age is told:\n%s", page)
	}
}

func TestMonitorEveryIsBounded(t *testing.T) {
	for _, text := range []string{"0", "999ms", "61m", "often"} {
		_, stderr, code := operate(t, dataFolder(t), "", "serve", "--monitor-every", text)
		if code != exitUsage || !strings.Contains(stderr, "--monitor-every (COATCHECK_MONITOR_EVERY) is") {
			t.Errorf("%s: exit %d: %s", text, code, stderr)
		}
	}
}
