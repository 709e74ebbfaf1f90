package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// dollar is a hasher whose hashes accounts keep.
type dollar struct{}

func (dollar) Hash(_ context.Context, password string) (signin.PasswordHash, error) {
	return signin.PasswordHash("$plain$" + strings.ReplaceAll(password, " ", "_")), nil
}

// users is an Authenticator over accounts.
type users struct{ signin.Accounts }

func (u users) Identify(ctx context.Context, c signin.Credentials) (string, error) {
	return u.Subject(ctx, c.Username)
}

func (u users) Authenticate(ctx context.Context, subject string, c signin.Credentials) (session.Grant, error) {
	account, err := u.Get(ctx, subject)
	hash, _ := dollar{}.Hash(ctx, c.Password)
	if err != nil || account.Password != hash || account.Disabled {
		return session.Grant{}, signin.ErrRefused
	}
	return session.Grant{Roles: account.Roles, Methods: []string{"pwd"}}, nil
}

const (
	firstPhrase  = "plum otter violet kayak"
	secondPhrase = "amber ladder moss violin"
)

// town is a site with accounts of its own.
type town struct {
	*site
	accounts signin.Accounts
	subjects map[string]string
	change   func(*httpapi.Options)
}

// newTown has anne, bert and the owner olga, all with the same password.
func newTown(t *testing.T, change func(*httpapi.Options)) *town {
	t.Helper()
	town := &town{accounts: memory.NewAccounts(), subjects: map[string]string{}}
	town.site = newSite(t, nil)
	town.change = change
	directory := town.govern(session.Policy{})
	for name, roles := range map[string][]string{
		"anne": {"clerk"}, "bert": {"clerk", "coatcheck:viewer"}, "oper": {"coatcheck:operator"}, "olga": {"coatcheck:owner"},
	} {
		account, err := directory.Add(t.Context(), signin.NewUser{Name: name, Roles: roles, Password: firstPhrase}, "operator")
		if err != nil {
			t.Fatal(err)
		}
		town.subjects[name] = account.Subject
	}
	return town
}

// govern starts the API anew under a policy, over what is stored.
func (s *town) govern(p session.Policy) *signin.Directory {
	s.t.Helper()
	opts := &httpapi.Options{Authenticator: users{s.accounts}, Origins: []string{origin}}
	if s.change != nil {
		s.change(opts)
	}
	manager, err := session.New(s.store, s.keys, &session.Options{
		Policy: p, Now: func() time.Time { return s.now }, Observe: opts.Observe,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	directory := signin.NewDirectory(s.accounts, dollar{}, &signin.DirectoryOptions{Sessions: manager})
	opts.Directory = directory
	api, err := httpapi.New(manager, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	s.manager, s.api, s.handler = manager, api, api.Handler()
	return directory
}

// enter signs a user in and returns the Cookie header and the session's ID.
func (s *town) enter(name string) (cookie, id string) {
	s.t.Helper()
	w := s.request("POST", "/login", `{"username":"`+name+`","password":"`+firstPhrase+`"}`, asJSON)
	if w.Code != http.StatusOK {
		s.t.Fatalf("sign in %s: %d %s", name, w.Code, w.Body)
	}
	return s.cookieOf(w), s.body(w)["session"].(map[string]any)["id"].(string)
}

// cookieOf is the Cookie header for the session cookie that an answer sets, "" if none.
func (s *town) cookieOf(w *httptest.ResponseRecorder) string {
	s.t.Helper()
	set := w.Result().Cookies()
	switch {
	case len(set) == 0:
		return ""
	case len(set) > 1 || set[0].Name != "__Host-sid" || !set[0].HttpOnly || !set[0].Secure:
		s.t.Fatalf("cookies %v", set)
	}
	return "Cookie: __Host-sid=" + set[0].Value
}

func (s *town) post(path, body, cookie string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.request("POST", path, body, append([]string{cookie, asJSON, fromUs}, headers...)...)
}

// wantSession asks GET /session; reason "" wants 200.
func (s *town) wantSession(cookie, reason string) {
	s.t.Helper()
	w := s.request("GET", "/session", "", cookie)
	if reason == "" {
		if w.Code != http.StatusOK {
			s.t.Errorf("GET /session: %d %s, want 200", w.Code, w.Body)
		}
		return
	}
	s.wantProblem(w, http.StatusUnauthorized, "no-session", reason)
}

// A token is replaced at an answer that can set a cookie, and nowhere else.
func TestRotationOverHTTP(t *testing.T) {
	for name, path := range map[string]string{"own session": "/session", "account": "/account/sessions", "page": "/login"} {
		t.Run(name, func(t *testing.T) {
			s := newTown(t, nil)
			first, _ := s.enter("anne")
			for range 6 { // the session stays in use
				s.now = s.now.Add(10 * time.Minute)
				if w := s.request("GET", "/authorize", "", first); w.Code != http.StatusNoContent || s.cookieOf(w) != "" {
					t.Fatalf("forward-auth: %d, cookie %q", w.Code, s.cookieOf(w))
				}
			}
			w := s.request("GET", path, "", first)
			second := s.cookieOf(w)
			if w.Code != http.StatusOK || second == "" || second == first {
				t.Fatalf("%d, cookie %q", w.Code, second)
			}
			if got := s.cookieOf(s.request("GET", path, "", first)); got != "" {
				t.Error("a second token right after")
			}
			s.wantSession(second, "")
			s.now = s.now.Add(20 * time.Second)
			s.wantSession(first, "") // within the grace
			s.now = s.now.Add(20 * time.Second)
			s.wantSession(first, "token_reuse")
			s.wantSession(second, "token_reuse")
		})
	}
}

// Answers that were lost sign nobody out.
func TestRotationWithLostAnswers(t *testing.T) {
	s := newTown(t, nil)
	cookie, _ := s.enter("anne")
	renewed := 0
	for range 40 {
		s.now = s.now.Add(10 * time.Minute)
		w := s.request("GET", "/session", "", cookie)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if s.cookieOf(w) != "" {
			renewed++
		}
	}
	if renewed < 30 {
		t.Errorf("renewed %d times: want with nearly every request, as no answer arrives", renewed)
	}
}

// A token in its grace is let in, but never as fresh.
func TestGraceIsNeverFresh(t *testing.T) {
	s := newTown(t, nil)
	guarded := s.api.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		session.Demand{MaxAuthAge: 8 * time.Hour})
	first, _ := s.enter("anne")
	for range 6 {
		s.now = s.now.Add(10 * time.Minute)
		s.request("GET", "/authorize", "", first)
	}
	w := send(guarded, "GET", "/", "", first)
	second := s.cookieOf(w)
	if w.Code != http.StatusNoContent || second == "" {
		t.Fatalf("middleware: %d, cookie %q", w.Code, second)
	}
	if w := send(guarded, "GET", "/", "", second); w.Code != http.StatusNoContent {
		t.Errorf("the new token: %d", w.Code)
	}
	s.wantProblem(send(guarded, "GET", "/", "", first), http.StatusForbidden, "reauthentication-required", "")
}

// A route's demand is refused with a challenge that a program understands (RFC 9470).
func TestChallenge(t *testing.T) {
	s := newTown(t, nil)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	cookie, _ := s.enter("anne")
	s.now = s.now.Add(6 * time.Minute)
	for name, c := range map[string]struct {
		demand                session.Demand
		problem, header, body string
	}{
		"freshness": {
			session.Demand{MaxAuthAge: 5 * time.Minute},
			"reauthentication-required",
			`Coatcheck error="insufficient_user_authentication", error_description="A fresh sign-in is needed", max_age="300"`, `"max_age":300`,
		},
		"role": {
			session.Demand{AnyRole: []string{"boss", "chief"}},
			"forbidden",
			`Coatcheck error="insufficient_scope", error_description="One of these roles is needed", scope="boss chief"`, `"roles":["boss","chief"]`,
		},
	} {
		w := send(s.api.RequireSession(ok, c.demand), "GET", "/x?y=1", "", cookie)
		s.wantProblem(w, http.StatusForbidden, c.problem, "")
		if got := w.Header().Get("WWW-Authenticate"); got != c.header || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s: %s, %s", name, got, w.Body)
		}
	}
	w := send(s.api.RequireSession(ok, session.Demand{MaxAuthAge: time.Minute}), "GET", "/x?y=1", "", cookie, "Accept: text/html")
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `href="/login/reauth?return_to=%2Fx%3Fy%3D1"`) {
		t.Errorf("the page: %d %s", w.Code, w.Body)
	}
	w = s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`","transport":"bearer"}`, asJSON)
	bearer := "Authorization: Bearer " + s.body(w)["token"].(string)
	w = send(s.api.RequireSession(ok, session.Demand{AnyRole: []string{"boss"}}), "GET", "/", "", bearer)
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer error="insufficient_scope"`) {
		t.Errorf("bearer: %s", got)
	}
}

func TestReauth(t *testing.T) {
	s := newTown(t, nil)
	first, id := s.enter("anne")
	s.now = s.now.Add(14 * time.Minute)
	s.wantProblem(s.post("/login/reauth", `{"password":"wrong"}`, first), http.StatusUnauthorized, "credentials-refused", "")
	s.wantProblem(s.post("/login/reauth", `{}`, first), http.StatusBadRequest, "invalid", "")
	s.wantSession(first, "")
	w := s.post("/login/reauth", `{"password":"`+firstPhrase+`"}`, first)
	second := s.cookieOf(w)
	if w.Code != http.StatusOK || second == "" || s.body(w)["session"].(map[string]any)["id"] == id {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantSession(first, "replaced")
	s.wantSession(second, "")
	s.wantProblem(s.post("/login/reauth", `{"password":"`+firstPhrase+`"}`, first), http.StatusUnauthorized, "no-session", "replaced")

	form := url.Values{"password": {firstPhrase}, "return_to": {"/reports"}}.Encode()
	w = s.request("POST", "/login/reauth", form, second, asForm, fromUs)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/reports" || s.cookieOf(w) == "" {
		t.Errorf("form: %d %s", w.Code, w.Header())
	}
	third := s.cookieOf(w)
	w = s.request("POST", "/login/reauth", "password=wrong&return_to=%2Freports", third, asForm, fromUs)
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `value="/reports"`) || !strings.Contains(w.Body.String(), `role="alert"`) {
		t.Errorf("form, wrong password: %d %s", w.Code, w.Body)
	}
	w = s.request("GET", "/login/reauth?return_to=//evil.example", "", third, "Accept: text/html")
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "evil") {
		t.Errorf("page: %d %s", w.Code, w.Body)
	}
}

// A bearer session steps up to a bearer session, whose token is in the body.
func TestReauthOfAProgram(t *testing.T) {
	s := newTown(t, nil)
	w := s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`","transport":"bearer"}`, asJSON)
	bearer := "Authorization: Bearer " + s.body(w)["token"].(string)
	w = s.request("POST", "/login/reauth", `{"password":"`+firstPhrase+`"}`, bearer, asJSON)
	token, _ := s.body(w)["token"].(string)
	if w.Code != http.StatusOK || s.cookieOf(w) != "" || token == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantSession(bearer, "replaced")
	s.wantSession("Authorization: Bearer "+token, "")
}

// What changes something is refused from another site, and without a session.
func TestOwnRoutesAreGuarded(t *testing.T) {
	s := newTown(t, nil)
	cookie, id := s.enter("anne")
	_, other := s.enter("anne")
	for _, route := range []string{
		"POST /login/reauth", "POST /account/password", "POST /account/sessions/end-others",
		"DELETE /account/sessions/" + other, "POST /account/sessions/" + id + "/end",
	} {
		method, path, _ := strings.Cut(route, " ")
		const body = `{"password":"x","current_password":"x","new_password":"x"}`
		if strings.Contains(path, "reauth") {
			s.wantProblem(s.request(method, path, `{"password":"x"}`, cookie, asJSON, fromThem), http.StatusForbidden, "cross-site", "")
			s.wantProblem(s.request(method, path, `{"password":"x"}`, asJSON, fromUs), http.StatusUnauthorized, "no-session", "")
			if w := s.request(method, path, "password=x", cookie, asForm); w.Code != http.StatusForbidden {
				t.Errorf("a form from nowhere: %d", w.Code)
			}
			continue
		}
		sent := ""
		if strings.Contains(path, "password") {
			sent = strings.ReplaceAll(body, `"password":"x",`, "")
		}
		s.wantProblem(s.request(method, path, sent, cookie, asJSON, fromThem), http.StatusForbidden, "cross-site", "")
		s.wantProblem(s.request(method, path, sent, cookie, asJSON), http.StatusForbidden, "cross-site", "")
		s.wantProblem(s.request(method, path, sent, asJSON, fromUs), http.StatusUnauthorized, "no-session", "")
	}
	s.wantSession(cookie, "")
	for _, path := range []string{"/account", "/account/sessions", "/login/reauth"} {
		s.wantProblem(s.request("GET", path, ""), http.StatusUnauthorized, "no-session", "")
	}
}

func TestOwnSessions(t *testing.T) {
	s := newTown(t, nil)
	laptop, laptopID := s.enter("anne")
	phone, phoneID := s.enter("anne")
	bert, bertID := s.enter("bert")
	w := s.request("GET", "/account/sessions", "", laptop)
	rows := s.body(w)["sessions"].([]any)
	current := map[string]any{}
	for _, row := range rows {
		row := row.(map[string]any)
		current[row["id"].(string)] = row["current"]
	}
	if len(rows) != 2 || current[laptopID] != true || current[phoneID] != false {
		t.Errorf("list: %s", w.Body)
	}
	calls := s.store.calls.Load()
	for _, id := range []string{bertID, "x", strings.Repeat("A", 36)} {
		s.wantProblem(s.request("DELETE", "/account/sessions/"+id, "", laptop, fromUs), http.StatusNotFound, "not-found", "")
	}
	if n := s.store.calls.Load() - calls; n != 3 {
		t.Errorf("%d calls of the store: want the 3 look-ups and no write", n)
	}
	if w := s.request("DELETE", "/account/sessions/"+phoneID, "", laptop, fromUs); w.Code != http.StatusNoContent || s.cookieOf(w) != "" {
		t.Errorf("end another: %d", w.Code)
	}
	s.wantSession(phone, "ended_by_user")
	s.wantSession(bert, "")
	third, _ := s.enter("anne")
	if w := s.post("/account/sessions/end-others", "", laptop); w.Code != http.StatusOK || s.body(w)["ended"] != 1.0 {
		t.Errorf("end others: %d %s", w.Code, w.Body)
	}
	s.wantSession(third, "ended_by_user")
	s.wantSession(laptop, "")
	w = s.request("DELETE", "/account/sessions/"+laptopID, "", laptop, fromUs)
	if set := w.Result().Cookies(); w.Code != http.StatusNoContent || len(set) != 1 || set[0].MaxAge >= 0 {
		t.Errorf("end this one: %d, cookies %v", w.Code, set)
	}
	s.wantSession(laptop, "signed_out")
}

// The page shows the devices, and its forms work without scripts.
func TestAccountPage(t *testing.T) {
	s := newTown(t, nil)
	cookie, id := s.enter("anne")
	other, otherID := s.enter("anne")
	page := s.request("GET", "/account", "", cookie, "Accept: text/html")
	for _, want := range []string{
		"This device", "Another device", `action="/account/sessions/` + otherID + `/end"`,
		`action="/account/sessions/end-others"`, `action="/account/password"`, "<h1>Your account</h1>",
	} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	w := s.request("POST", "/account/sessions/"+otherID+"/end", "", cookie, asForm, fromUs)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/account" {
		t.Errorf("end another: %d %v", w.Code, w.Header())
	}
	s.wantSession(other, "ended_by_user")
	w = s.request("POST", "/account/sessions/end-others", "", cookie, asForm, fromUs)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/account" {
		t.Errorf("end others: %d %v", w.Code, w.Header())
	}
	w = s.request("POST", "/account/password", "current_password=wrong&new_password="+url.QueryEscape(secondPhrase), cookie, asForm, fromUs)
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `role="alert"`) || strings.Contains(w.Body.String(), "amber") {
		t.Errorf("wrong password: %d %s", w.Code, w.Body)
	}
	w = s.request("POST", "/account/sessions/"+id+"/end", "", cookie, asForm, fromUs)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
		t.Errorf("end this one: %d %v", w.Code, w.Header())
	}
}

func change(current, fresh, others string) string {
	return `{"current_password":"` + current + `","new_password":"` + fresh + `"` + others + `}`
}

func TestPasswordChange(t *testing.T) {
	for name, c := range map[string]struct{ others, other string }{
		"others end unless told otherwise": {"", "password_changed"},
		"others end":                       {`,"end_others":true`, "password_changed"},
		"others stay":                      {`,"end_others":false`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTown(t, nil)
			first, _ := s.enter("anne")
			other, _ := s.enter("anne")
			w := s.post("/account/password", change(firstPhrase, secondPhrase, c.others), first)
			second := s.cookieOf(w)
			if w.Code != http.StatusOK || second == "" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			s.wantSession(first, "replaced")
			s.wantSession(second, "")
			s.wantSession(other, c.other)
			s.wantProblem(s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`"}`, asJSON),
				http.StatusUnauthorized, "credentials-refused", "")
		})
	}
}

func TestPasswordChangeRefused(t *testing.T) {
	s := newTown(t, nil)
	cookie, _ := s.enter("anne")
	for name, c := range map[string]struct {
		body   string
		status int
		name   string
	}{
		"wrong":    {change("wrong", secondPhrase, ""), http.StatusUnauthorized, "credentials-refused"},
		"short":    {change(firstPhrase, "short", ""), http.StatusBadRequest, "invalid"},
		"no new":   {`{"current_password":"x"}`, http.StatusBadRequest, "invalid"},
		"null":     {`{"current_password":null,"new_password":"x"}`, http.StatusBadRequest, "invalid"},
		"a number": {change(firstPhrase, secondPhrase, `,"end_others":1`), http.StatusBadRequest, "invalid"},
	} {
		w := s.post("/account/password", c.body, cookie)
		s.wantProblem(w, c.status, c.name, "")
		if strings.Contains(w.Body.String(), "amber") {
			t.Errorf("%s: the answer has the password", name)
		}
	}
	s.wantSession(cookie, "")
}

// The store fails at each of the calls of a password change; sending the same again
// completes it.
func TestPasswordChangeRepeated(t *testing.T) {
	for n := range 7 {
		s := newTown(t, nil)
		first, _ := s.enter("anne")
		other, _ := s.enter("anne")
		s.store.failAt(int64(n))
		w := s.post("/account/password", change(firstPhrase, secondPhrase, ""), first)
		s.store.failAt(-1)
		if w.Code == http.StatusOK {
			if n < 5 && n != 1 { // the fence, which is tried again
				t.Errorf("call %d failed and nobody noticed", n)
			}
			continue
		}
		s.wantProblem(w, http.StatusServiceUnavailable, "unavailable", "")
		w = s.post("/account/password", change(firstPhrase, secondPhrase, ""), first)
		if w.Code != http.StatusOK {
			t.Errorf("call %d failed, then: %d %s", n, w.Code, w.Body)
			continue
		}
		s.wantSession(s.cookieOf(w), "")
		s.wantSession(other, "password_changed")
	}
}

// Passive requests, by header and by route, do not keep a session alive.
func TestPassive(t *testing.T) {
	for name, ask := range map[string]func(s *town, cookie string) *httptest.ResponseRecorder{
		"header": func(s *town, cookie string) *httptest.ResponseRecorder {
			return s.request("GET", "/session", "", cookie, "Coatcheck-Passive: 1")
		},
		"route": func(s *town, cookie string) *httptest.ResponseRecorder {
			ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			return send(s.api.RequireSession(ok, session.Demand{}), "GET", "/notifications/7?x", "", cookie)
		},
		"forward-auth": func(s *town, cookie string) *httptest.ResponseRecorder {
			return s.request("GET", "/authorize", "", cookie, "X-Forwarded-Uri: /notifications/7?x", "X-Forwarded-Method: GET")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTown(t, func(o *httpapi.Options) { o.Routes = routesOf(t, "GET /notifications/{id} passive") })
			cookie, _ := s.enter("anne")
			for range 7 {
				if w := ask(s, cookie); w.Code >= 300 {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				s.now = s.now.Add(2 * time.Minute)
			}
			s.now = s.now.Add(time.Minute)
			s.wantSession(cookie, "idle_timeout")
		})
	}
}

func routesOf(t *testing.T, entries ...string) inbound.Routes {
	t.Helper()
	routes, err := inbound.ParseRoutes(entries)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// A logout with a token that was replaced is a logout, or the alarm.
func TestLogoutWithAReplacedToken(t *testing.T) {
	for name, c := range map[string]struct {
		after  time.Duration
		reason string
	}{
		"in the grace": {20 * time.Second, "signed_out"}, "after it": {40 * time.Second, "token_reuse"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTown(t, nil)
			first, _ := s.enter("anne")
			for range 6 {
				s.now = s.now.Add(10 * time.Minute)
				s.request("GET", "/authorize", "", first)
			}
			second := s.cookieOf(s.request("GET", "/session", "", first))
			s.wantSession(second, "")
			s.now = s.now.Add(c.after)
			if w := s.request("POST", "/logout", "", first, fromUs); w.Code != http.StatusNoContent {
				t.Errorf("logout: %d", w.Code)
			}
			s.wantSession(second, c.reason)
		})
	}
}

// names of an answer's sessions.
func idsOf(rows any) []string {
	var ids []string
	for _, row := range rows.([]any) {
		ids = append(ids, row.(map[string]any)["id"].(string))
	}
	slices.Sort(ids)
	return ids
}
