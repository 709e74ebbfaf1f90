package telemetry_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"coatcheck/core/telemetry"
)

// The catalogue keeps the conventions of both systems, and its bounds.
func TestCatalogue(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	for _, m := range telemetry.Metrics() {
		if !snake.MatchString(m.Name) || seen[m.Prometheus()] || seen[m.CloudWatch()] {
			t.Errorf("%q: no name, or one that is taken", m.Name)
		}
		seen[m.Prometheus()], seen[m.CloudWatch()] = true, true
		if m.Kind == telemetry.Histogram && m.Unit != telemetry.Seconds {
			t.Errorf("%s: the buckets of histograms are seconds", m.Name)
		}
		if len(m.Labels) > telemetry.MaxLabels || m.Help == "" {
			t.Errorf("%s: %d labels, help %q", m.Name, len(m.Labels), m.Help)
		}
		var names []string
		for _, l := range m.Labels {
			names = append(names, l.Name)
			// One value would tell nothing apart, and be asked for all the same.
			if !snake.MatchString(l.Name) || len(l.Values) < 2 || len(l.Values) > 25 || slices.Contains(l.Values, telemetry.Other) {
				t.Errorf("%s: label %q has %d values", m.Name, l.Name, len(l.Values))
			}
		}
		for _, d := range m.Dimensions {
			if !slices.Contains(names, d) {
				t.Errorf("%s: dimension %q is no label", m.Name, d)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		metric                       *telemetry.Metric
		prometheus, cloudWatch, unit string
	}{
		{telemetry.Lookups, "coatcheck_lookups_total", "Lookups", "Count"},
		{telemetry.LookupDuration, "coatcheck_lookup_duration_seconds", "LookupDuration", "Seconds"},
		{telemetry.SessionsActive, "coatcheck_sessions_active", "SessionsActive", "Count"},
		{telemetry.TTLLag, "coatcheck_ttl_lag_seconds", "TtlLag", "Seconds"},
	} {
		got := fmt.Sprint(c.metric.Prometheus(), " ", c.metric.CloudWatch(), " ", c.metric.CloudWatchUnit())
		if want := fmt.Sprint(c.prometheus, " ", c.cloudWatch, " ", c.unit); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// What is none of a label's values is "other", whatever it is.
func TestSeries(t *testing.T) {
	for name, c := range map[string]struct{ given, want []string }{
		"known":             {[]string{"sessions", "read", "ok"}, []string{"sessions", "read", "ok"}},
		"an unknown value":  {[]string{"sessions", "ann@example.com", "ok"}, []string{"sessions", "other", "ok"}},
		"a value too few":   {[]string{"sessions", "read"}, []string{"sessions", "read", "other"}},
		"a value too many":  {[]string{"sessions", "read", "ok", "ann"}, []string{"sessions", "read", "ok"}},
		"the empty value":   {[]string{"", "", ""}, []string{"other", "other", "other"}},
		"another's value":   {[]string{"read", "sessions", "ok"}, []string{"other", "other", "ok"}},
		"no value whatever": {nil, []string{"other", "other", "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := telemetry.StoreCalls.Series(c.given...)
			if got := s.Values(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			r := s.Reduced()
			if got, want := r.Values(), []string{c.want[0], "", c.want[2]}; !reflect.DeepEqual(got, want) {
				t.Errorf("reduced: got %q, want %q", got, want)
			}
		})
	}
}
