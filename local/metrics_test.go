package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// metricsPage is what Prometheus fetches from a program.
func metricsPage(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	page, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, w.StatusCode, err)
	}
	return string(page)
}

// What is done through the program shows on its page for Prometheus, each once, and the
// page has an address of its own.
func TestMetrics(t *testing.T) {
	h := newHouse(t, "--metrics-addr", "127.0.0.1:0")
	h.readLine() // First start
	url, ok := strings.CutPrefix(h.readLine(), "Metrics for Prometheus: ")
	if !ok {
		t.Fatalf("it does not say where: %q", url)
	}
	if w := h.must("GET", "/metrics", "", ""); w.status != 404 {
		t.Errorf("on the public address: %d", w.status)
	}
	alice, _ := h.enter("alice")
	if w := h.must("POST", "/login", "", strings.Replace(signInBody("alice"), `"password":"`, `"password":"not `, 1)); w.status != 401 {
		t.Errorf("a wrong password: %d %s", w.status, w.text)
	}
	h.must("GET", "/session", alice, "")
	h.must("POST", "/logout", alice, "")
	if w := h.must("GET", "/session", alice, ""); w.status != 401 {
		t.Errorf("after signing out: %d", w.status)
	}
	page := metricsPage(t, url)
	for _, line := range []string{
		`coatcheck_sign_ins_total{method="pwd",result="created"} 1`,
		`coatcheck_sign_ins_total{method="pwd",result="refused"} 1`,
		`coatcheck_lookups_total{outcome="allowed"} 1`,
		`coatcheck_lookups_total{outcome="ended"} 1`,
		`coatcheck_sessions_ended_total{reason="signed_out"} 1`,
		`coatcheck_store_calls_total{operation="create",result="ok",store="sessions"} 1`,
	} {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("%s is not there", line)
		}
	}
}

// An address that is none is a fault beside the others.
func TestMetricsAddress(t *testing.T) {
	_, stderr, code := operate(t, dataFolder(t), "", "serve", "--metrics-addr", "9090", "--same-site", "none")
	if code != exitUsage || !strings.Contains(stderr, "--metrics-addr") || !strings.Contains(stderr, "--same-site") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
