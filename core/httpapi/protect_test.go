package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/httpapi/inbound"
)

// protected is a site and an application behind it, which says whose request it is.
type protected struct {
	*site
	app   http.Handler
	calls int
}

func newProtected(t *testing.T, routes ...string) *protected {
	t.Helper()
	parsed, err := inbound.ParseRoutes(routes)
	if err != nil {
		t.Fatal(err)
	}
	p := &protected{site: newSite(t, func(o *httpapi.Options) { o.Routes = parsed })}
	p.app = p.api.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls++
		is, found := httpapi.SessionFrom(r.Context())
		_, _ = fmt.Fprintf(w, "%q %t", is.Subject, found)
	}))
	return p
}

const (
	alices  = `"sub-viewer@a" true`
	nobodys = `"" false`
)

func TestProtectByRoute(t *testing.T) {
	p := newProtected(t, "GET /open optional", "GET /shop optional", "ANY /open/{proxy+} optional", "ANY /reports/{proxy+} role=coatcheck:operator",
		"POST /payments max-age=15m", "GET /notices passive", "GET /lounge role=coatcheck:viewer|coatcheck:owner")
	cookie, _ := p.signIn("viewer@a")
	p.now = p.now.Add(10 * time.Minute)
	p.request("GET", "/session", "", cookie)
	p.now = p.now.Add(5 * time.Minute)
	fresh, _ := p.signIn("viewer@a")
	ended, _ := p.signIn("viewer@a")
	p.request("POST", "/logout", "", ended, fromUs)
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
		want               string // the application's answer, or the problem's type
	}{
		{"a session is asked for", "GET", "/", nil, 401, "no-session"},
		{"a session", "GET", "/", []string{cookie}, 200, alices},
		{"a forged one", "GET", "/", []string{cookie + "x"}, 401, "no-session"},
		{"two", "GET", "/", []string{cookie, fresh}, 401, "no-session"},
		{"optional, nobody's", "GET", "/open", nil, 200, nobodys},
		{"optional, somebody's", "GET", "/open", []string{cookie}, 200, alices},
		{"optional, a forged one", "GET", "/open", []string{cookie + "x"}, 200, nobodys},
		{"optional, an ended one", "GET", "/open", []string{ended}, 200, nobodys},
		{"optional, HEAD", "HEAD", "/open", nil, 200, nobodys},
		{"optional by another method only", "POST", "/shop", []string{fromUs}, 401, "no-session"},
		{"optional, our own POST", "POST", "/open/x", []string{cookie, fromUs}, 200, alices},
		{"optional, another site's POST", "POST", "/open/x", []string{cookie, fromThem}, 200, nobodys},
		{"optional, a POST without a word of its origin", "POST", "/open/x", []string{cookie}, 200, nobodys},
		{"a role that lacks", "GET", "/reports/2026", []string{cookie}, 403, "forbidden"},
		{"a role that lacks, in a path with a slash at its end", "GET", "/reports/", []string{cookie}, 403, "forbidden"},
		{"one of the roles", "GET", "/lounge", []string{cookie}, 200, alices},
		{"too old for it", "POST", "/payments", []string{cookie, fromUs}, 403, "reauthentication-required"},
		{"fresh", "POST", "/payments", []string{fresh, fromUs}, 200, alices},
		{"another site's POST", "POST", "/", []string{cookie, fromThem}, 403, "cross-site"},
		{"another site's DELETE", "DELETE", "/", []string{cookie, "Origin: https://evil.example"}, 403, "cross-site"},
		{"a POST without a word of its origin", "POST", "/", []string{cookie}, 403, "cross-site"},
		{"our own POST", "POST", "/", []string{cookie, "Origin: " + origin}, 200, alices},
		{"our own WebSocket", "GET", "/", []string{cookie, "Upgrade: websocket", "Origin: " + origin}, 200, alices},
		{"another site's WebSocket", "GET", "/", []string{cookie, "Upgrade: websocket", "Origin: https://evil.example"}, 403, "cross-site"},
		{"another site's WebSocket, optional", "GET", "/open", []string{cookie, "Upgrade: websocket", "Origin: https://evil.example"}, 200, nobodys},
		{"dot segments", "GET", "/open/../reports/x", []string{cookie}, 400, "ambiguous-path"},
		{"an empty segment", "GET", "//reports/x", []string{cookie}, 400, "ambiguous-path"},
		{"an encoded slash", "GET", "/open/..%2freports", []string{cookie}, 400, "ambiguous-path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.t, p.calls = t, 0
			w := send(p.app, c.method, c.path, "", c.headers...)
			if c.status != 200 {
				p.wantProblem(w, c.status, c.want, "")
				if p.calls != 0 {
					t.Error("the application was asked")
				}
				return
			}
			if w.Code != 200 || w.Body.String() != c.want || p.calls != 1 {
				t.Errorf("got %d %s after %d calls, want %s", w.Code, w.Body, p.calls, c.want)
			}
		})
	}
}

// The holder of a session that is over is told why.
func TestProtectTellsWhy(t *testing.T) {
	p := newProtected(t)
	cookie, _ := p.signIn("viewer@a")
	p.now = p.now.Add(15 * time.Minute)
	p.wantProblem(send(p.app, "GET", "/", "", cookie), 401, "no-session", "idle_timeout")
}

// An outage lets nobody in and makes nobody a nobody.
func TestProtectWhileTheStoreIsDown(t *testing.T) {
	p := newProtected(t, "ANY /open optional")
	cookie, _ := p.signIn("viewer@a")
	p.store.down.Store(true)
	for _, path := range []string{"/", "/open"} {
		p.wantProblem(send(p.app, "GET", path, "", cookie), 503, "unavailable", "")
		w := send(p.app, "GET", path, "", cookie, "Accept: text/html")
		if w.Code != 503 || w.Header().Get("Location") != "" {
			t.Errorf("%s: a person gets %d %v", path, w.Code, w.Header())
		}
	}
	if p.calls != 0 {
		t.Error("the application was asked")
	}
	if w := send(p.app, "GET", "/open", ""); w.Body.String() != nobodys {
		t.Errorf("who presents nothing: %d %s", w.Code, w.Body)
	}
}

func TestProtectLeadsToTheSignIn(t *testing.T) {
	p := newProtected(t, "ANY /reports role=coatcheck:operator", "GET /fresh max-age=1s")
	cookie, _ := p.signIn("viewer@a")
	ended, _ := p.signIn("viewer@a")
	p.request("POST", "/logout", "", ended, fromUs)
	p.now = p.now.Add(time.Minute)
	const asPage = "Accept: text/html,application/xhtml+xml"
	for _, c := range []struct {
		name, method, path string
		headers            []string
		status             int
		returnTo           string // "": it leads nowhere
	}{
		{"a navigation", "GET", "/a/b?c=d&e=%2F", []string{asPage}, 303, "/a/b?c=d&e=%2F"},
		{"a navigation with an ended session", "GET", "/a", []string{asPage, ended}, 303, "/a"},
		{"from another site", "GET", "/a", []string{asPage, fromThem}, 303, "/a"},
		{"a program", "GET", "/a", nil, 401, ""},
		{"a script", "GET", "/a", []string{"Accept: */*"}, 401, ""},
		{"a form", "POST", "/a", []string{asPage, asForm, fromUs}, 401, ""},
		{"HEAD", "HEAD", "/a", []string{asPage}, 401, ""},
		{"a role that lacks", "GET", "/reports", []string{asPage, cookie}, 403, ""},
		{"not fresh", "GET", "/fresh", []string{asPage, cookie}, 403, ""},
		{"signed in", "GET", "/a", []string{asPage, cookie}, 200, ""},
		{"an ambiguous path", "GET", "/a/../b", []string{asPage}, 400, ""},
	} {
		w := send(p.app, c.method, c.path, "", c.headers...)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != c.status || to.Query().Get("return_to") != c.returnTo || (to.Path == "/login") != (c.returnTo != "") {
			t.Errorf("%s: %d to %q, want %d back to %q", c.name, w.Code, w.Header().Get("Location"), c.status, c.returnTo)
		}
		if w.Code != 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be stored: %v", c.name, w.Header())
		}
	}
	// Who was not fresh is led to where the password is asked for again, and back.
	if page := send(p.app, "GET", "/fresh?x=y", "", asPage, cookie).Body.String(); !strings.Contains(page, "/login/reauth?return_to=%2Ffresh%3Fx%3Dy") {
		t.Errorf("the page leads nowhere: %s", page)
	}
}

// The whole way: the page asked for, the sign-in page, the form, the page asked for.
func TestProtectAndBack(t *testing.T) {
	p := newProtected(t)
	const asPage = "Accept: text/html"
	to := send(p.app, "GET", "/orders?month=11", "", asPage).Header().Get("Location")
	page := p.request("GET", to, "", asPage).Body.String()
	if !strings.Contains(page, `name="return_to" value="/orders?month=11"`) {
		t.Fatalf("the page: %s", page)
	}
	form := url.Values{"username": {"viewer@a"}, "password": {"right"}, "return_to": {"/orders?month=11"}}
	w := p.request("POST", "/login", form.Encode(), asForm, fromUs)
	if back := w.Header().Get("Location"); w.Code != 303 || back != "/orders?month=11" {
		t.Fatalf("%d to %q", w.Code, back)
	}
	if w := send(p.app, "GET", "/orders?month=11", "", asPage, "Cookie: "+w.Result().Cookies()[0].String()); w.Code != 200 {
		t.Errorf("back: %d", w.Code)
	}
}

// Without a page to sign in on there is nowhere to lead to.
func TestProtectWithoutASignInPage(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Authenticator = nil })
	if w := send(s.api.Protect(http.NotFoundHandler()), "GET", "/a", "", "Accept: text/html"); w.Code != 401 {
		t.Errorf("got %d to %q", w.Code, w.Header().Get("Location"))
	}
}

func TestProtectMarksAnswers(t *testing.T) {
	p := newProtected(t, "GET /open optional")
	cookie, _ := p.signIn("viewer@a")
	for _, c := range []struct {
		path, cookie, control string
	}{
		{"/", cookie, "no-store"},
		{"/open", cookie, "no-store"},
		{"/open", "Cookie: a=b", ""},
	} {
		h := send(p.app, "GET", c.path, "", c.cookie).Header()
		if h.Get("Cache-Control") != c.control || h.Get("Vary") != "Cookie" || h.Get("X-Frame-Options") != "" || h.Get("Content-Security-Policy") != "" {
			t.Errorf("%s %.12s: %v", c.path, c.cookie, h)
		}
	}
}

func TestProtectReplacesTheToken(t *testing.T) {
	p := newProtected(t, "GET /open optional")
	cookie, _ := p.signIn("viewer@a")
	use := func(d time.Duration) {
		for range d / (10 * time.Minute) {
			p.now = p.now.Add(10 * time.Minute)
			if w := p.request("GET", "/authorize", "", cookie, "X-Forwarded-Uri: /open"); w.Code != 204 {
				t.Fatalf("used: %d", w.Code)
			}
		}
	}
	use(50 * time.Minute)
	if w := send(p.app, "GET", "/", "", cookie); w.Code != 200 || len(w.Result().Cookies()) != 0 {
		t.Errorf("before it is due: %d %v", w.Code, w.Header())
	}
	use(10 * time.Minute)
	set := send(p.app, "GET", "/open", "", cookie).Result().Cookies()
	if len(set) != 1 || set[0].Name != httpapi.CookieName || !set[0].HttpOnly || !set[0].Secure {
		t.Fatalf("when it is due: %v", set)
	}
	cookie = "Cookie: " + set[0].Name + "=" + set[0].Value
	if w := send(p.app, "GET", "/", "", cookie); w.Body.String() != alices {
		t.Errorf("with the new one: %d %s", w.Code, w.Body)
	}
}

// What pages send by themselves keeps no session alive.
func TestProtectPassiveRoutes(t *testing.T) {
	p := newProtected(t, "GET /notices passive")
	cookie, _ := p.signIn("viewer@a")
	for range 14 {
		p.now = p.now.Add(time.Minute)
		if w := send(p.app, "GET", "/notices", "", cookie); w.Code != 200 {
			t.Fatal(w.Code)
		}
	}
	p.now = p.now.Add(time.Minute)
	p.wantProblem(send(p.app, "GET", "/notices", "", cookie), 401, "no-session", "idle_timeout")
}

// Every refusal names its request and carries the security headers.
func TestProtectRefusals(t *testing.T) {
	p := newProtected(t)
	one, two := send(p.app, "GET", "/", ""), send(p.app, "GET", "/", "")
	if a, b := p.body(one)["instance"], p.body(two)["instance"]; a == b {
		t.Errorf("two refusals are both %v", a)
	}
	if one.Header().Get("X-Content-Type-Options") != "nosniff" || one.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", one.Header())
	}
}
