package main

import (
	"fmt"
	"strings"
	"testing"
)

// house is a server with users, whose cookies are refused or not.
type house struct {
	*program
	t *testing.T
}

func newHouse(t *testing.T, args ...string) *house {
	t.Helper()
	data := dataFolder(t)
	h := &house{start(t, data, args...), t}
	for name, role := range map[string]string{"alice": "clerk", "bob": "clerk", "olga": "coatcheck:owner"} {
		addUser(t, data, name, role)
	}
	return h
}

func (h *house) enter(name string) (cookie, id string) {
	h.t.Helper()
	in := h.must("POST", "/login", "", signInBody(name))
	if in.status != 200 {
		h.t.Fatalf("sign in %s: %d %s", name, in.status, in.text)
	}
	return in.cookie, in.body["session"].(map[string]any)["id"].(string)
}

// wantSession asks GET /session; reason "" wants 200.
func (h *house) wantSession(cookie, reason string) {
	h.t.Helper()
	w := h.must("GET", "/session", cookie, "")
	got, _ := w.body["reason"].(string)
	if (w.status == 200) != (reason == "") || got != reason {
		h.t.Errorf("session: %d %s, want reason %q", w.status, w.text, reason)
	}
}

// command runs a command that succeeds and says each of what is wanted.
func (h *house) command(line string, want ...string) string {
	h.t.Helper()
	out, errs, code := operate(h.t, h.data, testPassword+" too\n", strings.Fields(line)...)
	if code != 0 {
		h.t.Errorf("%s: %d %s", line, code, errs)
	}
	for _, text := range want {
		if !strings.Contains(out, text) {
			h.t.Errorf("%s: %q is missing in:\n%s", line, text, out)
		}
	}
	return out
}

func TestUserCommands(t *testing.T) {
	h := newHouse(t)
	alice, _ := h.enter("alice")
	h.command("user list", "NAME", "alice", "olga", "coatcheck:owner")
	h.command("user disable alice", "alice (usr_", "is enabled, with the roles clerk and 1 session active", "Dry run: would disable")
	h.wantSession(alice, "")
	h.command("user disable alice --yes", "is disabled", "Ended 1 session.")
	h.wantSession(alice, "account_disabled")
	if w := h.must("POST", "/login", "", signInBody("alice")); w.status != 401 {
		t.Errorf("sign-in of a disabled user: %d", w.status)
	}
	h.command("user enable alice --yes", "is enabled", "Ended 0 sessions.")
	alice, _ = h.enter("alice")
	h.command("user roles alice --role editor --role coatcheck:viewer", "Dry run: would give the roles editor coatcheck:viewer")
	h.command("user roles alice --role editor --role coatcheck:viewer --yes", "with the roles editor coatcheck:viewer. Ended 1 session.")
	h.wantSession(alice, "roles_changed")
	h.command("user roles alice --none --yes", "with the roles none")
	alice, _ = h.enter("alice")
	h.command("user password-reset alice", "Dry run: would give the user a new password")
	h.command("user password-reset alice --password-stdin --yes", "Ended 1 session.")
	h.wantSession(alice, "password_changed")
	if w := h.must("POST", "/login", "", signInBody("alice")); w.status != 401 {
		t.Errorf("sign-in with the old password: %d", w.status)
	}
	out := h.command("user show alice", "added, by operator", "disabled, by operator", "enabled, by operator",
		"roles: editor coatcheck:viewer, by operator", "password reset, by operator")
	if strings.Contains(out, testPassword) || strings.Contains(h.log.String(), testPassword) {
		t.Error("the password is shown")
	}
}

func TestListCommands(t *testing.T) {
	h := newHouse(t)
	_, alice := h.enter("alice")
	_, bob := h.enter("bob")
	h.command("session end "+bob+" --reason account_disabled --yes", "account_disabled")
	if out := h.command("session list --all", alice, "SUBJECT"); strings.Contains(out, bob) {
		t.Errorf("an ended session is among the active:\n%s", out)
	}
	h.command("session list --all --status ended --reason account_disabled", bob)
	h.command("session list --all --status ended --reason signed_out", "No sessions.")
	h.command("session list --all --role clerk --method pwd --older-than 1h", "No sessions.")
	h.command("session list --all --json", `"id": "`+alice+`"`)
	h.command("session count", "1 session active")
	h.command("session count --status ended", "1 session ended")
}

func TestEndManyCommands(t *testing.T) {
	h := newHouse(t)
	first, id := h.enter("alice")
	second, _ := h.enter("alice")
	bob, _ := h.enter("bob")
	olga, _ := h.enter("olga")
	h.command("session end-others "+id, "Dry run: would end 1 session", "keep "+id+" (active)")
	h.wantSession(second, "")
	h.command("session end-others "+id+" --yes", "Ended 1 session", id+" stays")
	h.wantSession(second, "ended_by_admin")
	h.wantSession(first, "")

	out := h.command("session end-where --role clerk --step 1", "Dry run: would end 2 sessions of 3 looked at", id)
	if strings.Count(out, "usr_") != 2 {
		t.Errorf("listed:\n%s", out)
	}
	h.wantSession(bob, "")
	h.command("session end-where --role clerk --step 1 --reason roles_changed --yes", "Ended 2 sessions.", "run it again to see")
	h.wantSession(first, "roles_changed")
	h.wantSession(bob, "roles_changed")
	h.wantSession(olga, "")

	h.command("session end-everyone", "Dry run: would end 1 session, those of operators included")
	h.wantSession(olga, "")
	h.command("session end-everyone --yes", "are over: at once here, within 5s everywhere", "Wrote the end to 1 session.")
	h.wantSession(olga, "ended_everywhere")
	olga, _ = h.enter("olga")
	h.wantSession(olga, "")
	h.command("session end-where --all --yes", "Ended 1 session.")
	h.wantSession(olga, "ended_by_admin")
}

// Who ends a session that was replaced is told of what took its place: it ends too if
// that was just now, and may live on otherwise.
func TestEndOfAReplacedSession(t *testing.T) {
	h := newHouse(t)
	alice, old := h.enter("alice")
	in := h.must("POST", "/login/reauth", alice, `{"password":"`+testPassword+`"}`)
	if in.status != 200 {
		t.Fatalf("step-up: %d %s", in.status, in.text)
	}
	h.command("session end "+old, "had ended already (replaced).", "took its place (active).")
	h.wantSession(in.cookie, "")
	h.command("session end "+old+" --yes", "had ended already (replaced).", "took its place (ended (ended_by_admin)).")
	h.wantSession(in.cookie, "ended_by_admin")
}

// The commands work on the same data without a server, and what they ended stays so.
func TestEndManyWithoutServer(t *testing.T) {
	h := newHouse(t)
	alice, _ := h.enter("alice")
	h.stop()
	h.command("session end-everyone --yes", "Wrote the end to 1 session.")
	h.command("session end-where --account disabled", "would end 0 sessions")
	h.program = start(t, h.data)
	h.wantSession(alice, "ended_everywhere")
}

// An end of everybody whose sweep never came is written down by the server's own.
func TestServerSweepsUp(t *testing.T) {
	h := newHouse(t)
	_, id := h.enter("alice")
	olga, _ := h.enter("olga")
	if w := h.must("POST", "/admin/end-everyone", olga, ""); w.status != 200 {
		t.Fatalf("%d %s", w.status, w.text)
	}
	if out := h.command("session list --all --status ended", "usr_"); strings.Contains(out, id) {
		t.Errorf("swept up at once:\n%s", out) // the caller's own end alone is written
	}
	h.command("session list alice", id, "ended (ended_everywhere)")
	h.stop()
	h.program = start(t, h.data)
	for range 100 {
		out, _, _ := operate(t, h.data, "", "session", "list", "--all", "--status", "ended")
		if strings.Contains(out, id) {
			return
		}
	}
	t.Error("the server did not write the end down")
}

func TestLifeCommandFaults(t *testing.T) {
	h := newHouse(t)
	_, id := h.enter("alice")
	seventeen := ""
	for i := range 17 {
		seventeen += fmt.Sprintf(" --role r%d", i)
	}
	for line, want := range map[string]string{
		"session list":                                   "name a user, or --all",
		"session list alice --all":                       "name a user, or --all",
		"session list alice --role x":                    "goes with --all only",
		"session list --all --status odd":                "want active, expired or ended",
		"session list --all --reason signed_out":         "ended sessions only",
		"session list --all --since now":                 "RFC 3339",
		"session count --status odd":                     "want active, expired or ended",
		"session end " + id + " --reason boredom --yes":  "want one of",
		"session end-all alice --reason replaced --yes":  "want one of",
		"session end-where":                              "fits every session",
		"session end-where --all --role x":               "say one of the two",
		"session end-where --account odd":                "missing",
		"session end-where --role x --step 1001":         "1 to 1000",
		"session end-where --role x --cursor AAAA --yes": "next as it was given",
		"session end-others x --yes":                     "not a session ID",
		"user disable nobody --yes":                      "Nobody has that user name",
		"user disable .. --yes":                          "no user name",
		"user roles alice":                               "name each with --role, or --none",
		"user roles alice --none --role x":               "name each with --role, or --none",
		"user roles alice --role coatcheck:admin --yes":  "coatcheck:owner",
		"user password-reset alice --yes":                "--password-stdin",
		"session end-where --role x --step 0":            "limit is 0: want 1 to 1000",
		// A dry run promises nothing that --yes refuses.
		"session end " + id + " --reason bogus":                         "want one of",
		"session end-all alice --reason replaced":                       "want one of",
		"session end-where --role x --reason bogus":                     "want one of",
		"session end-where --role x --step 1001 --reason roles_changed": "1 to 1000",
		"user roles alice" + seventeen:                                  "--role: 17 roles: want at most 16",
		"user roles alice --role coatcheck:admin":                       "coatcheck:owner",
		"user roles alice --role a,b":                                   "without space, comma",
		"user roles alice --role a --role a":                            "given twice",
		"user add carl --password-stdin --role a,b":                     "without space, comma",
	} {
		out, errs, code := operate(t, h.data, "short\n", strings.Fields(line)...)
		if code == 0 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %s%s, want %q", line, code, out, errs, want)
		}
	}
	h.command("session list alice", id, "active")
}

// A value that a script forgot is wrong usage, and ends nobody instead of somebody.
func TestEmptyValuesAreRefused(t *testing.T) {
	h := newHouse(t)
	alice, id := h.enter("alice")
	for _, args := range [][]string{
		{"end-where", "--role", "", "--all", "--yes"},
		{"end-where", "--role=", "--all", "--yes"},
		{"end-where", "--role", "", "--older-than", "1ns", "--yes"},
		{"end-where", "--role", " ", "--older-than", "1ns", "--yes"},
		{"end-where", "--method", "", "--role", "clerk", "--yes"},
		{"end-where", "--user-agent", "", "--role", "clerk", "--yes"},
		{"end-where", "--address", "", "--role", "clerk", "--yes"},
		{"end-where", "--older-than", "", "--role", "clerk", "--yes"},
		{"end-where", "--account", "", "--role", "clerk", "--yes"},
		{"end-where", "--cursor", "", "--role", "clerk", "--yes"},
		{"end-where", "--reason", "", "--role", "clerk", "--yes"},
		{"end", id, "--reason", "", "--yes"},
		{"end-all", "alice", "--reason", "", "--yes"},
		{"end-all", "", "--yes"},
		{"list", "", "--all"},
		{"list", "--all", "--role", ""},
		{"list", "--all", "--status", ""},
		{"list", "--all", "--since", ""},
		{"list", "--all", "--until", ""},
		{"list", "--all", "--status", "ended", "--reason", ""},
		{"count", "--status", ""},
	} {
		out, errs, code := operate(t, h.data, "", append([]string{"session"}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, "is empty: leave it out, or say what is meant") {
			t.Errorf("%q: %d %s%s", args, code, out, errs)
		}
	}
	h.wantSession(alice, "")
}

// An interrupted walk says how to go on, and goes on there.
func TestEndWhereGoesOn(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.enter("alice")
	}
	w := h.must("GET", "/session", "", "")
	if w.status != 401 {
		t.Fatal(w.status)
	}
	olga, _ := h.enter("olga")
	step := h.must("POST", "/admin/end-sessions", olga, `{"role":"clerk","limit":1}`)
	next, _ := step.body["next"].(string)
	if step.status != 200 || next == "" {
		t.Fatalf("%d %s", step.status, step.text)
	}
	h.command("session end-where --role clerk --yes --cursor="+next, "Ended 2 sessions.")
}
