package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

func TestOwnSession(t *testing.T) {
	s := newSite(t, nil)
	s.wantProblem(s.request("GET", "/session", ""), 401, "no-session", "")
	cookie, view := s.signIn("viewer@a")
	w := s.request("GET", "/session", "", cookie)
	if got := s.body(w)["session"].(map[string]any); w.Code != 200 || got["id"] != view["id"] || len(got) != 7 {
		t.Errorf("%d %v", w.Code, got)
	}
	s.now = s.now.Add(15 * time.Minute)
	s.wantProblem(s.request("GET", "/session", "", cookie), 401, "no-session", "idle_timeout")
}

// What is no token of ours is refused without asking the store, and without a reason.
func TestHostileCookies(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	value := strings.TrimPrefix(cookie, "Cookie: __Host-sid=")
	s.store.calls.Store(0)
	for name, headers := range map[string][]string{
		"doubled":              {cookie + "; __Host-sid=" + value},
		"doubled in two lines": {cookie, cookie},
		"second is empty":      {cookie + "; __Host-sid="},
		"empty":                {"Cookie: __Host-sid="},
		"forged":               {"Cookie: __Host-sid=" + value[:79] + string(value[79]^1)},
		"truncated":            {"Cookie: __Host-sid=" + value[:79]},
		"quoted":               {`Cookie: __Host-sid="` + value + `"`},
		"other case":           {"Cookie: __host-sid=" + value},
		"other name":           {"Cookie: sid=" + value},
		"nameless":             {"Cookie: =__Host-sid=" + value},
		"space in the name":    {"Cookie: __Host-sid =" + value},
		"no-break space":       {"Cookie: \u00a0__Host-sid=" + value},
		"line separator":       {"Cookie: \u2028__Host-sid=" + value},
		"comma":                {"Cookie: a=b, __Host-sid=" + value},
		"64 KB":                {"Cookie: __Host-sid=" + strings.Repeat("A", 64<<10)},
		"10,000 cookies":       {"Cookie: " + strings.Repeat("__Host-sid=x; ", 10_000)},
		"in another header":    {"X-Session: " + value},
		"as bearer":            {"Authorization: Bearer forged"},
		"two bearers":          {"Authorization: Bearer a", "Authorization: Bearer b"},
		"basic":                {"Authorization: Basic YTpi"},
	} {
		w := s.request("GET", "/session", "", headers...)
		s.wantProblem(w, 401, "no-session", "")
		if n := s.store.calls.Swap(0); n != 0 {
			t.Errorf("%s: %d store calls", name, n)
		}
	}
	if w := s.request("GET", "/session?__Host-sid="+value, ""); w.Code != 401 {
		t.Errorf("in the query: %d", w.Code)
	}
	if w := s.request("GET", "/session", "", "Cookie: a=b; \t"+strings.TrimPrefix(cookie, "Cookie: ")+" ;c=d"); w.Code != 200 {
		t.Errorf("among others: %d", w.Code)
	}
}

func TestAuthorize(t *testing.T) {
	s := newSite(t, nil)
	cookie, view := s.signIn("viewer@a")
	s.store.calls.Store(0)
	w := s.request("GET", "/authorize", "", cookie)
	h := w.Header()
	if w.Code != 204 || h.Get("Coatcheck-Subject") != "sub-viewer@a" || h.Get("Coatcheck-Session") != view["id"] ||
		h.Get("Coatcheck-Roles") != "coatcheck:viewer" || h.Get("Coatcheck-Auth-Time") != "2026-11-01T12:00:00Z" {
		t.Errorf("%d %v", w.Code, h)
	}
	if n := s.store.calls.Swap(0); n != 1 {
		t.Errorf("authorize took %d store calls: want exactly 1", n)
	}
	s.wantProblem(s.request("GET", "/authorize", "", cookie, "X-Forwarded-Method: POST", fromThem), 403, "cross-site", "")
	s.wantProblem(s.request("GET", "/authorize", "", cookie, "X-Forwarded-Method: POST"), 403, "cross-site", "")
	if w := s.request("GET", "/authorize", "", cookie, "X-Forwarded-Method: POST", fromUs); w.Code != 204 {
		t.Errorf("our own POST: %d", w.Code)
	}
	forged := cookie[:len(cookie)-1] + string(cookie[len(cookie)-1]^1)
	s.store.calls.Store(0)
	s.wantProblem(s.request("GET", "/authorize", "", forged), 401, "no-session", "")
	if n := s.store.calls.Load(); n != 0 {
		t.Errorf("a forged cookie took %d store calls: want none", n)
	}
	s.store.down.Store(true)
	s.wantProblem(s.request("GET", "/authorize", "", cookie), 503, "unavailable", "")
	if !strings.Contains(s.log.String(), "network is down") {
		t.Error("the fault is not in the log")
	}
}

// Every answer of every route, refusals included, carries the security headers.
func TestSecurityHeadersEverywhere(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("owner@a")
	for _, c := range []struct{ method, path string }{
		{"GET", "/healthz"},
		{"GET", "/login"},
		{"POST", "/login"},
		{"PUT", "/login"},
		{"POST", "/logout"},
		{"GET", "/session"},
		{"GET", "/authorize"},
		{"GET", "/nowhere"},
		{"TRACE", "/session"},
		{"GET", "/"},
		{"GET", "/admin/users/x/sessions"},
		{"DELETE", "/admin/sessions/x"},
		{"GET", "//session"},
	} {
		for _, headers := range [][]string{nil, {cookie}, {cookie, "Accept: text/html"}} {
			w := s.request(c.method, c.path, "", headers...)
			h := w.Header()
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin",
				"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
			} {
				if h.Get(name) != want {
					t.Errorf("%s %s: %s is %q", c.method, c.path, name, h.Get(name))
				}
			}
			csp := h.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "base-uri 'none'") {
				t.Errorf("%s %s: policy %q", c.method, c.path, csp)
			}
		}
	}
	one, two := s.request("GET", "/login", ""), s.request("GET", "/login", "")
	if a, b := one.Header().Get("Content-Security-Policy"), two.Header().Get("Content-Security-Policy"); a == b {
		t.Error("two pages share a nonce")
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	s := newSite(t, nil)
	s.wantProblem(s.request("GET", "/nowhere", ""), 404, "not-found", "")
	w := s.request("GET", "/logout", "")
	s.wantProblem(w, 405, "method-not-allowed", "")
	if w.Header().Get("Allow") != "POST" {
		t.Errorf("Allow: %q", w.Header().Get("Allow"))
	}
}

func TestRequireSession(t *testing.T) {
	s := newSite(t, nil)
	app := s.api.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is, ok := httpapi.SessionFrom(r.Context())
		if !ok {
			t.Error("no session in the context")
		}
		_, _ = w.Write([]byte("hello " + is.Subject))
	}), session.Demand{AnyRole: []string{"coatcheck:viewer"}})

	cookie, _ := s.signIn("viewer@a")
	other, _ := s.signIn("guest@b")
	if w := send(app, "GET", "/", "", cookie); w.Code != 200 || w.Body.String() != "hello sub-viewer@a" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	s.wantProblem(send(app, "GET", "/", ""), 401, "no-session", "")
	s.wantProblem(send(app, "GET", "/", "", other), 403, "forbidden", "")
	s.wantProblem(send(app, "POST", "/", "", cookie), 403, "cross-site", "")
	if w := send(app, "POST", "/", "", cookie, "Origin: "+origin); w.Code != 200 {
		t.Errorf("our own POST: %d", w.Code)
	}
	s.store.down.Store(true)
	s.wantProblem(send(app, "GET", "/", "", cookie), 503, "unavailable", "")
	if _, ok := httpapi.SessionFrom(t.Context()); ok {
		t.Error("a session out of nowhere")
	}
}

// A program that uses the middleware alone gets refusals that name their request and
// carry the security headers.
func TestRefusalsOfTheMiddleware(t *testing.T) {
	s := newSite(t, nil)
	app := s.api.RequireSession(http.NotFoundHandler(), session.Demand{})
	one, two := send(app, "GET", "/", ""), send(app, "GET", "/", "")
	a, b := s.body(one)["instance"], s.body(two)["instance"]
	if a == b || strings.HasSuffix(a.(string), ":0000000000000000") {
		t.Errorf("two refusals are both %v", a)
	}
	if one.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", one.Header())
	}
}

// That a client hangs up is no fault of the server's.
func TestHangingUpIsNoFault(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	s.log.Reset()
	r := httptest.NewRequest("GET", "/session", http.NoBody)
	r.Header.Set("Cookie", strings.TrimPrefix(cookie, "Cookie: "))
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	s.handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", s.log)
	}
}

func TestNewNamesAllFaults(t *testing.T) {
	_, err := httpapi.New(nil, &httpapi.Options{
		Origins:  []string{"http://app.example.com", "https://app.example.com/", "app.example.com", "https://APP.example.com", "https://a.example:443", "https://*.example", "https://:8443"},
		SameSite: http.SameSiteNoneMode,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"no session manager", `"http://app.example.com": want https`, `"https://app.example.com/"`, `"app.example.com"`, `"https://APP`, `"https://a.example:443": want no port`, `"https://*.example"`, `"https://:8443"`, "SameSite"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in:\n%v", want, err)
		}
	}
	if _, err := httpapi.New(nil, nil); err == nil || !strings.Contains(err.Error(), "no origin given") {
		t.Errorf("nil options: %v", err)
	}
}

func TestDefectsAreAnswered(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.ClientAddress = func(*http.Request) string { panic("a defect") } })
	w := s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON)
	s.wantProblem(w, 500, "internal", "")
	if strings.Contains(w.Body.String(), "a defect") || !strings.Contains(s.log.String(), "a defect") {
		t.Errorf("answer %s, log %s", w.Body, s.log)
	}
}

// What net/http means by its own panic is not answered for.
func TestAbortGoesOn(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.ClientAddress = func(*http.Request) string { panic(http.ErrAbortHandler) } })
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler {
			t.Errorf("got %v", cause)
		}
	}()
	s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON)
}

// A page tells a person in a sentence why the session is over, whatever the reason.
func TestPageTellsWhy(t *testing.T) {
	for _, reason := range []session.EndReason{
		session.SignedOut, session.EndedByUser, session.EndedByAdmin, session.IdleTimeout, session.AbsoluteTimeout,
		session.SessionLimit, session.Replaced, session.RolesChanged, session.PasswordChanged, session.AccountDisabled,
		session.TokenReuse, session.EndedEverywhere,
	} {
		if (httpapi.Problem{Reason: reason}).Why() == "" {
			t.Errorf("%s has no sentence", reason)
		}
	}
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	s.now = s.now.Add(time.Hour)
	w := s.request("GET", "/session", "", cookie, "Accept: text/html")
	if page := w.Body.String(); w.Code != 401 || !strings.Contains(page, "not used for a while. Sign in.") || !strings.Contains(page, "idle_timeout") {
		t.Errorf("%d %s", w.Code, page)
	}
	if page := s.request("GET", "/session", "", "Accept: text/html").Body.String(); strings.Contains(page, "Your session") {
		t.Errorf("a reason for nobody: %s", page)
	}
}
