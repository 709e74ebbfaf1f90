package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
)

// damage makes what is stored of sessions something that is no record, as another
// program would: the server is stopped meanwhile.
func (h *house) damage(ids ...string) {
	h.t.Helper()
	h.stop()
	file, err := bbolt.Open(filepath.Join(h.data, "coatcheck.db"), 0o600, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	err = file.Update(func(tx *bbolt.Tx) (err error) {
		for _, id := range ids {
			key, keyErr := session.ParseID(id)
			err = errors.Join(err, keyErr, tx.Bucket([]byte("sessions")).Put(key[:], []byte(`{"odd":1}`)))
		}
		return err
	})
	if err := errors.Join(err, file.Close()); err != nil {
		h.t.Fatal(err)
	}
	h.program = start(h.t, h.data)
}

// What is stored and is no session is shown, counted and ended like any other.
func TestDamagedSessionIsEnded(t *testing.T) {
	h := newHouse(t)
	cookie, id := h.enter("alice")
	h.damage(id)
	if w := h.must("GET", "/session", cookie, ""); w.status != 503 {
		t.Errorf("the holder: %d %s", w.status, w.text)
	}
	h.command("session list alice", id+"  damaged")
	h.command("session list alice --json", `"id": "`+id+`"`, `"status": "damaged"`)
	h.command("session list --all", id, "damaged")
	h.command("session show "+id, "damaged: what is stored is no session")
	h.command("session end "+id, "Dry run: would end session "+id+" (damaged)")
	h.command("session end-all alice", "Dry run: would end 1 session (1 damaged", id)
	h.command("user disable alice", "1 session (1 damaged, which may have ended before) active")
	h.command("session end-everyone", "Dry run: would end 1 session")
	h.command("session end "+id+" --reason roles_changed --yes", "Ended session "+id+" (roles_changed).")
	h.command("session end "+id+" --yes", "Session "+id+" had ended already (roles_changed).")
	h.command("session list --all --status ended", id, "damaged")
	h.command("session end-all alice --yes", "Ended 0 sessions of alice.")
}

// The others end when the one that stays is damaged, when they are, and when all are.
func TestOthersOfDamagedSessions(t *testing.T) {
	h := newHouse(t)
	_, id := h.enter("alice")
	other, _ := h.enter("alice")
	_, second := h.enter("alice")
	bob, _ := h.enter("bob")
	h.damage(id, second)
	h.command("session end-others "+id, "Dry run: would end 2 sessions and keep "+id+" (damaged)")
	h.wantSession(other, "")
	h.command("session end-others "+id+" --yes", "Ended 2 sessions; "+id+" stays (damaged).")
	h.wantSession(other, "ended_by_admin")
	h.command("session end "+id+" --yes", "Ended session "+id+" (ended_by_admin).")
	h.wantSession(bob, "")

	_, bobs := h.enter("bob")
	h.damage(bobs)
	h.command("session end-all bob", "would end 2 sessions (1 damaged", bobs)
	h.command("session end-all bob --yes", "Ended 2 sessions of bob.")
	h.wantSession(bob, "ended_by_admin")
}

// An end of everybody names what its sweep cannot read.
func TestEndEveryoneNamesTheDamaged(t *testing.T) {
	h := newHouse(t)
	_, id := h.enter("alice")
	h.damage(id)
	for _, line := range []string{"session end-where --all --yes", "session end-everyone --yes"} {
		_, errs, code := operate(t, h.data, "", strings.Fields(line)...)
		if code != exitOK || strings.Count(errs, "session "+id+" is damaged") != 1 {
			t.Errorf("%s: %d %s, want the damaged one named once", line, code, errs)
		}
	}
}
