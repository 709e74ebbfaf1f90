package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"coatcheck/core/signin"
	"coatcheck/functions/internal/lambdatest"
)

// The chain through the binaries that are deployed: sign in, be let in with the
// identity, be ended by an operator, be refused on the very next call.
func TestChain(t *testing.T) {
	d := deploy(t)
	d.user("alice", "clerk")
	d.user("olga", signin.RoleOperator)
	alice, id := d.signIn("alice")
	olga, _ := d.signIn("olga")
	d.calls.take()

	v := d.ask(alice)
	if got := d.calls.take(); len(got) != 1 {
		t.Errorf("authorize made the calls %v: want one", got)
	}
	if !v.IsAuthorized || v.Context["sessionId"] != id || v.Context["roles"] != "clerk" || v.Context["subject"] == "" || v.Context["amr"] != "pwd" {
		t.Fatalf("got %+v", v)
	}
	for _, name := range []string{"authTime", "expiresAt"} {
		if _, err := time.Parse(time.RFC3339, v.Context[name]); err != nil {
			t.Error(err)
		}
	}

	path := "/admin/sessions/" + id
	fromUs := map[string]string{"sec-fetch-site": "same-origin"}
	response, body := d.send(d.admin, lambdatest.Request{Method: "GET", Path: path, Cookies: []string{olga}})
	view, _ := body["session"].(map[string]any)
	if response.StatusCode != http.StatusOK || view["clientAddress"] != "203.0.113.7" || view["userAgent"] != "test, with a comma" {
		t.Errorf("the operator sees %d %v", response.StatusCode, body)
	}
	response, body = d.send(d.admin, lambdatest.Request{Method: "DELETE", Path: path, Cookies: []string{olga}, Headers: fromUs})
	if response.StatusCode != http.StatusOK {
		t.Fatalf("end: %d %v\n%s", response.StatusCode, body, d.admin.Output())
	}
	if v := d.ask(alice); v.IsAuthorized {
		t.Error("an ended session was let in")
	}
	response, body = d.send(d.login, lambdatest.Request{Method: "GET", Path: "/session", Cookies: []string{alice}})
	if response.StatusCode != http.StatusUnauthorized || body["reason"] != "ended_by_admin" {
		t.Errorf("the holder is told %d %v", response.StatusCode, body)
	}
	if v := d.ask(olga); !v.IsAuthorized {
		t.Error("another's session was ended too")
	}
}

// Who may not is refused by the functions themselves, whatever stands before them,
// and a forged cookie costs no call of the database.
func TestRefusals(t *testing.T) {
	d := deploy(t)
	d.user("alice", "clerk")
	alice, id := d.signIn("alice")
	d.ask(alice)
	d.calls.take()
	forged := alice[:len(alice)-1] + "A"
	if forged == alice {
		forged = alice[:len(alice)-1] + "Q"
	}
	for _, cookies := range [][]string{nil, {forged}, {alice, alice}, {strings.ToLower(alice)}} {
		if v := d.ask(cookies...); v.IsAuthorized {
			t.Errorf("%q was let in", cookies)
		}
	}
	if got := d.calls.take(); len(got) != 0 {
		t.Errorf("calls %v: want none", got)
	}
	for _, c := range []struct {
		what    string
		f       *lambdatest.Function
		request lambdatest.Request
		want    int
	}{
		{"no session", d.admin, lambdatest.Request{Method: "GET", Path: "/admin/sessions/" + id}, 401},
		{"not an operator", d.admin, lambdatest.Request{Method: "GET", Path: "/admin/sessions/" + id, Cookies: []string{alice}}, 403},
		{"cross-site", d.login, lambdatest.Request{Method: "POST", Path: "/logout", Cookies: []string{alice}}, 403},
		{"the other half", d.login, lambdatest.Request{Method: "GET", Path: "/admin/sessions/" + id, Cookies: []string{alice}}, 404},
		{"the other half", d.admin, lambdatest.Request{Method: "GET", Path: "/session", Cookies: []string{alice}}, 404},
		{"sam local's two places", d.login, lambdatest.Request{Method: "GET", Path: "/session", Cookies: []string{alice}, Headers: map[string]string{"Cookie": alice}}, 200},
		{"doubled", d.login, lambdatest.Request{Method: "GET", Path: "/session", Cookies: []string{alice, alice}, Headers: map[string]string{"Cookie": alice}}, 401},
		{"wrong password", d.login, lambdatest.Request{
			Method: "POST", Path: "/login", Body: `{"username":"alice","password":"wrong"}`, Headers: map[string]string{"content-type": "application/json"},
		}, 401},
	} {
		if got, body := d.send(c.f, c.request); got.StatusCode != c.want {
			t.Errorf("%s: %d %v, want %d", c.what, got.StatusCode, body, c.want)
		}
	}
}
