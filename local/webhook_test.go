package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// hookSecret is set in the environment, as an operator does.
var hookSecret = "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("never-printed!!!"), 2))

// hook is an application that is told.
type hook struct {
	*httptest.Server
	t      *testing.T
	verify *standardwebhooks.Webhook
	mu     sync.Mutex
	refuse func() int // a status for the next event; nil or 0: it is taken
	events []told
	more   chan struct{}
}

type told struct {
	ID   string
	Type string
	Data struct {
		Subject, SessionID, Reason, By, ReplacedBy, What string
		Version                                          int
		Disabled                                         bool
		Roles                                            []string
	}
}

func newHook(t *testing.T) *hook {
	t.Helper()
	t.Setenv("COATCHECK_WEBHOOK_SECRETS", hookSecret)
	verify, err := standardwebhooks.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hook{t: t, verify: verify, more: make(chan struct{}, 1)}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

// ServeHTTP implements [http.Handler].
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var one told
	if err == nil {
		err = json.Unmarshal(body, &one)
	}
	if err != nil || h.verify.Verify(body, r.Header) != nil || one.ID != r.Header.Get("Webhook-Id") {
		h.t.Errorf("not signed as it should be: %s %v %v", body, r.Header, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		if status := h.refuse(); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	h.events = append(h.events, one)
	select {
	case h.more <- struct{}{}:
	default:
	}
}

// until waits until what was taken is enough, and returns it.
func (h *hook) until(enough func([]told) bool) []told {
	h.t.Helper()
	late := time.After(time.Minute)
	for {
		h.mu.Lock()
		got := slices.Clone(h.events)
		h.mu.Unlock()
		if enough(got) {
			return got
		}
		select {
		case <-h.more:
		case <-late:
			h.t.Fatalf("after a minute it was told %+v", got)
		}
	}
}

// say is an event in a few words.
func (e told) say() string {
	return strings.TrimSpace(fmt.Sprint(e.Type, " ", e.Data.Reason, e.Data.What, " by ", strings.Split(e.Data.By, ":")[0]))
}

// Every way in which a session ends and a user changes reaches the application, signed,
// in order, each once; while the server runs and while it does not.
func TestWebhook(t *testing.T) {
	app := newHook(t)
	h := newHouse(t, "--webhook", app.URL+"/hook", "--per-user", "2")
	app.until(func(got []told) bool { return len(got) == 3 }) // the users
	fresh, _ := h.enter("alice")
	first, _ := h.enter("alice")
	h.enter("alice")                                                                      // over the limit
	again := h.must("POST", "/login/reauth", first, `{"password":"`+testPassword+`"}`)    // replaces
	h.must("GET", "/session", again.cookie, "")                                           // is no event
	h.must("POST", "/account/sessions/end-others", again.cookie, "")                      // the third
	_, bySelf := h.enter("alice")                                                         // from another device
	h.must("DELETE", "/account/sessions/"+bySelf, again.cookie, "")                       //
	h.must("POST", "/logout", again.cookie, "")                                           //
	h.must("POST", "/logout", fresh, "")                                                  // had ended
	_, byOperator := h.enter("alice")                                                     //
	h.command("session end "+byOperator+" --yes", "Ended session")                        //
	h.enter("alice")                                                                      //
	h.command("user roles alice --role editor --yes", "Ended 1 session")                  //
	h.enter("alice")                                                                      //
	h.command("user disable alice --yes", "Ended 1 session")                              //
	h.enter("bob")                                                                        //
	h.command("session end-everyone --yes", "Wrote the end to 1 session")                 // by the sweep
	_, whileDown := h.enter("bob")                                                        //
	h.stop()                                                                              //
	h.command("session end "+whileDown+" --yes --reason ended_by_admin", "Ended session") // appended by the command
	h.program = start(t, h.data, "--webhook", app.URL+"/hook")
	want := []string{
		"user.changed added by operator", "session.ended session_limit by rule", "session.ended replaced by rule",
		"session.ended ended_by_user by subject", "session.ended ended_by_user by subject", "session.ended signed_out by subject",
		"session.ended ended_by_admin by operator",
		"user.changed roles: editor by operator", "session.ended roles_changed by operator",
		"user.changed disabled by operator", "session.ended account_disabled by operator",
	}
	got := app.until(func(got []told) bool {
		return slices.ContainsFunc(got, func(e told) bool { return e.Data.SessionID == whileDown })
	})
	alice := got[slices.IndexFunc(got, func(e told) bool { return e.Data.Reason == "session_limit" })].Data.Subject
	var of, others []string
	for _, e := range got {
		if e.Data.Subject == alice {
			of = append(of, e.say())
		} else {
			others = append(others, e.say())
		}
	}
	if !slices.Equal(of, want) {
		t.Errorf("of alice it was told\n%s\nwant\n%s", strings.Join(of, "\n"), strings.Join(want, "\n"))
	}
	wantOthers := []string{
		"user.changed added by operator", "user.changed added by operator",
		"session.ended ended_everywhere by operator", "session.ended ended_by_admin by operator",
	}
	if !slices.Equal(others, wantOthers) {
		t.Errorf("of others it was told\n%s", strings.Join(others, "\n"))
	}
	if log := h.log.String(); strings.Contains(log, hookSecret[6:30]) || strings.Contains(log, "/hook") {
		t.Errorf("the log has what is secret:\n%s", log)
	}
}

// A receiver that never answers keeps nobody waiting, neither a user nor the end of the
// program.
func TestWebhookThatHangs(t *testing.T) {
	t.Setenv("COATCHECK_WEBHOOK_SECRETS", hookSecret)
	reached := make(chan struct{}, 100)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that it is seen when the other side goes
		reached <- struct{}{}
		<-r.Context().Done()
	}))
	defer app.Close()
	h := newHouse(t, "--webhook", app.URL)
	<-reached
	for range 12 { // more than are under way at once
		cookie, _ := h.enter("alice")
		began := time.Now()
		if w := h.must("POST", "/logout", cookie, ""); w.status != 204 || time.Since(began) > 5*time.Second {
			t.Errorf("signing out: %d after %s", w.status, time.Since(began))
		}
		h.wantSession(cookie, "signed_out")
	}
	began := time.Now()
	h.stop()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

// The server is killed at any moment, and the receiver refuses every other event: of
// what was acknowledged nothing is missing in the end.
func TestWebhookOverKills(t *testing.T) {
	data := dataFolder(t)
	users := crashUsers(t, data)
	app := newHook(t)
	app.refuse = func() int { return []int{0, 500}[rand.IntN(2)] }
	all := &acknowledged{live: map[string]bool{}}
	args := []string{"--per-user", "1000", "--log-level", "error", "--webhook", app.URL}
	for range 6 {
		p := start(t, data, args...)
		p.loadUntilKilled(users, all, true)
	}
	app.mu.Lock()
	app.refuse = nil
	app.mu.Unlock()
	p := start(t, data, args...)
	ended := map[string]bool{}
	for token, live := range all.live {
		if !live {
			ended[idOfToken(t, token)] = true
		}
	}
	got := app.until(func(got []told) bool {
		found := map[string]bool{}
		for _, e := range got {
			found[e.Data.SessionID] = true
		}
		for id := range ended {
			if !found[id] {
				return false
			}
		}
		return true
	})
	p.kill()
	t.Logf("%d acknowledged ends, told of %d events, 0 missing", len(ended), len(got))
}

// idOfToken cuts the session's ID out of its token (docs/design.md 3).
func idOfToken(t *testing.T, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 60 {
		t.Fatalf("a token of %d bytes: %v", len(raw), err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[1:28])
}

// Turned off, nothing is kept any more, and what waited is dropped, which the log says.
func TestWebhookTurnedOff(t *testing.T) {
	app := newHook(t)
	app.refuse = func() int { return 410 }
	data := dataFolder(t)
	p := start(t, data, "--webhook", app.URL)
	addUser(t, data, "alice")
	p.stop()
	t.Setenv("COATCHECK_WEBHOOK_SECRETS", "")
	p = start(t, data)
	p.stop()
	if log := p.log.String(); !strings.Contains(log, "webhook_dropped") || !strings.Contains(log, "dropped=1") {
		t.Errorf("the log says %s", log)
	}
	p = start(t, data)
	p.stop()
	if log := p.log.String(); strings.Contains(log, "webhook_dropped") {
		t.Errorf("the log says it again: %s", log)
	}
}

func TestWebhookFaults(t *testing.T) {
	good := hookSecret
	for name, c := range map[string]struct {
		url, secrets, more, want string
	}{
		"plain http":    {"http://app.example.com/sesame", good, "", `--webhook (COATCHECK_WEBHOOK) is "http://app.example.com": want an https URL`},
		"no URL":        {"sesame", good, "", `--webhook (COATCHECK_WEBHOOK) is "[redacted]": want a URL such as`},
		"no secret":     {"https://app.example.com", "", "", `--webhook-secrets (COATCHECK_WEBHOOK_SECRETS) is "[redacted]": want 1 to 8 secrets`},
		"odd secret":    {"https://app.example.com", good + ",whsec_sesame", "", "number 2 is not base64"},
		"no receiver":   {"", good, "", `--webhook (COATCHECK_WEBHOOK) is "": want the receiver's address, since there are secrets`},
		"on DynamoDB":   {"https://app.example.com/sesame", good, "--store=dynamodb", "parameter EventBus of template.yaml, docs/events.md"},
		"two at a time": {"https://app.example.com/#sesame", "sesame", "--log-level=loud", "--log-level"},
	} {
		t.Setenv("COATCHECK_WEBHOOK", c.url)
		t.Setenv("COATCHECK_WEBHOOK_SECRETS", c.secrets)
		args := slices.DeleteFunc([]string{"serve", "--endpoint=http://127.0.0.1:1", c.more}, func(a string) bool {
			return a == "" || strings.HasPrefix(a, "--endpoint") && c.more != "--store=dynamodb"
		})
		_, errs, code := operate(t, dataFolder(t), "", args...)
		if code != exitUsage || !strings.Contains(errs, c.want) || strings.Contains(errs, "sesame") || strings.Contains(errs, good[6:20]) {
			t.Errorf("%s: %d %s, want %s", name, code, errs, c.want)
		}
	}
}
