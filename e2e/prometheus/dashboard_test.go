package prometheus_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/telemetry"
)

// inGrafana are the dashboard's variables, as a test chooses them.
var inGrafana = strings.NewReplacer("$__rate_interval", "1m", "$job", "coatcheck")

// dashboard is what Grafana makes panels and choices of.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ RefID, Expr string }
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func board(t *testing.T) (d dashboard) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(ops, "grafana", "coatcheck.json"))
	if err := errors.Join(err, json.Unmarshal(raw, &d)); err != nil {
		t.Fatal(err)
	}
	return d
}

// expressions are those of the dashboard, by panel and number, for so short a time as a
// test has.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range board(t).Panels {
		for _, target := range p.Targets {
			all[p.Title+" "+target.RefID] = inGrafana.Replace(target.Expr)
		}
	}
	return all
}

// ofLambda are metrics that the local program has nothing to tell of.
var ofLambda = []string{"cold_starts", "telemetry_dropped"}

// The dashboard shows every metric that the local program tells.
func TestDashboardIsWhole(t *testing.T) {
	shown := ""
	for _, expression := range expressions(t) {
		shown += expression + "\n"
	}
	for _, m := range telemetry.Metrics() {
		if is := strings.Contains(shown, m.Prometheus()); is == slices.Contains(ofLambda, m.Name) {
			t.Errorf("%s: shown %t", m.Prometheus(), is)
		}
	}
}

// empty is the expression that has no data where all is well.
const empty = "Alerts A"

// Prometheus fetches from the local program what happened there, every rule and every
// expression of the dashboard is computed, the numbers are right, and an alert goes off
// when there is something to tell.
func TestFetched(t *testing.T) {
	s := serve(t)
	p := fetch(t, s.metrics)
	p.eventually("first fetch", func() error { return p.is(`up{job="coatcheck"}`, "1") })
	s.traffic()
	p.eventually("what was first", func() error { return p.is(`sum(coatcheck_sign_ins_total{result="created"})`, "2") })
	s.traffic() // a rate wants two values
	p.are(map[string]string{
		`sum(coatcheck_sign_ins_total{result="created"})`:              "4",
		`sum(coatcheck_sign_ins_total{method="pwd",result="refused"})`: "2",
		`sum(coatcheck_lookups_total{outcome="allowed"})`:              "10",
		`sum(coatcheck_lookups_total{outcome="forged"})`:               "2",
		`sum(coatcheck_lookups_total{outcome="ended"})`:                "2",
		`sum(coatcheck_lookup_duration_seconds_count)`:                 "14",
		`sum(coatcheck_sessions_ended_total{reason="signed_out"})`:     "2",
		`sum(coatcheck_store_calls_total{result=~"error|timeout"})`:    "0",
		`sum(coatcheck_store_throttles_total)`:                         "0",
		`sum(coatcheck_store_units_total)`:                             "0",
		`max(coatcheck_sessions_active)`:                               "2",
		`max(coatcheck_ttl_lag_seconds)`:                               "0",
	})
	for name, expression := range expressions(t) {
		p.eventually(name, func() error { return p.has(expression, name != empty) })
	}
	p.eventually("no alert", func() error { return p.firing() })
	s.ends()
	p.are(map[string]string{
		`sum(coatcheck_sessions_ended_total{reason="signed_out"})`:       "2",
		`sum(coatcheck_sessions_ended_total{reason="ended_by_user"})`:    "2",
		`sum(coatcheck_sessions_ended_total{reason="ended_by_admin"})`:   "2",
		`sum(coatcheck_sessions_ended_total{reason="ended_everywhere"})`: "1",
		`sum(coatcheck_sessions_ended_total)`:                            "7",
		`sum(coatcheck_everyone_ended_total)`:                            "1",
		`max(coatcheck_sessions_active)`:                                 "0",
	})
	s.guesses()
	p.eventually("the alert", func() error { return p.firing("CoatcheckSignInFailures") })
	p.eventually("the alert's panel", func() error { return p.has(expressions(t)[empty], true) })
}

// The first of anything counts, in a combination of labels that nobody met before: its
// series was there as 0.
func TestFirstIsSeen(t *testing.T) {
	s := serve(t)
	p := fetch(t, s.metrics)
	p.eventually("first fetch", func() error { return p.is(`up{job="coatcheck"}`, "1") })
	s.signIn("wrong"+password, http.StatusUnauthorized)
	for _, one := range []string{`sign_ins_total{method="pwd",result="refused"}`, `store_calls_total{store="accounts",operation="subject",result="ok"}`} {
		p.eventually(one, func() error { return p.has("increase("+telemetry.Prefix+one+"[5m]) > 0", true) })
	}
}

// The dashboard offers the deployments that there are.
func TestDeploymentsAreOffered(t *testing.T) {
	p := fetch(t, serve(t).metrics)
	ask := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	for _, variable := range board(t).Templating.List {
		m := ask.FindStringSubmatch(variable.Definition)
		if variable.Name != "job" {
			continue
		}
		if m == nil {
			t.Fatalf("the variable job asks for %q", variable.Definition)
		}
		p.eventually("deployments", func() error { return p.offers(m[1], m[2], "coatcheck") })
		return
	}
	t.Error("the dashboard has no variable job")
}

// offers wants one value of a label of a metric.
func (p *prometheus) offers(metric, label, want string) error {
	var got []string
	err := p.get("/api/v1/label/"+label+"/values", url.Values{"match[]": {metric}}, &got)
	if err == nil && !slices.Equal(got, []string{want}) {
		err = fmt.Errorf("%s of %s are %q, want %q", label, metric, got, want)
	}
	return err
}

// are wants each expression to come to one value.
func (p *prometheus) are(want map[string]string) {
	p.t.Helper()
	for expression, value := range want {
		p.eventually(expression, func() error { return p.is(expression, value) })
	}
}

// is wants one value.
func (p *prometheus) is(expression, want string) error {
	got, err := p.value(expression)
	if err == nil && got != want {
		err = fmt.Errorf("%s, want %s", got, want)
	}
	return err
}

// has wants an expression to be computed and to have data, or none.
func (p *prometheus) has(expression string, data bool) error {
	got, err := p.query(expression)
	if err == nil && len(got) > 0 != data {
		err = fmt.Errorf("%s has %d results", expression, len(got))
	}
	for _, one := range got {
		if one.Value[1] == "NaN" {
			err = errors.Join(err, fmt.Errorf("%s is no number", expression))
		}
	}
	return err
}

// firing wants every rule to have been computed, those that are named to go off, and no
// other to be about to.
func (p *prometheus) firing(names ...string) error {
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError, State string }
		}
	}
	if err := p.get("/api/v1/rules", url.Values{}, &data); err != nil {
		return err
	}
	n := 0
	for _, group := range data.Groups {
		for _, r := range group.Rules {
			n++
			want := "inactive"
			if slices.Contains(names, r.Name) {
				want = "firing"
			}
			if r.Health != "ok" || r.State != want {
				return fmt.Errorf("%s is %s and %s, want %s: %s", r.Name, r.Health, r.State, want, r.LastError)
			}
		}
	}
	if n < 8 {
		return fmt.Errorf("%d rules", n)
	}
	return nil
}

// The tests above would see an expression that is none, and one without data.
func TestWrongExpressionsAreSeen(t *testing.T) {
	config := filepath.Join(t.TempDir(), "prometheus.yaml")
	if err := os.WriteFile(config, []byte("global: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, config)
	for expression, data := range map[string]bool{"max(": true, "coatcheck_sessions_actve": true, "vector(1)": false, "vector(0)/vector(0)": true} {
		if err := p.has(expression, data); err == nil {
			t.Errorf("%s: no fault", expression)
		}
	}
	if p.firing() == nil || p.offers("up", "job", "coatcheck") == nil {
		t.Error("no rules and no deployments: no fault")
	}
}
