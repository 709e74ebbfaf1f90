package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// damage makes what is stored of a session something that is no record.
func (s *site) damage(id string) {
	s.t.Helper()
	parsed, err := session.ParseID(id)
	if err == nil {
		err = s.store.Store.(*memory.Store).Damage(parsed)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// session reads a session of an answer, and fails where there is none.
func (s *site) session(method, path, body, cookie string) map[string]any {
	s.t.Helper()
	w := s.request(method, path, body, cookie, asJSON, fromUs)
	is, ok := s.body(w)["session"].(map[string]any)
	if w.Code != http.StatusOK || !ok {
		s.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return is
}

// damagedIn is what a list names as damaged.
func (s *town) damagedIn(list, cookie string) string {
	s.t.Helper()
	return fmt.Sprint(s.body(s.admin("GET", list, "", cookie))["damaged"])
}

// An operator sees a damaged session for what it is, and ends it by its ID as any other.
func TestDamagedSession(t *testing.T) {
	s := newTown(t, nil)
	anne, id := s.enter("anne")
	olga, _ := s.enter("olga")
	s.damage(id)
	path := "/admin/sessions/" + id
	if got, want := fmt.Sprint(s.session("GET", path, "", olga)), fmt.Sprintf("map[id:%s status:damaged]", id); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, list := range []string{"/admin/users/anne/sessions", "/admin/sessions", "/admin/sessions?role=nobody"} {
		if got := s.damagedIn(list, olga); got != "["+id+"]" {
			t.Errorf("%s: damaged %s, want the one", list, got)
		}
	}
	s.wantProblem(s.request("GET", "/session", "", anne), http.StatusServiceUnavailable, "unavailable", "")
	for range 2 { // the first end stays
		got := s.session("DELETE", path+"?reason=roles_changed", "", olga)
		want := map[string]any{
			"id": id, "status": "ended", "endReason": "roles_changed", "endedAt": "2026-11-01T12:00:00Z",
			"endedBy": "subject:" + s.subjects["olga"], "endedFrom": "192.0.2.1",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("ended: %v, want %v", got, want)
		}
		s.now = s.now.Add(time.Second)
	}
	if got := s.damagedIn("/admin/sessions?status=ended", olga); got != "["+id+"]" {
		t.Errorf("among the ended: %s", got)
	}
}

// Who holds a damaged session cannot sign out of it, ended or not, and signs in anew.
func TestHolderOfADamagedSession(t *testing.T) {
	s := newTown(t, nil)
	anne, id := s.enter("anne")
	olga, _ := s.enter("olga")
	s.damage(id)
	for range 2 {
		s.wantProblem(s.request("POST", "/logout", "", anne, fromUs), http.StatusServiceUnavailable, "unavailable", "")
		s.session("DELETE", "/admin/sessions/"+id, "", olga)
	}
	w := s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`"}`, anne, asJSON, fromUs)
	if w.Code != http.StatusOK || s.cookieOf(w) == "" {
		t.Fatalf("sign in anew: %d %s", w.Code, w.Body)
	}
	s.wantSession(s.cookieOf(w), "")
}

// The others of a damaged session end by its ID, and are counted before.
func TestEndOthersOfADamagedSession(t *testing.T) {
	s := newTown(t, nil)
	_, id := s.enter("anne")
	other, _ := s.enter("anne")
	_, second := s.enter("anne")
	bert, _ := s.enter("bert")
	olga, _ := s.enter("olga")
	s.damage(id)
	s.damage(second)
	path := "/admin/sessions/" + id
	if w := s.admin("GET", path+"/others/count", "", olga); w.Code != http.StatusOK || s.body(w)["count"] != 2.0 {
		t.Errorf("count: %d %s", w.Code, w.Body)
	}
	s.wantSession(other, "")
	if w := s.admin("POST", path+"/end-others", "", olga); w.Code != http.StatusOK || s.body(w)["ended"] != 2.0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantSession(other, "ended_by_admin")
	s.wantSession(bert, "")
	if got := s.session("DELETE", path+"?reason=roles_changed", "", olga); got["endReason"] != "roles_changed" {
		t.Errorf("the one that stayed had ended: %v", got)
	}
}
