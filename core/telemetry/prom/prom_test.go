package prom_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/prom"
)

// page is what Prometheus fetches.
func page(t *testing.T, s *prom.Sink) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Body.String()
}

func wantLine(t *testing.T, page, line string) {
	t.Helper()
	if !strings.Contains("\n"+page, "\n"+line+"\n") {
		t.Errorf("%q is not there", line)
	}
}

// Counters add up, gauges keep the last, histograms spread; what is no value of a label
// is "other".
func TestRecord(t *testing.T) {
	s := prom.New()
	s.Record(telemetry.Lookups, 1, "allowed")
	s.Record(telemetry.Lookups, 2, "allowed")
	s.Record(telemetry.Lookups, 1, "ann@example.com")
	s.Record(telemetry.Lookups, -1, "allowed")
	s.Record(telemetry.SessionsActive, 7)
	s.Record(telemetry.SessionsActive, 5)
	s.Record(telemetry.StoreCallDuration, 0.004, "sessions", "read")
	s.Record(&telemetry.Metric{Name: "of_nobody", Kind: telemetry.Counter}, 1)
	got := page(t, s)
	for _, line := range []string{
		`coatcheck_lookups_total{outcome="allowed"} 3`,
		`coatcheck_lookups_total{outcome="other"} 1`,
		`coatcheck_lookups_total{outcome="expired"} 0`,
		`coatcheck_sessions_active 5`,
		`coatcheck_store_call_duration_seconds_bucket{operation="read",store="sessions",le="0.0025"} 0`,
		`coatcheck_store_call_duration_seconds_bucket{operation="read",store="sessions",le="0.005"} 1`,
		`coatcheck_sessions_ended_total{reason="token_reuse"} 0`,
		`coatcheck_everyone_ended_total 0`,
	} {
		wantLine(t, got, line)
	}
	if strings.Contains(got, "example.com") || strings.Contains(got, "of_nobody") {
		t.Error("what is not of the catalogue is on the page")
	}
}

// Every counter is there from the beginning, with each value of each label, and nothing else.
func TestBeginsAtZero(t *testing.T) {
	got := page(t, prom.New())
	for _, m := range telemetry.Metrics() {
		want := 0
		if m.Kind == telemetry.Counter {
			want = 1
			for _, l := range m.Labels {
				want *= len(l.Values)
			}
		}
		if n := strings.Count(got, "\n"+m.Prometheus()); n != want {
			t.Errorf("%s: %d series, want %d", m.Prometheus(), n, want)
		}
	}
	for _, line := range []string{
		`coatcheck_everyone_ended_total 0`,
		`coatcheck_sign_ins_total{method="pwd",result="refused"} 0`,
		`coatcheck_sign_ins_total{method="wia",result="unavailable"} 0`,
		`coatcheck_store_calls_total{operation="create",result="ok",store="sessions"} 0`,
		`coatcheck_store_calls_total{operation="get",result="error",store="accounts"} 0`,
		`coatcheck_store_throttles_total{operation="TransactWriteItems",reason="IndexWriteMaxOnDemandThroughputExceeded"} 0`,
		`coatcheck_store_units_total{kind="write",operation="TransactWriteItems",store="accounts"} 0`,
	} {
		wantLine(t, got, line)
	}
}

// A minute counts once, however often it is told, and none from before the process began:
// another has told those.
func TestClosed(t *testing.T) {
	s := prom.New()
	minute := time.Now().Truncate(time.Minute)
	for range 3 {
		s.Closed(telemetry.SessionsExpired, minute.Add(-time.Hour), 100)
		s.Closed(telemetry.SessionsExpired, minute, 2)
		s.Closed(telemetry.SessionsExpired, minute.Add(time.Minute), 3)
	}
	wantLine(t, page(t, s), "coatcheck_sessions_expired_total 5")
}

// All of the catalogue is accepted, with its help.
func TestCatalogue(t *testing.T) {
	s := prom.New()
	for _, m := range telemetry.Metrics() {
		s.Record(m, 1)
	}
	got := page(t, s)
	for _, m := range telemetry.Metrics() {
		wantLine(t, got, "# HELP "+m.Prometheus()+" "+m.Help)
		wantLine(t, got, "# TYPE "+m.Prometheus()+" "+string(m.Kind))
	}
}
