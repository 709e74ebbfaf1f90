package samlocal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// onFronts runs a test on APIs of one's own, with the authorizer before all their routes,
// side by side: sam local waits a second for the log of most calls.
func onFronts(t *testing.T, test func(t *testing.T, a *api, rest bool)) {
	for name, example := range map[string]string{"HTTP API": "attach-http-api", "REST API": "attach-rest-api"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, served(t, example), name == "REST API")
		})
	}
}

// The function behind the API learns who calls from the authorizer; who has no session
// does not reach it.
func TestAttachIdentity(t *testing.T) {
	onFronts(t, func(t *testing.T, a *api, _ bool) {
		a.nobody().get(http.StatusForbidden, "/orders", nil)
		forged := a.nobody()
		forged.cookie = "__Host-sid=" + strings.Repeat("A", 80)
		forged.get(http.StatusForbidden, "/orders", nil)

		clerk := a.signIn("clerk")
		got := clerk.get(http.StatusOK, "/orders", map[string]string{"route": "GET /orders", "sessionId": clerk.id, "roles": "clerk", "actor": ""})
		if subject := member(got.body, "subject"); !strings.HasPrefix(subject, "usr_") {
			t.Errorf("subject is %q", subject)
		}
		for _, name := range []string{"authTime", "expiresAt"} {
			if _, err := time.Parse(time.RFC3339, member(got.body, name)); err != nil {
				t.Error(err)
			}
		}
	})
}

// A session that an operator ends is refused on the very next call, and its holder is
// told why.
func TestAttachEnd(t *testing.T) {
	onFronts(t, func(t *testing.T, a *api, _ bool) {
		operator := a.signIn("operator")
		for _, transport := range []string{"cookie", "bearer"} {
			clerk := a.signIn("clerk", transport)
			clerk.get(http.StatusOK, "/orders", map[string]string{"sessionId": clerk.id})
			clerk.endedBy(operator)
			clerk.get(http.StatusForbidden, "/orders", nil)
			clerk.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "ended_by_admin"})
		}
		operator.get(http.StatusOK, "/orders", nil)
	})
}

// What changes something and comes with a cookie has to come from a page of ours; a
// bearer token no browser adds by itself.
func TestAttachCrossSite(t *testing.T) {
	onFronts(t, func(t *testing.T, a *api, _ bool) {
		clerk, machine := a.signIn("clerk"), a.signIn("clerk", "bearer")
		for name, c := range map[string]struct {
			who    *holder
			header map[string]string
			status int
		}{
			"this origin":                 {clerk, a.ours(), 200},
			"this origin, by fetch data":  {clerk, map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
			"another site":                {clerk, map[string]string{"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}, 403},
			"another origin of this site": {clerk, map[string]string{"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"}, 403},
			"no browser's word":           {clerk, nil, 403},
			"program":                     {machine, nil, 200},
		} {
			t.Run(name, func(t *testing.T) {
				who := *c.who
				who.api = a.in(t)
				who.want(c.status, request{route: "POST /orders", header: c.header}, nil)
			})
		}
	})
}

// Routes ask for roles and for a fresh sign-in: an old one is refused there and nowhere
// else, and confirming the password leads on.
func TestAttachDemands(t *testing.T) {
	onFronts(t, func(t *testing.T, a *api, rest bool) {
		cancel := request{route: "DELETE /orders/7", header: a.ours()}
		viewer, clerk := a.signIn("demo"), a.signIn("clerk")
		wantChallenge(t, rest, viewer.want(http.StatusForbidden, cancel, nil), `scope="clerk"`)
		clerk.want(http.StatusOK, cancel, map[string]string{"route": "DELETE /orders/{id}"})

		old := clerk.before(10 * time.Minute)
		old.get(http.StatusOK, "/orders", nil)
		wantChallenge(t, rest, old.post(http.StatusForbidden, "/orders/7/pay", "", nil), `max_age="300"`)
		before := *old
		old.post(http.StatusOK, "/login/reauth", `{"password":"`+password()+`"}`, nil)
		if old.cookie == before.cookie {
			t.Fatal("the confirmed session has the cookie of the one before")
		}
		old.post(http.StatusOK, "/orders/7/pay", "", map[string]string{"sessionId": old.id})
		before.get(http.StatusForbidden, "/orders", nil)
		before.get(http.StatusUnauthorized, "/session", map[string]string{"reason": "replaced"})
	})
}

// wantChallenge wants a REST API to say what is asked for. sam local has no gateway
// responses; tools/gateway has.
func wantChallenge(t *testing.T, rest bool, got reply, want string) {
	t.Helper()
	if !rest || !imitates() {
		return
	}
	if challenge := got.header.Get("WWW-Authenticate"); !strings.Contains(challenge, want) {
		t.Errorf("WWW-Authenticate is %q, want %s", challenge, want)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" || member(got.body, "type") != "urn:coatcheck:problem:forbidden" {
		t.Errorf("answered %s %s, want a problem", kind, got.text)
	}
}
