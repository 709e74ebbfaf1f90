package main

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

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
