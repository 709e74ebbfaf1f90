package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"coatcheck/core/signin"
	"coatcheck/functions/internal/lambdatest"
)

// as sends a request as a page of ours does, and returns the cookie that the answer
// sets, "" for none.
func (d *deployment) as(f *lambdatest.Function, route, cookie, body string, want int) (set string, answer map[string]any) {
	d.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	headers := map[string]string{"sec-fetch-site": "same-origin"}
	if body != "" {
		headers["content-type"] = "application/json"
	}
	response, answer := d.send(f, lambdatest.Request{Method: method, Path: path, Cookies: []string{cookie}, Headers: headers, Body: body})
	if response.StatusCode != want {
		d.t.Errorf("%s: %d %v, want %d\n%s", route, response.StatusCode, answer, want, f.Output())
	}
	if len(response.Cookies) > 0 {
		set, _, _ = strings.Cut(response.Cookies[0], ";")
	}
	return set, answer
}

// over wants a cookie denied by the authorizer, and the holder to be told why.
func (d *deployment) over(cookie, reason string) {
	d.t.Helper()
	if v := d.ask(cookie); v.IsAuthorized {
		d.t.Errorf("let in, want %s", reason)
	}
	if _, body := d.as(d.login, "GET /session", cookie, "", http.StatusUnauthorized); body["reason"] != reason {
		d.t.Errorf("the holder is told %v, want %s", body, reason)
	}
}

func (d *deployment) live(cookie string) {
	d.t.Helper()
	if v := d.ask(cookie); !v.IsAuthorized {
		d.t.Error("denied, want let in")
	}
}

// What a holder does with his own sessions, through the binaries.
func TestOwnLife(t *testing.T) {
	d := deploy(t)
	d.user("alice", "clerk")
	laptop, _ := d.signIn("alice")
	phone, _ := d.signIn("alice")
	fresh, _ := d.as(d.login, "POST /login/reauth", laptop, `{"password":"`+secret+`"}`, http.StatusOK)
	d.over(laptop, "replaced")
	d.live(fresh)
	d.live(phone)
	if _, body := d.as(d.login, "GET /account/sessions", fresh, "", http.StatusOK); len(body["sessions"].([]any)) != 3 {
		t.Errorf("own sessions: %v", body)
	}
	if _, body := d.as(d.login, "POST /account/sessions/end-others", fresh, "", http.StatusOK); body["ended"] != 1.0 {
		t.Errorf("end others: %v", body)
	}
	d.over(phone, "ended_by_user")
	phone, _ = d.signIn("alice")
	changed, _ := d.as(d.login, "POST /account/password", fresh,
		`{"current_password":"`+secret+`","new_password":"copper lantern willow seven"}`, http.StatusOK)
	d.over(fresh, "replaced")
	d.over(phone, "password_changed")
	d.live(changed)
}

// What an owner does with others', through the binaries.
func TestOwnersLife(t *testing.T) {
	d := deploy(t)
	d.user("alice", "clerk")
	d.user("bob", "clerk")
	d.user("olga", signin.RoleOwner)
	alice, _ := d.signIn("alice")
	bob, _ := d.signIn("bob")
	olga, _ := d.signIn("olga")
	d.as(d.admin, "POST /admin/users", olga, `{"username":"carol","password":"`+secret+`"}`, http.StatusCreated)
	acting, body := d.as(d.admin, "POST /admin/users/bob/impersonate", olga, "", http.StatusOK)
	if v := d.ask(acting); !v.IsAuthorized || v.Context["actor"] == "" || v.Context["actor"] != body["session"].(map[string]any)["actor"] {
		t.Errorf("acting: %+v, %v", v, body)
	}
	d.as(d.admin, "PATCH /admin/users/alice", olga, `{"roles":["boss"]}`, http.StatusOK)
	d.over(alice, "roles_changed")
	if _, body := d.as(d.admin, "GET /admin/users", olga, "", http.StatusOK); len(body["users"].([]any)) != 4 {
		t.Errorf("users: %v", body)
	}
	if _, body := d.as(d.admin, "POST /admin/end-sessions", olga, `{"role":"clerk"}`, http.StatusOK); body["ended"] != 2.0 {
		t.Errorf("by predicate: %v", body)
	}
	d.over(bob, "ended_by_admin")
	d.over(acting, "ended_by_admin")
	d.as(d.admin, "PATCH /admin/users/bob", olga, `{"disabled":true}`, http.StatusOK)
	d.as(d.login, "POST /login", "", `{"username":"bob","password":"`+secret+`"}`, http.StatusUnauthorized)
	if _, body := d.as(d.admin, "GET /admin/users/bob/export", olga, "", http.StatusOK); len(body["sessions"].([]any)) != 2 {
		t.Errorf("exported: %v", body)
	}
	if _, body := d.as(d.admin, "POST /admin/users/bob/erase", olga, `{"confirm":"bob"}`, http.StatusOK); body["sessions"] != 2.0 || body["account"] != true {
		t.Errorf("erased: %v", body)
	}
	d.as(d.admin, "GET /admin/users/bob", olga, "", http.StatusNotFound)

	carol, _ := d.signIn("carol")
	d.live(carol)
	d.as(d.admin, "POST /admin/end-everyone", olga, "", http.StatusOK)
	began := time.Now()
	for d.ask(olga).IsAuthorized {
		if time.Since(began) > 6*time.Second {
			t.Fatal("let in six seconds after everybody's sessions were ended: the bound is five")
		}
	}
	olga, _ = d.signIn("olga")
	d.live(olga)
	if _, body := d.as(d.admin, "POST /admin/sweep", olga, `{}`, http.StatusOK); body["ended"] != 1.0 {
		t.Errorf("sweep: %v", body)
	}
	if _, body := d.as(d.admin, "GET /admin/sessions", olga, "", http.StatusOK); len(body["sessions"].([]any)) != 1 {
		t.Errorf("active: %v", body)
	}
}
