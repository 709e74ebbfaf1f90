package samlocal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The chain behind template.yaml's own API: sign in, be let in with the identity, be ended
// by an operator, be refused on the very next call.
func TestDeploymentChain(t *testing.T) {
	a := served(t, "deployment")
	a.nobody().get(http.StatusOK, "/healthz", nil)
	a.nobody().get(http.StatusForbidden, "/demo", nil)
	madeUp := a.nobody()
	madeUp.cookie = "__Host-sid=" + strings.Repeat("0a", 40)
	madeUp.get(http.StatusForbidden, "/demo", nil)
	a.nobody().want(http.StatusUnauthorized, request{route: "POST /login", body: `{"username":"demo","password":"wrong"}`}, nil)

	demo := a.signIn("demo")
	subject := member(demo.get(http.StatusOK, "/session", nil).body, "session.subject")
	demo.get(http.StatusOK, "/demo", map[string]string{"subject": subject, "sessionId": demo.id, "roles": "coatcheck:viewer"})
	end := request{route: "DELETE /admin/sessions/" + demo.id, header: a.ours()}
	demo.want(http.StatusForbidden, end, nil)

	operator := a.signIn("operator")
	operator.get(http.StatusOK, "/admin/users/demo/sessions", nil)
	operator.want(http.StatusForbidden, request{route: end.route, header: map[string]string{"Origin": "https://other.example"}}, nil)
	demo.get(http.StatusOK, "/demo", nil)
	operator.want(http.StatusOK, end, nil)
	demo.get(http.StatusForbidden, "/demo", nil)
	demo.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "ended_by_admin"})
	operator.get(http.StatusOK, "/demo", map[string]string{"roles": "coatcheck:operator"})
}

// What becomes of sessions by their holder's own deeds.
func TestDeploymentLife(t *testing.T) {
	a := served(t, "deployment")
	phone, demo := a.signIn("demo"), a.signIn("demo")
	before := *demo
	demo.post(http.StatusUnauthorized, "/login/reauth", `{"password":"wrong"}`, nil)
	demo.post(http.StatusOK, "/login/reauth", `{"password":"`+password()+`"}`, nil)
	before.get(http.StatusForbidden, "/demo", nil)
	before.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "replaced"})
	demo.get(http.StatusOK, "/demo", nil)
	phone.get(http.StatusOK, "/demo", nil)
	demo.post(http.StatusOK, "/account/sessions/end-others", "", nil)
	phone.get(http.StatusForbidden, "/demo", nil)
	phone.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "ended_by_user"})
	demo.get(http.StatusOK, "/demo", nil)
}

// Everybody's sessions are over within 5 s: so often each process reads the control again.
func TestDeploymentEndEveryone(t *testing.T) {
	a := served(t, "deployment")
	demo, owner := a.signIn("demo"), a.signIn("owner")
	demo.get(http.StatusOK, "/demo", nil)
	demo.post(http.StatusForbidden, "/admin/end-everyone", "", nil)
	owner.get(http.StatusOK, "/admin/sessions", nil)
	owner.post(http.StatusOK, "/admin/end-everyone", "", nil)
	ended := time.Now()
	for demo.ask(request{route: "GET /demo"}).status != http.StatusForbidden {
		if time.Since(ended) > 10*time.Second { // twice the bound: a call here may itself take seconds
			t.Fatal("a session outlived the end of everybody's by 10 s")
		}
	}
	for demo.ask(request{route: "GET /session"}).status != http.StatusUnauthorized {
		if time.Since(ended) > 20*time.Second {
			t.Fatal("the login function does not know of the end after 20 s")
		}
	}
	demo.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "ended_everywhere"})
	owner = a.signIn("owner")
	owner.post(http.StatusOK, "/admin/sweep", "{}", nil)
	owner.get(http.StatusOK, "/demo", nil)
}
