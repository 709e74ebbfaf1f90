package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// Who may do what: by role, and with a fresh credential.
func TestAdminRolesAndFreshness(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) {
		o.Directory = signin.NewDirectory(memory.NewAccounts(), plain{}, nil)
	})
	_, target := s.signIn("guest@target")
	id := target["id"].(string)
	cookies := map[string]string{"none": "X-None: 1"}
	for _, role := range []string{"guest", "viewer", "operator", "owner"} {
		cookies[role], _ = s.signIn(role + "@x")
	}
	routes := []struct {
		method, path, body string
		least              string
		fresh              bool
	}{
		{"GET", "/admin/sessions/" + id, "", "viewer", false},
		{"GET", "/admin/users/usr_00000000000000000000000000/sessions", "", "viewer", false},
		{"DELETE", "/admin/sessions/" + id, "", "operator", true},
		{"POST", "/admin/users/usr_00000000000000000000000000/end-sessions", "", "operator", true},
		{"POST", "/admin/users", `{"username":"x"}`, "owner", true},
	}
	rank := map[string]int{"none": -1, "guest": 0, "viewer": 1, "operator": 2, "owner": 3}
	check := func(fresh bool) {
		for _, route := range routes {
			for role, cookie := range cookies {
				w := s.request(route.method, route.path, route.body, cookie, fromUs, asJSON)
				want := 0
				switch {
				case role == "none":
					want = 401
				case rank[role] < rank[route.least], route.fresh && !fresh:
					want = 403
				}
				if want != 0 && w.Code != want || want == 0 && (w.Code == 401 || w.Code == 403 || w.Code >= 500) {
					t.Errorf("%s %s as %s, fresh %t: got %d %s", route.method, route.path, role, fresh, w.Code, w.Body)
				}
			}
		}
	}
	check(true)
	for range 15 { // used all the time, but the credential grows old
		s.now = s.now.Add(time.Minute)
		for role, cookie := range cookies {
			if role != "none" {
				s.request("GET", "/session", "", cookie)
			}
		}
	}
	check(false)
	w := s.request("DELETE", "/admin/sessions/"+id, "", cookies["operator"], fromUs)
	s.wantProblem(w, 403, "reauthentication-required", "")
	if s.body(w)["max_age"] != float64(900) {
		t.Errorf("max_age: %s", w.Body)
	}
}

func TestAdminEnds(t *testing.T) {
	s := newSite(t, nil)
	operator, _ := s.signIn("operator@x")
	victim, view := s.signIn("guest@v")
	id := view["id"].(string)
	for range 2 { // 200 also when it had ended before, with the first end
		w := s.request("DELETE", "/admin/sessions/"+id, "", operator, fromUs)
		ended, _ := s.body(w)["session"].(map[string]any)
		if w.Code != 200 || ended["endReason"] != "ended_by_admin" || ended["status"] != "ended" ||
			ended["endedBy"] != "subject:sub-operator@x" || ended["endedAt"] != "2026-11-01T12:00:00Z" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		s.now = s.now.Add(time.Second)
	}
	s.wantProblem(s.request("GET", "/session", "", victim), 401, "no-session", "ended_by_admin")

	s.signIn("guest@v")
	s.signIn("guest@v")
	w := s.request("POST", "/admin/users/sub-guest@v/end-sessions", "", operator, fromUs)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"ended":2}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("DELETE", "/admin/sessions/"+id, "", operator, fromThem), 403, "cross-site", "")
	s.wantProblem(s.request("DELETE", "/admin/sessions/nonsense", "", operator, fromUs), 404, "not-found", "")
	s.wantProblem(s.request("DELETE", "/admin/sessions/"+strings.Repeat("A", 36), "", operator, fromUs), 404, "not-found", "")
}

func TestAdminList(t *testing.T) {
	s := newSite(t, nil)
	viewer, _ := s.signIn("viewer@x")
	for range 5 {
		s.now = s.now.Add(time.Second)
		s.signIn("guest@v")
	}
	seen, cursor := 0, ""
	for range 3 {
		w := s.request("GET", "/admin/users/sub-guest@v/sessions?limit=2&cursor="+url.QueryEscape(cursor), "", viewer)
		body := s.body(w)
		seen += len(body["sessions"].([]any))
		cursor, _ = body["next"].(string)
	}
	if seen != 5 || cursor != "" {
		t.Errorf("%d sessions seen, next %q", seen, cursor)
	}
	w := s.request("GET", "/admin/users/sub-nobody/sessions", "", viewer)
	if strings.TrimSpace(w.Body.String()) != `{"sessions":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=x", "page=2"} {
		s.wantProblem(s.request("GET", "/admin/users/sub-guest@v/sessions?"+query, "", viewer), 400, "invalid", "")
	}
}

func TestOperatorHandler(t *testing.T) {
	accounts := memory.NewAccounts()
	s := newSite(t, func(o *httpapi.Options) { o.Directory = signin.NewDirectory(accounts, plain{}, nil) })
	h := s.api.OperatorHandler()
	w := send(h, "POST", "/admin/users", `{"username":"Jo","password":"correct horse battery","roles":["coatcheck:viewer"]}`, asJSON)
	if w.Code != 201 || strings.Contains(w.Body.String(), "horse") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantProblem(send(h, "POST", "/admin/users", `{"username":"jo","password":"correct horse battery"}`, asJSON), 409, "name-taken", "")
	s.wantProblem(send(h, "POST", "/admin/users", `{"username":"al","password":"short"}`, asJSON), 400, "invalid", "")
	s.wantProblem(send(h, "GET", "/admin/users/nobody/sessions", ""), 404, "not-found", "")
	if w := send(h, "GET", "/admin/users/jo/sessions", ""); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(h, "POST", "/login", "{}", asJSON); w.Code != 404 {
		t.Errorf("the operators' handler serves /login: %d", w.Code)
	}
}

func TestSetup(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	accounts := memory.NewAccounts()
	setup, secret := httpapi.NewSetup(func() time.Time { return now })
	s := newSite(t, func(o *httpapi.Options) {
		o.Setup, o.Directory = setup, signin.NewDirectory(accounts, plain{}, nil)
	})
	post := func(token, name, password string, headers ...string) int {
		form := url.Values{"token": {token}, "username": {name}, "password": {password}}.Encode()
		return s.request("POST", "/setup", form, append(headers, asForm)...).Code
	}
	for name, got := range map[string]int{
		"page without token": s.request("GET", "/setup", "").Code,
		"page, wrong token":  s.request("GET", "/setup?token=x", "").Code,
		"wrong token":        post("x", "jo", "correct horse battery", fromUs),
		"another site":       post(secret, "jo", "correct horse battery", fromThem),
		"from nowhere":       post(secret, "jo", "correct horse battery"),
	} {
		if got != http.StatusForbidden {
			t.Errorf("%s: %d", name, got)
		}
	}
	if w := s.request("GET", "/setup?token="+secret, ""); w.Code != 200 {
		t.Errorf("page: %d", w.Code)
	}
	if got := post(secret, "jo", "short", fromUs); got != 400 {
		t.Errorf("bad password: %d", got)
	}
	if got := post(secret, "jo", "correct horse battery", fromUs); got != 303 {
		t.Errorf("set up: %d", got)
	}
	if got := post(secret, "al", "correct horse battery", fromUs); got != 403 {
		t.Errorf("a second time: %d", got)
	}
	subject, err := accounts.Subject(t.Context(), "jo")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := accounts.Get(t.Context(), subject); err != nil || len(a.Roles) != 1 || a.Roles[0] != signin.RoleOwner {
		t.Errorf("owner: %+v, %v", a.Roles, err)
	}
	late, secret := httpapi.NewSetup(func() time.Time { return now })
	s = newSite(t, func(o *httpapi.Options) {
		o.Setup, o.Directory = late, signin.NewDirectory(accounts, plain{}, nil)
	})
	now = now.Add(httpapi.SetupTime)
	if w := s.request("GET", "/setup?token="+secret, ""); w.Code != 403 {
		t.Errorf("after an hour: %d", w.Code)
	}
}

// The surface can be served in two halves; each has all of its own routes and none of
// the other's, and the admin half checks the session itself.
func TestHalves(t *testing.T) {
	s := newSite(t, nil)
	cookie, view := s.signIn("owner@a")
	path := "/admin/sessions/" + view["id"].(string)
	public, admin := s.api.PublicHandler(), s.api.AdminHandler()
	s.wantProblem(send(public, "GET", path, "", cookie), 404, "not-found", "")
	s.wantProblem(send(admin, "GET", "/session", "", cookie), 404, "not-found", "")
	s.wantProblem(send(admin, "POST", "/login", `{}`, asJSON), 404, "not-found", "")
	s.wantProblem(send(admin, "GET", path, ""), 401, "no-session", "")
	for _, c := range []struct {
		half http.Handler
		path string
	}{{public, "/session"}, {public, "/login"}, {public, "/healthz"}, {admin, path}} {
		if w := send(c.half, "GET", c.path, "", cookie); w.Code != 200 {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
	}
}
