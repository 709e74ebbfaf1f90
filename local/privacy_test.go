package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestExportCommand(t *testing.T) {
	h := newHouse(t)
	_, first := h.enter("alice")
	_, second := h.enter("alice")
	h.command("session end " + first + " --yes")
	out := h.command("user export alice")
	var got struct {
		Subject  string
		User     struct{ Username string }
		Sessions []struct{ ID, Status, ClientAddress string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.User.Username != "alice" || len(got.Sessions) != 2 || !strings.HasPrefix(got.Subject, "usr_") {
		t.Fatalf("%v\n%s", err, out)
	}
	states := map[string]string{first: "ended", second: "active"}
	for _, is := range got.Sessions {
		if is.Status != states[is.ID] || is.ClientAddress != "127.0.0.1" {
			t.Errorf("%+v, want %s", is, states[is.ID])
		}
	}
	if strings.Contains(strings.ToLower(out), "hash") || strings.Contains(out, "argon2") {
		t.Errorf("a hash is shown:\n%s", out)
	}
}

// Erased is gone from the data, while the server runs; others and the operators go on.
func TestEraseCommand(t *testing.T) {
	h := newHouse(t)
	alice, _ := h.enter("alice")
	bob, _ := h.enter("bob")
	subject := strings.Fields(h.command("user show alice"))[3]
	h.command("user erase alice", "has 1 record of a session", "Dry run: would erase")
	h.wantSession(alice, "")
	h.command("user erase alice --yes", "Erased alice ("+subject+"): the account and 1 record of a session", "user erase "+subject+" --yes")
	if w := h.must("GET", "/session", alice, ""); w.status != 401 || w.body["reason"] != nil {
		t.Errorf("%d %s", w.status, w.text)
	}
	h.wantSession(bob, "")
	h.command("user erase "+subject+" --yes", "no account and 0 records of sessions")
	if out := h.command("user list"); strings.Contains(out, "alice") {
		t.Errorf("left:\n%s", out)
	}
	for line, want := range map[string]string{
		"user erase alice --yes": "Nobody has that user name", "user export alice": "Nobody has that user name", "user erase .. --yes": "no user name",
	} {
		if _, errs, code := operate(t, h.data, "", strings.Fields(line)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %s, want %q", line, code, errs, want)
		}
	}
	if strings.Contains(h.log.String(), "alice") {
		t.Errorf("the log names who was erased:\n%s", h.log)
	}
}

// Without a server the command opens the data itself.
func TestEraseWithoutServer(t *testing.T) {
	h := newHouse(t)
	h.enter("alice")
	h.stop()
	h.command("user erase alice --yes", "the account and 1 record")
	h.program = start(t, h.data)
	if w := h.must("POST", "/login", "", signInBody("alice")); w.status != 401 {
		t.Errorf("sign-in: %d", w.status)
	}
}
