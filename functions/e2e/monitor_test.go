package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/lambdatest"
)

const secretArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:TagKeys-AbCdEf"

// watched is a table, what is in it, and the monitor over it.
type watched struct {
	t        *testing.T
	store    *dynamo.Sessions
	sessions *session.Manager
	now      time.Time // the sessions' clock
	monitor  *lambdatest.Function
	secrets  *httptest.Server
	runs     int
}

// watch starts the monitor over a new table at an address, "" for the database's own.
func watch(t *testing.T, at string) *watched {
	t.Helper()
	endpoint, err := url.Parse(address())
	if err != nil {
		t.Fatal(err)
	}
	client := clientOf(endpoint.String())
	names := namesOf(t, client)
	w := &watched{t: t, store: dynamo.NewSessions(client, names.Sessions), now: time.Now()}
	keys, err := session.ParseKeys(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	opts := &session.Options{Now: func() time.Time { return w.now }, Timeout: 10 * time.Second}
	if w.sessions, err = session.New(w.store, keys, opts); err != nil {
		t.Fatal(err)
	}
	w.secrets = secretsManager(t)
	allowed := gateOf(t, "MonitorRole", names, endpoint)
	if at == "" {
		at = allowed.url
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	w.monitor = start(t, "monitor", names, at, "COATCHECK_METRICS_NAMESPACE=Coatcheck/test", "COATCHECK_TAG_KEYS_SECRET="+secretArn,
		"COATCHECK_MONITOR_EVERY=5m", "AWS_ENDPOINT_URL_SECRETS_MANAGER="+w.secrets.URL)
	return w
}

// secretsManager answers for one secret, as AWS does, what its dates are.
func secretsManager(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != secretArn || r.Header.Get("X-Amz-Target") != "secretsmanager.DescribeSecret" {
			t.Errorf("asked for %s of %q, %v", r.Header.Get("X-Amz-Target"), in.SecretId, err)
		}
		rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(rw, `{"ARN":%q,"CreatedDate":1,"LastChangedDate":%d}`, secretArn, time.Now().Add(-time.Hour).Unix())
	}))
	t.Cleanup(server.Close)
	return server
}

// signIn signs users in at a time, so many of that name.
func (w *watched) signIn(at time.Time, n int, name string) (ids []session.ID) {
	w.t.Helper()
	w.now = at
	for i := range n {
		_, r, err := w.sessions.SignIn(w.t.Context(), session.SignIn{
			Subject: fmt.Sprintf("usr_%s%d", name, i), Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
		})
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	return ids
}

// told is what lines of the embedded metric format say: by metric, dimensions' values and,
// where it is that of a minute that is over, the minute.
func (w *watched) told() map[string][]float64 {
	all := map[string][]float64{}
	for line := range strings.Lines(w.monitor.Output()) {
		var doc map[string]any
		if json.Unmarshal([]byte(line), &doc) != nil || doc["_aws"] == nil {
			continue
		}
		meta := doc["_aws"].(map[string]any)
		for _, d := range meta["CloudWatchMetrics"].([]any) {
			d := d.(map[string]any)
			if d["Namespace"] != "Coatcheck/test" {
				w.t.Errorf("namespace %v", d["Namespace"])
			}
			for _, m := range d["Metrics"].([]any) {
				name := m.(map[string]any)["Name"].(string)
				key := name
				for _, dimension := range d["Dimensions"].([]any)[0].([]any) {
					key += " " + doc[dimension.(string)].(string)
				}
				if name == "SessionsExpired" {
					key += " " + time.UnixMilli(int64(meta["Timestamp"].(float64))).UTC().Format("15:04:05")
				}
				if value, one := doc[name].(float64); one {
					all[key] = append(all[key], value)
				}
			}
		}
	}
	return all
}

// run makes a run, as the schedule does, and waits for what it tells.
func (w *watched) run() lambdatest.Answer {
	w.t.Helper()
	w.runs++
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	answer, err := w.monitor.Invoke(ctx, []byte("{}"))
	if err != nil {
		w.t.Fatal(err)
	}
	for began := time.Now(); ; { // the pipe of its output is read by another goroutine
		told := w.told()
		if len(told["MonitorRuns ok"])+len(told["MonitorRuns failed"]) == w.runs {
			return answer
		}
		if time.Since(began) > 10*time.Second {
			w.t.Fatalf("the run tells nothing:\n%s", w.monitor.Output())
		}
	}
}

func (w *watched) want(told map[string][]float64, key string, want ...float64) {
	w.t.Helper()
	if got := fmt.Sprint(told[key]); got != fmt.Sprint(want) {
		w.t.Errorf("%s: told %s, want %v", key, got, want)
	}
}

// The monitor as it is deployed, with what its role allows and nothing else: it tells the
// truth of a table with live, expired and ended sessions, a second run tells the same, and
// what ended with everybody is written down.
func TestMonitor(t *testing.T) {
	w := watch(t, "")
	now := time.Now()
	minute := now.Truncate(time.Minute).Add(-4 * time.Minute)
	w.signIn(minute.Add(-15*time.Minute+10*time.Second), 3, "expired") // they ran out at :10
	w.signIn(minute.Add(-14*time.Minute+50*time.Second), 2, "later")   // a minute after, at :50
	ended := w.signIn(now, 2, "ended")
	w.signIn(now, 4, "live")
	for _, id := range ended {
		if _, err := w.sessions.End(t.Context(), id, session.EndedByAdmin, session.ByOperator); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if a := w.run(); a.Failure != nil {
			t.Fatalf("%+v\n%s", a.Failure, w.monitor.Output())
		}
	}
	told := w.told()
	w.want(told, "SessionsActive", 4, 4)
	w.want(told, "SessionsExpired "+minute.UTC().Format("15:04:05"), 3, 3)
	w.want(told, "SessionsExpired "+minute.Add(time.Minute).UTC().Format("15:04:05"), 2, 2)
	w.want(told, "SessionsExpired "+minute.Add(-time.Minute).UTC().Format("15:04:05"), 0, 0)
	w.want(told, "MonitorRuns ok", 1, 1)
	w.want(told, "TtlLag", 0, 0)
	if age := told["TagKeyAge"]; len(age) != 2 || age[0] < 3600 || age[0] > 3700 {
		t.Errorf("key age %v, want an hour", age)
	}
	w.now = time.Now()
	if _, err := w.sessions.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := w.run(); a.Failure != nil {
		t.Fatalf("%+v\n%s", a.Failure, w.monitor.Output())
	}
	told = w.told()
	w.want(told, "SweepEnded", 4)
	w.want(told, "SessionsEnded ended_everywhere", 4)
	w.want(told, "SessionsActive", 4, 4, 0)
	page, err := w.store.Page(t.Context(), session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusEnded}, Limit: 100})
	if err != nil || len(page.Records) != 6 {
		t.Errorf("%d have ended, %v; want 6", len(page.Records), err)
	}
	swept := 0
	for line := range strings.Lines(w.monitor.Output()) {
		switch {
		case strings.Contains(line, `"event":"session_ended"`) && strings.Contains(line, `"reason":"ended_everywhere"`):
			swept++
		case strings.Contains(line, "usr_") || strings.Contains(line, ended[0].String()):
			t.Errorf("somebody is named, of whom nothing happened: %s", line)
		}
	}
	if swept != 4 {
		t.Errorf("%d ends of the sweep are logged, want 4", swept)
	}
}

// A run with the database down tells so, fails, and has told what does not depend on it;
// the next one with the database there succeeds.
func TestMonitorWithoutDatabase(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w := watch(t, gone.URL)
	a := w.run()
	if a.Failure == nil || !strings.Contains(a.Failure.Message, "monitor active: store unavailable") {
		t.Errorf("got %+v", a.Failure)
	}
	told := w.told()
	w.want(told, "MonitorRuns failed", 1)
	w.want(told, "MonitorRuns ok")
	w.want(told, "SessionsActive")
	if len(told["TagKeyAge"]) != 1 || len(told["StoreCalls sessions error"]) == 0 {
		t.Errorf("told %v", told)
	}
	for _, part := range []string{"sweep", "active", "expired", "ttl_lag"} {
		if !strings.Contains(w.monitor.Output(), `"event":"monitor_failed","part":"`+part+`"`) {
			t.Errorf("%s is not told:\n%s", part, w.monitor.Output())
		}
	}
}
