package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

func TestLoginJSON(t *testing.T) {
	s := newSite(t, nil)
	w := s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	view := s.body(w)["session"].(map[string]any)
	want := map[string]any{
		"subject": "sub-viewer@a", "createdAt": "2026-11-01T12:00:00Z", "lastSeenAt": "2026-11-01T12:00:00Z",
		"expiresAt": "2026-11-01T12:15:00Z", "absoluteExpiry": "2026-11-01T20:00:00Z",
	}
	for name, value := range want {
		if view[name] != value {
			t.Errorf("%s: got %v, want %v", name, view[name], value)
		}
	}
	if len(view) != 7 || len(view["id"].(string)) != session.IDLength || fmt.Sprint(view["roles"]) != "[coatcheck:viewer]" {
		t.Errorf("session: %v", view)
	}
	if strings.Contains(w.Body.String(), w.Result().Cookies()[0].Value) {
		t.Error("the body shows the token")
	}
	if strings.Contains(s.log.String(), w.Result().Cookies()[0].Value) {
		t.Error("the log shows the token")
	}
}

// Setting and clearing carry the same attributes.
func TestCookieAttributes(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := newSite(t, func(o *httpapi.Options) {
			if strict {
				o.SameSite = http.SameSiteStrictMode
			}
		})
		rest := "; Path=/; HttpOnly; Secure; SameSite=Lax"
		if strict {
			rest = "; Path=/; HttpOnly; Secure; SameSite=Strict"
		}
		w := s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON)
		set := w.Header().Get("Set-Cookie")
		if value, attributes, _ := strings.Cut(set, ";"); ";"+attributes != rest || len(value) != len("__Host-sid=")+session.TokenLength {
			t.Errorf("set: %q", set)
		}
		w = s.request("POST", "/logout", "", fromUs)
		cleared := w.Header().Get("Set-Cookie")
		if cleared != "__Host-sid="+strings.Replace(rest, "; HttpOnly", "; Max-Age=0; HttpOnly", 1) {
			t.Errorf("cleared: %q", cleared)
		}
	}
}

func TestLoginBearer(t *testing.T) {
	s := newSite(t, nil)
	w := s.request("POST", "/login", `{"username":"viewer@a","password":"right","transport":"bearer"}`, asJSON)
	token, _ := s.body(w)["token"].(string)
	if w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 || len(token) != session.TokenLength {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.request("GET", "/session", "", "Authorization: Bearer "+token); w.Code != http.StatusOK {
		t.Errorf("bearer: %d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("GET", "/session", "", "Cookie: __Host-sid="+token), 401, "no-session", "")
	cookie, _ := s.signIn("viewer@a")
	s.wantProblem(s.request("GET", "/session", "", cookie, "Authorization: Bearer "+token), 401, "no-session", "")
	// A bearer request needs no origin: no browser sends one by itself.
	if w := s.request("POST", "/logout", "", "Authorization: Bearer "+token); w.Code != http.StatusNoContent {
		t.Errorf("logout: %d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("GET", "/session", "", "Authorization: bearer "+token), 401, "no-session", "signed_out")
}

func TestLoginRefusesBodies(t *testing.T) {
	s := newSite(t, nil)
	for name, c := range map[string]struct {
		body   string
		header string
		status int
		says   string
	}{
		"not JSON":          {`username=a`, asJSON, 400, "not a JSON object"},
		"a list":            {`[]`, asJSON, 400, "not a JSON object"},
		"empty":             {``, asJSON, 400, "not a JSON object"},
		"cut":               {`{"username":"a"`, asJSON, 400, "not valid JSON"},
		"unknown field":     {`{"username":"a","password":"b","admin":true}`, asJSON, 400, `unknown field "admin"`},
		"other case":        {`{"Username":"a","password":"b"}`, asJSON, 400, `unknown field "Username"`},
		"field twice":       {`{"username":"a","username":"b","password":"c"}`, asJSON, 400, `"username" is there twice`},
		"wrong type":        {`{"username":1,"password":"b"}`, asJSON, 400, `"username" has the wrong type: want a string`},
		"null":              {`{"username":null,"password":"b"}`, asJSON, 400, `"username" has the wrong type`},
		"trailing data":     {`{"username":"a","password":"b"} {}`, asJSON, 400, "data after"},
		"missing":           {`{"username":"a"}`, asJSON, 400, "username and password are needed"},
		"not UTF-8":         {"{\"username\":\"\xff\",\"password\":\"b\"}", asJSON, 400, "not UTF-8"},
		"large":             {`{"username":"` + strings.Repeat("a", 16<<10) + `","password":"b"}`, asJSON, 400, "larger than 16384 bytes"},
		"unknown transport": {`{"username":"a","password":"b","transport":"pigeon"}`, asJSON, 400, "transport is unknown"},
		"text":              {`{"username":"a","password":"right"}`, "Content-Type: text/plain", 415, "application/json"},
		"no type":           {`{"username":"a","password":"right"}`, "X-Nothing: 1", 415, "application/json"},
		"other charset":     {`{"username":"a","password":"right"}`, asJSON + "; charset=utf-16", 415, "application/json"},
	} {
		w := s.request("POST", "/login", c.body, c.header)
		if body := w.Body.String(); w.Code != c.status || !strings.Contains(body, strings.ReplaceAll(c.says, `"`, `\"`)) {
			t.Errorf("%s: got %d %s, want %d and %q", name, w.Code, body, c.status, c.says)
		}
	}
	if n := s.store.calls.Load(); n != 0 {
		t.Errorf("%d store calls", n)
	}
}

// Whether a request may change something, by where it comes from.
func TestCrossSite(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	const login = `{"username":"viewer@a","password":"right"}`
	const form = "username=viewer%40a&password=right"
	for _, c := range []struct {
		name, path, body string
		headers          []string
		allowed          bool
	}{
		{"program", "/login", login, []string{asJSON}, true},
		{"our page", "/login", login, []string{asJSON, fromUs}, true},
		{"our origin", "/login", login, []string{asJSON, "Origin: " + origin}, true},
		{"our second origin", "/login", login, []string{asJSON, "Origin: https://second.example.com"}, true},
		{"our page hiding its origin", "/login", login, []string{asJSON, fromUs, "Origin: null"}, true},
		{"another site", "/login", login, []string{asJSON, fromThem, "Origin: https://evil.example"}, false},
		{"sibling", "/login", login, []string{asJSON, "Sec-Fetch-Site: same-site"}, false},
		{"typed by hand", "/login", login, []string{asJSON, "Sec-Fetch-Site: none"}, false},
		{"another origin", "/login", login, []string{asJSON, "Origin: https://app.example.com.evil.example"}, false},
		{"origin in other case", "/login", login, []string{asJSON, "Origin: https://APP.example.com"}, false},
		{"origin with user", "/login", login, []string{asJSON, "Origin: https://x@app.example.com"}, false},
		{"origin twice", "/login", login, []string{asJSON, "Origin: " + origin, "Origin: " + origin}, false},
		{"opaque origin", "/login", login, []string{asJSON, "Origin: null"}, false},
		{"cookie and no origin", "/login", login, []string{asJSON, cookie}, false},
		{"other cookie and no origin", "/login", login, []string{asJSON, "Cookie: a=b"}, false},
		{"form from our page", "/login", form, []string{asForm, fromUs}, true},
		{"form from nowhere", "/login", form, []string{asForm}, false},
		{"form from another site", "/login", form, []string{asForm, fromThem}, false},
		{"logout from nowhere", "/logout", "", []string{cookie}, false},
		{"logout without a cookie from nowhere", "/logout", "", nil, false},
		{"logout from another site", "/logout", "", []string{cookie, fromThem}, false},
		{"logout from our page", "/logout", "", []string{cookie, fromUs}, true},
	} {
		w := s.request("POST", c.path, c.body, c.headers...)
		if refused := w.Code == http.StatusForbidden; refused == c.allowed || w.Code >= 500 {
			t.Errorf("%s: got %d %s, allowed %t", c.name, w.Code, w.Body, c.allowed)
		}
	}
}

func TestLoginForm(t *testing.T) {
	s := newSite(t, nil)
	form := func(password, returnTo string) string {
		return url.Values{"username": {"viewer@a"}, "password": {password}, "return_to": {returnTo}}.Encode()
	}
	w := s.request("POST", "/login", form("right", "/orders?page=2#x"), asForm, fromUs)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/orders?page=2#x" || len(w.Result().Cookies()) != 1 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = s.request("POST", "/login", form("wrong", "/orders"), asForm, fromUs)
	page := w.Body.String()
	if w.Code != 401 || !strings.Contains(page, "not right") || !strings.Contains(page, `value="/orders"`) || strings.Contains(page, "wrong") {
		t.Errorf("%d %s", w.Code, page)
	}
	w = s.request("POST", "/login", "username=a&username=b&password=c", asForm, fromUs)
	if w.Code != 400 {
		t.Errorf("field twice: %d", w.Code)
	}
}

// A return_to that leads off this origin, in any spelling, leads home.
func TestReturnToStaysHere(t *testing.T) {
	s := newSite(t, nil)
	for _, evil := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
		"/\n/evil.example", " //evil.example", "javascript:alert(1)", "evil", "", "/a\r\nSet-Cookie: x=y",
		"/" + strings.Repeat("a", 3000), "/\u2028", "https:/evil", "/%zz",
	} {
		s.now = s.now.Add(time.Millisecond)
		body := url.Values{"username": {"viewer@a"}, "password": {"right"}, "return_to": {evil}}.Encode()
		w := s.request("POST", "/login", body, asForm, fromUs)
		if got := w.Header().Get("Location"); w.Code != 303 || got != "/login" {
			t.Errorf("%q: %d to %q", evil, w.Code, got)
		}
	}
}

func TestLoginPage(t *testing.T) {
	s := newSite(t, nil)
	w := s.request("GET", "/login?return_to=%22%3E%3Cscript%3E", "")
	if page := w.Body.String(); w.Code != 200 || !strings.Contains(page, "<h1>Sign in</h1>") || strings.Contains(page, "<script") {
		t.Errorf("%d %s", w.Code, page)
	}
	body := url.Values{"username": {`"><script>x</script>`}, "password": {"wrong"}}.Encode()
	if page := s.request("POST", "/login", body, asForm, fromUs).Body.String(); strings.Contains(page, "<script") {
		t.Errorf("the page repeats markup: %s", page)
	}
	cookie, _ := s.signIn("viewer@a")
	w = s.request("GET", "/login", "", cookie)
	if page := w.Body.String(); w.Code != 200 || !strings.Contains(page, "You are signed in") || !strings.Contains(page, "sub-viewer@a") {
		t.Errorf("%d %s", w.Code, page)
	}
	s.store.down.Store(true)
	if w := s.request("GET", "/login", "", cookie, "Accept: text/html"); w.Code != 503 || len(w.Result().Cookies()) != 0 {
		t.Errorf("store down: %d", w.Code)
	}
}

func TestLoginRefusals(t *testing.T) {
	for _, c := range []struct {
		fault  error
		status int
		name   string
	}{
		{signin.ErrRefused, 401, "credentials-refused"},
		{signin.ErrBusy, 429, "busy"},
		{fmt.Errorf("%w: get account: timeout", session.ErrUnavailable), 503, "unavailable"},
		{fmt.Errorf("a defect"), 500, "internal"},
	} {
		s := newSite(t, func(o *httpapi.Options) { o.Authenticator = people{c.fault} })
		w := s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON)
		s.wantProblem(w, c.status, c.name, "")
		if strings.Contains(w.Body.String(), "timeout") || strings.Contains(w.Body.String(), "defect") {
			t.Errorf("the answer tells internals: %s", w.Body)
		}
	}
}

// Signing in again replaces the session in hand.
func TestLoginReplaces(t *testing.T) {
	s := newSite(t, nil)
	old, _ := s.signIn("viewer@a")
	w := s.request("POST", "/login", `{"username":"viewer@a","password":"right"}`, asJSON, old, fromUs)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("GET", "/session", "", old), 401, "no-session", "replaced")
}

func TestLogout(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	for range 2 { // ended, and ended already
		w := s.request("POST", "/logout", "", cookie, fromUs)
		if w.Code != http.StatusNoContent || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].MaxAge >= 0 {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	s.wantProblem(s.request("GET", "/session", "", cookie), 401, "no-session", "signed_out")
	w := s.request("POST", "/logout", "", cookie, fromUs, asForm)
	if w.Code != 303 || w.Header().Get("Location") != "/login" {
		t.Errorf("form: %d %v", w.Code, w.Header())
	}
	w = s.request("POST", "/logout", "", cookie+"; __Host-sid=x", fromUs)
	if w.Code != http.StatusNoContent || len(w.Result().Cookies()) != 1 {
		t.Errorf("doubled cookie: %d", w.Code)
	}
}

// While the store is down a logout is not acknowledged and the cookie stays.
func TestLogoutWhileTheStoreIsDown(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	s.store.down.Store(true)
	s.wantProblem(s.request("POST", "/logout", "", cookie, fromUs), 503, "unavailable", "")
	s.store.down.Store(false)
	if w := s.request("GET", "/session", "", cookie); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// Whatever a logout presents is ended: a token beside another one must not survive it.
func TestLogoutWithSeveralTokens(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn("viewer@a")
	second, _ := s.signIn("viewer@a")
	w := s.request("POST", "/logout", "", cookie+"; "+strings.TrimPrefix(second, "Cookie: "), "Authorization: Bearer another-api's", fromUs)
	if w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, c := range []string{cookie, second} {
		s.wantProblem(s.request("GET", "/session", "", c), 401, "no-session", "signed_out")
	}
}

// Hanging up does not undo an end: by logout, by session, by user.
func TestEndsGoOnWhenTheCallerHangsUp(t *testing.T) {
	s := newSite(t, nil)
	for name, c := range map[string]struct{ method, path string }{
		"logout":        {"POST", "/logout"},
		"session":       {"DELETE", "/admin/sessions/"},
		"all of a user": {"POST", "/admin/users/sub-guest@v/end-sessions"},
	} {
		victim, view := s.signIn("guest@v")
		path, headers := c.path, []string{victim, fromUs}
		if name != "logout" {
			operator, _ := s.signIn("operator@x")
			headers[0] = operator
		}
		if name == "session" {
			path += view["id"].(string)
		}
		r := httptest.NewRequest(c.method, path, http.NoBody)
		for _, header := range headers {
			key, value, _ := strings.Cut(header, ": ")
			r.Header.Set(key, value)
		}
		ctx, cancel := context.WithCancel(r.Context())
		s.store.afterRead = cancel // the caller is gone once the session was looked up
		s.handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
		s.store.afterRead = nil
		if w := s.request("GET", "/session", "", victim); w.Code != 401 {
			t.Errorf("%s: the session is still there: %d", name, w.Code)
		}
	}
}

// A store whose writes hang, or whose reads are slow, is unavailable within a second,
// and the cookie is left alone.
func TestSlowStoreIsUnavailableWithinASecond(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		slow               bool
	}{
		"sign in":      {method: "POST", path: "/login", body: `{"username":"viewer@a","password":"right"}`},
		"slow sign in": {method: "POST", path: "/login", body: `{"username":"viewer@a","password":"right"}`, slow: true},
		"logout":       {method: "POST", path: "/logout"},
		"end":          {method: "DELETE", path: "/admin/sessions/ID"},
		"slow end":     {method: "DELETE", path: "/admin/sessions/ID", slow: true},
		"end all":      {method: "POST", path: "/admin/users/sub-operator@x/end-sessions"},
		"slow list":    {method: "GET", path: "/admin/users/sub-operator@x/sessions", slow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			cookie, view := s.signIn("operator@x")
			s.now = s.now.Add(2 * time.Minute) // a touch is due
			s.store.hangs.Store(true)
			s.store.slow.Store(c.slow)
			began := time.Now()
			w := s.request(c.method, strings.Replace(c.path, "ID", view["id"].(string), 1), c.body, cookie, fromUs, asJSON)
			if took := time.Since(began); took > 1500*time.Millisecond {
				t.Errorf("took %v: want at most a second, and some for a busy machine", took)
			}
			s.wantProblem(w, 503, "unavailable", "")
		})
	}
}

func TestRemembered(t *testing.T) {
	s := newSite(t, nil)
	keys, err := session.NewKeys(bytes.Repeat([]byte{9}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	m, err := session.New(s.store, keys, &session.Options{
		Now:    func() time.Time { return s.now },
		Policy: session.Policy{RememberedIdle: 7 * 24 * time.Hour, RememberedAbsolute: 30 * 24 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(m, &httpapi.Options{Authenticator: people{}, Origins: []string{origin}})
	if err != nil {
		t.Fatal(err)
	}
	h := api.Handler()
	if page := send(h, "GET", "/login", "").Body.String(); !strings.Contains(page, `name="remember"`) {
		t.Error("the page does not offer to remember")
	}
	form := url.Values{"username": {"viewer@a"}, "password": {"right"}}
	for remember, maxAge := range map[string]int{"": 0, "on": 30 * 24 * 3600} {
		if remember != "" {
			form.Set("remember", remember)
		}
		w := send(h, "POST", "/login", form.Encode(), asForm, fromUs)
		if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge != maxAge {
			t.Errorf("remember %q: %v", remember, c)
		}
		form.Del("remember")
	}
}
