package main

import (
	"encoding/csv"
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

// Every act of a user, an owner, an operators' command and a rule is found: who, to whom,
// when, why and from where.
func TestEveryActIsFound(t *testing.T) {
	o := newOffice(t)
	o.command("user add alice --password-stdin --role clerk")
	o.command("user add olga --password-stdin --role coatcheck:owner")
	alice, olga := o.subject("alice"), o.subject("olga")
	o.found("user add", act{Act: actChanged, Subject: alice, By: "operator", Why: "added"})
	o.ofTheUser(alice)
	o.ofRules(alice)
	o.ofTheOwner(alice, olga)
	o.ofCommands(alice)
	if o.count < 30 {
		t.Errorf("%d acts were looked for", o.count)
	}
}

func (o *office) ofTheUser(alice string) {
	me := "subject:" + alice
	one, id := o.enter(alicesPlace, "alice", "")
	o.found("sign-in", act{Act: actCreated, Subject: alice, Session: id, By: me, From: alicesPlace, Why: "signed in: pwd"})
	o.ask(alicesPlace, "POST /logout", one, "", http.StatusNoContent)
	o.found("sign-out", act{Act: actEnded, Subject: alice, Session: id, By: me, From: alicesPlace, Why: "signed_out"})

	one, _ = o.enter(alicesPlace, "alice", "")
	_, other := o.enter(alicesPlace, "alice", "")
	o.ask(alicesPlace, "DELETE /account/sessions/"+other, one, "", http.StatusNoContent)
	o.found("end of another device", act{Act: actEnded, Subject: alice, Session: other, By: me, From: alicesPlace, Why: "ended_by_user"})
	_, other = o.enter(alicesPlace, "alice", "")
	o.ask(alicesPlace, "POST /account/sessions/end-others", one, "", http.StatusOK)
	o.found("end of the others", act{Act: actEnded, Subject: alice, Session: other, By: me, From: alicesPlace, Why: "ended_by_user"})

	_, other = o.enter(alicesPlace, "alice", "")
	o.now = o.now.Add(time.Second)
	o.ask(alicesPlace, "POST /account/password", one, `{"current_password":"`+testPassword+`","new_password":"copper lantern willow seven"}`, http.StatusOK)
	o.found("own password", act{Act: actChanged, Subject: alice, By: me, From: alicesPlace, Why: "password changed"})
	o.found("own password, others", act{Act: actEnded, Subject: alice, Session: other, By: me, From: alicesPlace, Why: "password_changed"})
	o.command("user password-reset alice --password-stdin --yes")
}

func (o *office) ofRules(alice string) {
	rule := act{Act: actEnded, Subject: alice, By: "rule", From: alicesPlace}
	found := func(what, id, why string) {
		o.t.Helper()
		rule.Session, rule.Why = id, why
		o.found(what, rule)
	}
	one, first := o.enter(alicesPlace, "alice", "")
	one, second := o.enter(alicesPlace, "alice", one)
	found("sign-in in place of another", first, "replaced")
	o.now = o.now.Add(time.Second)
	_, answer := o.ask(alicesPlace, "POST /login/reauth", one, `{"password":"`+testPassword+`"}`, http.StatusOK)
	found("step-up", second, "replaced")
	oldest := answer["session"].(map[string]any)["id"].(string)
	for range 3 {
		o.enter(alicesPlace, "alice", "")
	}
	found("session limit", oldest, "session_limit")

	o.command("session end-all alice --yes")
	old, id := o.enter(alicesPlace, "alice", "")
	fresh := old
	for range 8 {
		o.now = o.now.Add(10 * time.Minute)
		fresh, _ = o.ask(alicesPlace, "GET /session", fresh, "", http.StatusOK)
	}
	o.ask(thiefsPlace, "GET /session", old, "", http.StatusUnauthorized)
	rule.From = thiefsPlace
	found("replay", id, "token_reuse")

	rule.From = ""
	_, id = o.enter(alicesPlace, "alice", "")
	o.now = o.now.Add(15 * time.Minute)
	found("idle timeout", id, "idle_timeout")
	long, id := o.enter(alicesPlace, "alice", "")
	for range 47 {
		o.now = o.now.Add(10 * time.Minute)
		long, _ = o.ask(alicesPlace, "GET /session", long, "", http.StatusOK)
	}
	o.now = o.now.Add(10 * time.Minute)
	found("absolute timeout", id, "absolute_timeout")
}

func (o *office) ofTheOwner(alice, olga string) {
	by := "subject:" + olga
	boss, _ := o.enter(olgasPlace, "olga", "")
	ended := func(what, id, why string) {
		o.t.Helper()
		o.found(what, act{Act: actEnded, Subject: alice, Session: id, By: by, From: olgasPlace, Why: why})
	}
	changed := func(what, why string) {
		o.t.Helper()
		o.found(what, act{Act: actChanged, Subject: alice, By: by, From: olgasPlace, Why: why})
	}
	for what, c := range map[string][2]string{
		"end of one":     {"DELETE /admin/sessions/ID?reason=password_changed", "password_changed"},
		"end of all":     {"POST /admin/users/alice/end-sessions", "ended_by_admin"},
		"end by a role":  {"POST /admin/end-sessions", "ended_by_admin"},
		"end of another": {"POST /admin/sessions/KEEP/end-others", "ended_by_admin"},
	} {
		_, keep := o.enter(alicesPlace, "alice", "")
		_, id := o.enter(alicesPlace, "alice", "")
		body := map[bool]string{true: `{"role":"clerk"}`}[strings.HasSuffix(c[0], "/admin/end-sessions")]
		o.ask(olgasPlace, strings.NewReplacer("ID", id, "KEEP", keep).Replace(c[0]), boss, body, http.StatusOK)
		ended(what, id, c[1])
	}
	_, id := o.enter(alicesPlace, "alice", "")
	o.ask(olgasPlace, "PATCH /admin/users/alice", boss, `{"roles":["clerk","editor"]}`, http.StatusOK)
	changed("roles", "roles: clerk editor")
	ended("roles", id, "roles_changed")
	_, answer := o.ask(olgasPlace, "POST /admin/users/alice/impersonate", boss, `{"transport":"bearer"}`, http.StatusOK)
	acting := answer["session"].(map[string]any)
	o.found("acting", act{
		Act: actCreated, Subject: alice, Session: acting["id"].(string), By: "actor:" + acting["actor"].(string), From: olgasPlace, Why: "signed in: ",
	})
	o.ask(olgasPlace, "PATCH /admin/users/alice", boss, `{"disabled":true}`, http.StatusOK)
	changed("disabled", "disabled")
	ended("disabled", acting["id"].(string), "account_disabled")
	o.ask(olgasPlace, "PATCH /admin/users/alice", boss, `{"disabled":false}`, http.StatusOK)
	changed("enabled", "enabled")
	o.ask(olgasPlace, "PATCH /admin/users/alice", boss, `{"password":"`+testPassword+`"}`, http.StatusOK)
	changed("password", "password reset")
	_, answer = o.ask(olgasPlace, "POST /admin/users", boss, `{"username":"carol","password":"`+testPassword+`"}`, http.StatusCreated)
	o.found("added", act{Act: actChanged, Subject: answer["user"].(map[string]any)["subject"].(string), By: by, From: olgasPlace, Why: "added"})
	o.ask(olgasPlace, "POST /admin/end-everyone", boss, "", http.StatusOK)
	o.found("everybody", act{Act: actEnded, Subject: olga, By: by, From: olgasPlace, Why: "ended_everywhere"})
	o.now = o.now.Add(time.Minute)
}

func (o *office) ofCommands(alice string) {
	for _, c := range [][2]string{
		{"session end ID --yes", "ended_by_admin"},
		{"session end-all alice --reason roles_changed --yes", "roles_changed"},
		{"session end-others KEEP --yes", "ended_by_admin"},
		{"session end-where --role clerk --yes", "ended_by_admin"},
		{"user roles alice --role clerk --yes", "roles_changed"},
		{"user password-reset alice --password-stdin --yes", "password_changed"},
		{"session end-everyone --yes", "ended_everywhere"},
		{"user disable alice --yes", "account_disabled"},
	} {
		o.now = o.now.Add(time.Minute)
		_, keep := o.enter(alicesPlace, "alice", "")
		_, id := o.enter(alicesPlace, "alice", "")
		o.command(strings.NewReplacer("ID", id, "KEEP", keep).Replace(c[0]))
		o.found(c[0], act{Act: actEnded, Subject: alice, Session: id, By: "operator", Why: c[1]})
	}
	o.found("user disable", act{Act: actChanged, Subject: alice, By: "operator", Why: "disabled"})
	o.command("user enable alice --yes")
	o.found("user enable", act{Act: actChanged, Subject: alice, By: "operator", Why: "enabled"})
}

// An audit is narrowed by user, actor, reason and time, and is in the order of time.
func TestAuditSelects(t *testing.T) {
	o := newOffice(t)
	for _, name := range []string{"alice", "bob"} {
		o.command("user add " + name + " --password-stdin")
	}
	alice := o.subject("alice")
	began := o.now
	one, first := o.enter(alicesPlace, "alice", "")
	o.enter(alicesPlace, "bob", "")
	o.now = o.now.Add(time.Minute)
	o.ask(alicesPlace, "POST /logout", one, "", http.StatusNoContent)
	end := o.now
	for flags, want := range map[string]int{
		"":                                    5,
		"--user alice":                        3,
		"--by alice":                          2,
		"--by subject:" + alice:               2,
		"--by operator":                       2,
		"--by rule":                           0,
		"--reason signed_out":                 1,
		"--reason signed_out --by operator":   0,
		"--since " + end.Format(time.RFC3339): 1,
		"--until " + end.Format(time.RFC3339): 4,
		"--user alice --until " + began.Add(time.Second).Format(time.RFC3339): 1,
		"--since 1h":                           0,
		"--since 72h --until 1h":               5,
		"--user alice --reason idle_timeout":   0,
		"--by bob --user bob --since 240h":     1,
		"--until 0s --reason account_disabled": 0,
	} {
		acts := o.audit(flags)
		if len(acts) != want {
			t.Errorf("%s: %d acts, want %d: %+v", flags, len(acts), want, acts)
		}
		if !slices.IsSortedFunc(acts, func(a, b act) int { return a.At.Compare(b.At) }) {
			t.Errorf("%s: not in the order of time: %+v", flags, acts)
		}
	}
	out := o.command("audit --user alice")
	for _, want := range []string{"TIME (UTC)", actEnded, first, "subject:" + alice, alicesPlace, "signed_out"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	for line, want := range map[string]string{
		"audit --format xml": "text, json or csv", "audit --since soon": "a duration such as 24h", "audit --since 1h --until 2h": "not after --since",
		"audit --reason boredom": "want one of", "audit --by nobody": "Nobody has that user name", "audit --user nobody": "Nobody has that user name",
		"audit --since=-1h": "RFC 3339",
	} {
		if _, errs, code := operate(t, o.data, "", strings.Fields(line)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %s, want %q", line, code, errs, want)
		}
	}
}

// A CSV of an audit is one row an act, and no cell of it is a formula or acts on a
// terminal, whatever a client called itself.
func TestAuditCSV(t *testing.T) {
	o := newOffice(t)
	o.command("user add alice --password-stdin")
	for _, from := range []string{"=cmd|' /C calc'!A0", "@SUM(1)", "\t=1+1", "192.0.2.7\",\"x\r\n+1", "\x1b[2J-1", "＝1", "2001:db8::1"} {
		o.enter(from, "alice", "")
	}
	text := o.command("audit --format csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 1+1+7+4 { // head, added, sign-ins, those over the limit
		t.Fatalf("%d rows, %v\n%s", len(rows), err, text)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.IndexAny(strings.TrimSpace(cell), "=+-@＝") == 0 || strings.ContainsAny(cell, "\r\n\t\x1b") {
				t.Errorf("cell %q", cell)
			}
		}
	}
	if got := rows[len(rows)-1]; len(got) != 7 || got[1] != actEnded && got[1] != actCreated {
		t.Errorf("last row %q", got)
	}
	if cellOf("-x") != "'-x" || cellOf("a-b") != "a-b" || cellOf("") != "" || cellOf("\t=1") != "'\ufffd=1" || cellOf(" @x") != "' @x" {
		t.Error("cells")
	}
}
