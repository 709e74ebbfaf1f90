package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/memory"
)

// office is a server in this process, whose clock the test moves, with the operators'
// socket that commands find.
type office struct {
	t      *testing.T
	data   string
	now    time.Time
	public http.Handler
	count  int
}

// Addresses of who acts.
const (
	alicesPlace = "192.0.2.7"
	olgasPlace  = "198.51.100.1"
	thiefsPlace = "203.0.113.9"
)

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, data: dataFolder(t), now: time.Now().UTC().Add(-48 * time.Hour).Truncate(time.Second)}
	clock := func() time.Time { return o.now }
	keys, err := session.NewKeys(make([]byte, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.New(memory.New(), keys, &session.Options{Now: clock, Policy: session.Policy{PerUser: 3}})
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := password.NewHasher(nil)
	if err != nil {
		t.Fatal(err)
	}
	accounts := memory.NewAccounts()
	api, err := httpapi.New(manager, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil), Origins: []string{"http://localhost"},
		Directory:     signin.NewDirectory(accounts, hasher, &signin.DirectoryOptions{Sessions: manager, Now: clock}),
		ClientAddress: func(r *http.Request) string { return r.Header.Get("X-From") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := listenOperators(o.data)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(api.OperatorHandler(), slog.New(slog.DiscardHandler))
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	o.public = api.Handler()
	return o
}

// ask sends a request from an address and returns the cookie that is set, or the one that
// was sent.
func (o *office) ask(from, route, cookie, body string, want int) (string, map[string]any) {
	o.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-From", from)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-sid="+cookie)
	}
	w := httptest.NewRecorder()
	o.public.ServeHTTP(w, r)
	if w.Code != want {
		o.t.Fatalf("%s: %d %s, want %d", route, w.Code, w.Body, want)
	}
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	for _, c := range w.Result().Cookies() {
		cookie = c.Value
	}
	return cookie, answer
}

// enter signs somebody in, with a cookie in hand or "".
func (o *office) enter(from, name, inHand string) (cookie, id string) {
	o.t.Helper()
	o.now = o.now.Add(time.Second) // so that acts have an order
	cookie, answer := o.ask(from, "POST /login", inHand, signInBody(name), http.StatusOK)
	return cookie, answer["session"].(map[string]any)["id"].(string)
}

// command runs an operators' command that succeeds.
func (o *office) command(line string) string {
	o.t.Helper()
	out, errs, code := operate(o.t, o.data, testPassword+"\n", strings.Fields(line)...)
	if code != 0 {
		o.t.Fatalf("%s: %d %s", line, code, errs)
	}
	return out
}

func (o *office) audit(flags string) (acts []act) {
	o.t.Helper()
	if err := json.Unmarshal([]byte(o.command("audit --format json "+flags)), &acts); err != nil {
		o.t.Fatal(err)
	}
	return acts
}

// found wants an act to be in the audit of everybody and of its user, at the present time.
func (o *office) found(what string, want act) {
	o.t.Helper()
	o.count++
	want.At = o.now
	for _, flags := range []string{"", "--user " + want.Subject, "--by " + want.By} {
		acts := o.audit(flags)
		if !slices.ContainsFunc(acts, func(a act) bool {
			return a.Act == want.Act && a.Subject == want.Subject && a.By == want.By && a.From == want.From && a.Why == want.Why &&
				(want.Session == "" || a.Session == want.Session) && a.At.Equal(want.At)
		}) {
			o.t.Errorf("%s: audit %s does not tell\n%+v, but\n%+v", what, flags, want, acts)
		}
	}
}

// subject returns a user's.
func (o *office) subject(name string) string {
	return strings.Fields(o.command("user show " + name))[3]
}
