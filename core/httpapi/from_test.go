package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

// Whichever handler a request meets, what it ends is ended from the address that the
// setting tells: here a replayed token's session.
func TestEndsComeFromTheClient(t *testing.T) {
	const here = "2001:db8::9"
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for name, c := range map[string]struct {
		mount func(*httpapi.API) http.Handler
		path  string
	}{
		"session":        {(*httpapi.API).Handler, "/session"},
		"forward-auth":   {(*httpapi.API).PublicHandler, "/authorize"},
		"admin":          {(*httpapi.API).AdminHandler, "/admin/sessions"},
		"RequireSession": {func(a *httpapi.API) http.Handler { return a.RequireSession(app, session.Demand{}) }, "/"},
		"Protect":        {func(a *httpapi.API) http.Handler { return a.Protect(app) }, "/"},
		"InFront":        {func(a *httpapi.API) http.Handler { return a.InFront(app) }, "/orders"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(o *httpapi.Options) { o.ClientAddress = func(*http.Request) string { return here } })
			old, id := s.replayable()
			if w := send(c.mount(s.api), "GET", c.path, "", old); w.Code != http.StatusUnauthorized {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			is, err := s.manager.Get(t.Context(), id)
			if err != nil || is.End.Reason != session.TokenReuse || is.End.From != here {
				t.Errorf("ended %+v, %v, want token_reuse from %s", is.End, err, here)
			}
		})
	}
}

// replayable returns a cookie that was replaced long enough ago, and whose session it is.
func (s *site) replayable() (cookie string, id session.ID) {
	s.t.Helper()
	cookie, view := s.signIn("viewer@a")
	id, err := session.ParseID(view["id"].(string))
	if err != nil {
		s.t.Fatal(err)
	}
	fresh := cookie
	for range 7 {
		s.now = s.now.Add(10 * time.Minute)
		w := s.request("GET", "/session", "", fresh)
		if set := w.Result().Cookies(); len(set) == 1 {
			fresh = "Cookie: " + set[0].Name + "=" + set[0].Value
		}
	}
	s.now = s.now.Add(time.Minute)
	if fresh == cookie {
		s.t.Fatal("the token was not replaced")
	}
	return cookie, id
}

// The user and operators see from where a session was ended, and owners from where an
// account was changed.
func TestFromIsShown(t *testing.T) {
	s := newTown(t, nil)
	_, first := s.enter("anne")
	s.now = s.now.Add(time.Second)
	second, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	if w := s.admin("DELETE", "/account/sessions/"+first, "", second); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for path, cookie := range map[string]string{"/account/sessions": second, "/admin/sessions?status=ended": olga} {
		w := s.admin("GET", path, "", cookie)
		all := s.body(w)["sessions"].([]any)
		if last := all[len(all)-1].(map[string]any); last["id"] != first || last["endedFrom"] != "192.0.2.1" {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	if w := s.admin("PATCH", "/admin/users/anne", `{"roles":["editor"]}`, olga); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	changes := s.body(s.admin("GET", "/admin/users/anne", "", olga))["user"].(map[string]any)["changes"].([]any)
	if last := changes[len(changes)-1].(map[string]any); last["from"] != "192.0.2.1" || last["what"] != "roles: editor" {
		t.Errorf("changes: %v", changes)
	}
}

// From where an operator ended a session is for operators, and not for its holder.
func TestAnOperatorsAddressIsNotShown(t *testing.T) {
	s := newTown(t, nil)
	_, first := s.enter("anne")
	s.now = s.now.Add(time.Second)
	second, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	if w := s.admin("DELETE", "/admin/sessions/"+first, "", olga); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	own := s.admin("GET", "/account/sessions", "", second)
	all := s.body(own)["sessions"].([]any)
	if last := all[len(all)-1].(map[string]any); last["id"] != first || last["endReason"] != "ended_by_admin" || last["endedFrom"] != nil {
		t.Errorf("the holder sees %s", own.Body)
	}
	seen := s.admin("GET", "/admin/sessions/"+first, "", olga)
	if from := s.body(seen)["session"].(map[string]any)["endedFrom"]; from != "192.0.2.1" {
		t.Errorf("the operator sees %s", seen.Body)
	}
}
