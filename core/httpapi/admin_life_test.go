package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

// routes are all of /admin, with the least role and whether it wants a fresh sign-in.
var adminRoutes = []struct {
	route, body string
	role        string
	fresh       bool
}{
	{"GET /admin/sessions", "", "viewer", false},
	{"GET /admin/sessions/count", "", "viewer", false},
	{"GET /admin/sessions/{id}", "", "viewer", false},
	{"GET /admin/sessions/{id}/others/count", "", "viewer", false},
	{"GET /admin/users/anne/sessions", "", "viewer", false},
	{"DELETE /admin/sessions/{id}", "", "operator", true},
	{"POST /admin/sessions/{id}/end-others", "", "operator", true},
	{"POST /admin/users/anne/end-sessions", "", "operator", true},
	{"POST /admin/end-sessions", `{"role":"nobody"}`, "operator", true},
	{"POST /admin/sweep", "", "operator", true},
	{"POST /admin/end-everyone", "", "owner", true},
	{"GET /admin/users", "", "owner", true},
	{"POST /admin/users", `{"username":"carl","password":"` + secondPhrase + `"}`, "owner", true},
	{"GET /admin/users/anne", "", "owner", true},
	{"PATCH /admin/users/anne", `{"disabled":true}`, "owner", true},
	{"POST /admin/users/anne/impersonate", "", "owner", true},
	{"GET /admin/users/anne/export", "", "owner", true},
	{"POST /admin/users/anne/erase", `{"confirm":"anne"}`, "owner", true},
}

// Each route wants its role, and a fresh sign-in where it changes something or shows
// accounts.
func TestAdminGates(t *testing.T) {
	ranks := []string{"anne", "bert", "oper", "olga"} // no role, viewer, operator, owner
	least := map[string]int{"viewer": 1, "operator": 2, "owner": 3}
	for _, c := range adminRoutes {
		for rank, name := range ranks {
			for _, fresh := range []bool{true, false} {
				s := newTown(t, nil)
				_, id := s.enter("anne")
				cookie, _ := s.enter(name)
				if !fresh {
					s.now = s.now.Add(10 * time.Minute)
					s.wantSession(cookie, "")
					s.now = s.now.Add(10 * time.Minute)
				}
				method, path, _ := strings.Cut(strings.ReplaceAll(c.route, "{id}", id), " ")
				w := s.request(method, path, c.body, cookie, asJSON, fromUs)
				switch {
				case rank < least[c.role]:
					s.wantProblem(w, http.StatusForbidden, "forbidden", "")
				case c.fresh && !fresh:
					s.wantProblem(w, http.StatusForbidden, "reauthentication-required", "")
				case w.Code >= 300:
					t.Errorf("%s by %s, fresh %t: %d %s", c.route, name, fresh, w.Code, w.Body)
				}
				if w := s.request(method, path, c.body, asJSON, fromUs); w.Code != http.StatusUnauthorized {
					t.Errorf("%s by nobody: %d", c.route, w.Code)
				}
			}
		}
	}
}

func (s *town) admin(method, path, body, cookie string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.request(method, path, body, cookie, asJSON, fromUs)
}

// get reads a list's IDs.
func (s *town) ids(path, cookie string) []string {
	s.t.Helper()
	w := s.admin("GET", path, "", cookie)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return idsOf(s.body(w)["sessions"])
}

func TestListAll(t *testing.T) {
	s := newTown(t, nil)
	_, anne := s.enter("anne")
	_, bert := s.enter("bert")
	olga, own := s.enter("olga")
	if w := s.admin("DELETE", "/admin/sessions/"+anne+"?reason=account_disabled", "", olga); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	sorted := func(ids ...string) []string { slices.Sort(ids); return ids }
	for query, want := range map[string][]string{
		"":                                      sorted(bert, own),
		"?status=active&role=clerk":             {bert},
		"?status=active&role=nobody":            nil,
		"?method=pwd&cursor=":                   sorted(bert, own),
		"?older_than=1h":                        nil,
		"?status=ended":                         {anne},
		"?status=ended&reason=account_disabled": {anne},
		"?status=ended&reason=signed_out":       nil,
		"?status=ended&by=operator":             nil,
		"?status=ended&by=" + url.QueryEscape("subject:"+s.subjects["olga"]): {anne},
		"?status=expired": nil,
		"?status=ended&since=2026-11-01T11:00:00Z&until=2026-11-01T13:00:00Z": {anne},
		"?status=ended&since=2026-11-01T13:00:00Z":                            nil,
	} {
		if got := s.ids("/admin/sessions"+query, olga); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	for query, want := range map[string]float64{"": 2, "?status=active": 2, "?status=ended": 1, "?status=expired": 0} {
		if w := s.admin("GET", "/admin/sessions/count"+query, "", olga); s.body(w)["count"] != want {
			t.Errorf("count%s: %s, want %v", query, w.Body, want)
		}
	}
}

// A cursor leads through every session once, and fits its own list only.
func TestListAllPages(t *testing.T) {
	s := newTown(t, nil)
	for range 5 {
		s.enter("anne")
		s.now = s.now.Add(time.Second)
	}
	olga, _ := s.enter("olga")
	var seen []string
	next := ""
	for range 10 {
		w := s.admin("GET", "/admin/sessions?limit=2"+next, "", olga)
		body := s.body(w)
		seen = append(seen, idsOf(body["sessions"])...)
		cursor, _ := body["next"].(string)
		if cursor == "" {
			break
		}
		next = "&cursor=" + url.QueryEscape(cursor)
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 6 || len(seen) != 6 {
		t.Errorf("saw %d sessions: want 6, each once", len(seen))
	}
	cursor := s.body(s.admin("GET", "/admin/sessions?limit=2", "", olga))["next"].(string)
	for _, other := range []string{
		"/admin/sessions?role=clerk&cursor=" + cursor, "/admin/sessions?status=expired&cursor=" + cursor,
		"/admin/sessions?since=2026-11-01T00:00:00Z&cursor=" + cursor, "/admin/users/anne/sessions?cursor=" + cursor,
		"/admin/users?cursor=" + cursor, "/admin/sessions?cursor=" + cursor[:len(cursor)-2] + "AA", "/admin/sessions?cursor=x",
	} {
		s.wantProblem(s.admin("GET", other, "", olga), http.StatusBadRequest, "invalid", "")
	}
	for _, body := range []string{`{"all":true,"cursor":"` + cursor + `"}`, `{"role":"clerk","dry_run":true,"cursor":"` + cursor + `"}`} {
		s.wantProblem(s.admin("POST", "/admin/end-sessions", body, olga), http.StatusBadRequest, "invalid", "")
	}
	dry := s.body(s.admin("POST", "/admin/end-sessions", `{"role":"clerk","dry_run":true,"limit":1}`, olga))["next"].(string)
	s.wantProblem(s.admin("POST", "/admin/end-sessions", `{"role":"clerk","limit":1,"cursor":"`+dry+`"}`, olga), http.StatusBadRequest, "invalid", "")
}

// What cannot be is refused with a sentence that says what to do, and nothing is done.
func TestAdminBadInput(t *testing.T) {
	s := newTown(t, nil)
	anne, id := s.enter("anne")
	olga, own := s.enter("olga")
	for request, want := range map[string]string{
		"GET /admin/sessions?status=odd ":                                            "want active, expired or ended",
		"GET /admin/sessions?since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z ": "until is not after since",
		"GET /admin/sessions?since=yesterday ":                                       "RFC 3339",
		"GET /admin/sessions?limit=0 ":                                               "1 to 200",
		"GET /admin/sessions?limit=201 ":                                             "1 to 200",
		"GET /admin/sessions?role=a&role=b ":                                         "twice",
		"GET /admin/sessions?color=red ":                                             "known are",
		"GET /admin/sessions?status=ended&reason=odd ":                               "want one of signed_out",
		"GET /admin/sessions?reason=signed_out ":                                     "ended sessions only",
		"GET /admin/sessions?by=operator ":                                           "ended sessions only",
		"GET /admin/sessions?status=ended&by=" + strings.Repeat("b", 161) + " ":      "at most 160",
		"GET /admin/users?changes=yes ":                                              "true or false",
		"GET /admin/sessions?older_than=soon ":                                       "such as 90m",
		"GET /admin/sessions?role=" + strings.Repeat("r", 33) + " ":                  "1 to 32",
		"GET /admin/sessions/count?status=odd ":                                      "want active",
		"DELETE /admin/sessions/" + id + "?reason=token_reuse ":                      "want one of",
		"POST /admin/users/anne/end-sessions {\"reason\":\"boredom\"}":               "want one of",
		"POST /admin/end-sessions {}":                                                "fits every session",
		"POST /admin/end-sessions {\"dry_run\":true}":                                "fits every session",
		"POST /admin/end-sessions {\"all\":true,\"role\":\"clerk\"}":                 "say one of the two",
		"POST /admin/end-sessions {\"account\":\"odd\"}":                             "missing",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"reason\":\"replaced\"}":      "want one of",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"limit\":1001}":               "limit is 1001: want 1 to 1000",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"limit\":0}":                  "limit is 0: want 1 to 1000",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"limit\":-1}":                 "limit is -1: want 1 to 1000",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"limit\":null}":               "whole number",
		"POST /admin/end-sessions {\"role\":\"clerk\",\"limit\":\"1\"}":              "whole number",
		"POST /admin/end-sessions {\"older_than\":\"-1h\"}":                          "such as 90m",
		"POST /admin/end-everyone {\"sure\":true}":                                   "unknown field",
		"PATCH /admin/users/anne {}":                                                 "nothing to change",
		"PATCH /admin/users/anne {\"roles\":[\"" + strings.Repeat("r", 33) + "\"]}":  "1 to 32",
		"PATCH /admin/users/anne {\"roles\":null}":                                   "wrong type",
		"PATCH /admin/users/anne {\"disabled\":\"yes\"}":                             "true or false",
		"PATCH /admin/users/anne {\"password\":\"short\"}":                           "too short",
		"POST /admin/users/anne/impersonate {\"transport\":\"pigeon\"}":              "cookie",
		"POST /admin/users/olga/impersonate ":                                        "oneself",
	} {
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		w := s.admin(method, path, body, olga)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want 400 with %q", request, w.Code, w.Body, want)
		}
	}
	for _, request := range []string{
		"GET /admin/sessions/x", "GET /admin/sessions/x/others/count", "DELETE /admin/sessions/x", "POST /admin/sessions/x/end-others",
		"GET /admin/sessions/" + strings.Repeat("A", 36) + "/others/count",
		"POST /admin/sessions/" + strings.Repeat("A", 36) + "/end-others", "PATCH /admin/users/nobody", "GET /admin/users/nobody",
		"POST /admin/users/nobody/impersonate",
	} {
		method, path, _ := strings.Cut(request, " ")
		body := ""
		if method == "PATCH" {
			body = `{"disabled":true}`
		}
		s.wantProblem(s.admin(method, path, body, olga), http.StatusNotFound, "not-found", "")
	}
	for _, body := range []string{`{"disabled":true}`, `{"roles":[]}`, `{"password":"` + secondPhrase + `"}`} {
		if w := s.admin("PATCH", "/admin/users/olga", body, olga); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another owner") {
			t.Errorf("oneself: %d %s", w.Code, w.Body)
		}
	}
	s.wantSession(anne, "")
	s.wantSession(olga, "")
	_ = own
}

func TestEndWhere(t *testing.T) {
	s := newTown(t, nil)
	var annes []string
	for range 3 {
		cookie, _ := s.enter("anne")
		annes = append(annes, cookie)
	}
	bert, _ := s.enter("bert")
	olga, _ := s.enter("olga")
	const where = `{"role":"clerk","limit":2%s}`
	walk := func(extra string) (matched, ended int) {
		next := ""
		for range 10 {
			w := s.admin("POST", "/admin/end-sessions", fmt.Sprintf(where, extra+next), olga)
			body := s.body(w)
			if w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			matched += int(body["matched"].(float64))
			ended += int(body["ended"].(float64))
			if len(body["sessions"].([]any)) != int(body["matched"].(float64)) {
				t.Errorf("the list is not what matched: %s", w.Body)
			}
			cursor, _ := body["next"].(string)
			if cursor == "" {
				break
			}
			next = `,"cursor":"` + cursor + `"`
		}
		return matched, ended
	}
	if matched, ended := walk(`,"dry_run":true`); matched != 4 || ended != 0 {
		t.Errorf("dry run: %d, %d", matched, ended)
	}
	s.wantSession(bert, "")
	if matched, ended := walk(`,"reason":"roles_changed"`); matched != 4 || ended != 4 {
		t.Errorf("walk: %d, %d", matched, ended)
	}
	for _, cookie := range append(annes, bert) {
		s.wantSession(cookie, "roles_changed")
	}
	s.wantSession(olga, "")
	if matched, _ := walk(""); matched != 0 {
		t.Errorf("again: %d", matched)
	}
}

// Sessions whose user is gone or disabled, which can only be so by another hand.
func TestEndWhereByAccount(t *testing.T) {
	s := newTown(t, nil)
	anne, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	account, err := s.accounts.Get(t.Context(), s.subjects["anne"])
	if err != nil {
		t.Fatal(err)
	}
	account.Disabled = true
	if err := s.accounts.Update(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]float64{"missing": 0, "disabled": 1} {
		w := s.admin("POST", "/admin/end-sessions", `{"account":"`+state+`"}`, olga)
		if w.Code != http.StatusOK || s.body(w)["ended"] != want {
			t.Errorf("%s: %d %s", state, w.Code, w.Body)
		}
	}
	s.wantSession(anne, "ended_by_admin")
}

func TestEndEveryone(t *testing.T) {
	s := newTown(t, nil)
	anne, annesID := s.enter("anne")
	olga, _ := s.enter("olga")
	s.now = s.now.Add(time.Minute)
	if w := s.admin("POST", "/admin/end-everyone", "", olga); w.Code != http.StatusOK || s.body(w)["endedBefore"] != "2026-11-01T12:01:00Z" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantSession(anne, "ended_everywhere")
	s.wantSession(olga, "ended_everywhere")
	olga, own := s.enter("olga")
	// Who ended everybody, and from where, stands on his own session at once.
	who := "/admin/sessions?status=ended&reason=ended_everywhere&by=" + url.QueryEscape("subject:"+s.subjects["olga"])
	if w := s.admin("GET", who, "", olga); strings.Count(w.Body.String(), `"endedFrom":"192.0.2.1"`) != 1 || strings.Contains(w.Body.String(), annesID) {
		t.Errorf("who ended everybody: %s", w.Body)
	}
	if got := s.ids("/admin/sessions", olga); !slices.Equal(got, []string{own}) {
		t.Errorf("active before the sweep: %v", got)
	}
	w := s.admin("POST", "/admin/sweep", "", olga)
	if w.Code != http.StatusOK || s.body(w)["ended"] != 1.0 {
		t.Errorf("sweep: %d %s", w.Code, w.Body)
	}
	if got := s.ids("/admin/sessions?status=ended&reason=ended_everywhere", olga); len(got) != 2 || !slices.Contains(got, annesID) {
		t.Errorf("ended: %v", got)
	}
	if w := s.admin("POST", "/admin/sweep", "{}", olga); s.body(w)["ended"] != 0.0 {
		t.Errorf("sweep again: %s", w.Body)
	}
}

func TestEndOthersOf(t *testing.T) {
	s := newTown(t, nil)
	kept, id := s.enter("anne")
	other, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	if w := s.admin("POST", "/admin/sessions/"+id+"/end-others", "", olga); w.Code != http.StatusOK || s.body(w)["ended"] != 1.0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.wantSession(kept, "")
	s.wantSession(other, "ended_by_admin")
}

// What becomes of a user holds on the very next request.
func TestChangeUser(t *testing.T) {
	for body, c := range map[string]struct{ reason, signIn string }{
		`{"disabled":true}`:                   {"account_disabled", "credentials-refused"},
		`{"roles":["boss"]}`:                  {"roles_changed", ""},
		`{"password":"` + secondPhrase + `"}`: {"password_changed", "credentials-refused"},
		`{"roles":["boss"],"disabled":true}`:  {"account_disabled", "credentials-refused"},
	} {
		s := newTown(t, nil)
		anne, _ := s.enter("anne")
		olga, _ := s.enter("olga")
		w := s.admin("PATCH", "/admin/users/anne", body, olga)
		if w.Code != http.StatusOK || s.body(w)["ended"] != 1.0 || strings.Contains(w.Body.String(), "amber") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
		s.wantSession(anne, c.reason)
		w = s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`"}`, asJSON)
		if c.signIn != "" {
			s.wantProblem(w, http.StatusUnauthorized, c.signIn, "")
		} else if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"roles":["boss"]`) {
			t.Errorf("%s, then sign in: %d %s", body, w.Code, w.Body)
		}
	}
}

// The store fails while a user is disabled: repeating it finishes the job.
func TestDisableRepeated(t *testing.T) {
	s := newTown(t, nil)
	anne, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	s.store.failAt(2) // after the caller's own look-up and the fence
	s.wantProblem(s.admin("PATCH", "/admin/users/anne", `{"disabled":true}`, olga), http.StatusServiceUnavailable, "unavailable", "")
	if w := s.admin("PATCH", "/admin/users/anne", `{"disabled":true}`, olga); w.Code != http.StatusOK {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	s.wantSession(anne, "account_disabled")
}

func TestUsersAndChanges(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	var names []string
	next := ""
	for range 10 {
		body := s.body(s.admin("GET", "/admin/users?limit=3"+next, "", olga))
		for _, row := range body["users"].([]any) {
			names = append(names, row.(map[string]any)["username"].(string))
		}
		cursor, _ := body["next"].(string)
		if cursor == "" {
			break
		}
		next = "&cursor=" + cursor
	}
	if slices.Sort(names); !slices.Equal(names, []string{"anne", "bert", "olga", "oper"}) {
		t.Errorf("users: %v", names)
	}
	s.admin("PATCH", "/admin/users/anne", `{"roles":["boss"]}`, olga)
	w := s.admin("GET", "/admin/users/anne", "", olga)
	changes := s.body(w)["user"].(map[string]any)["changes"].([]any)
	last := changes[len(changes)-1].(map[string]any)
	if len(changes) != 2 || last["what"] != "roles: boss" || last["by"] != "subject:"+s.subjects["olga"] || strings.Contains(w.Body.String(), "plain") {
		t.Errorf("%s", w.Body)
	}
}

func TestImpersonate(t *testing.T) {
	s := newTown(t, nil)
	anne, _ := s.enter("anne")
	olga, own := s.enter("olga")
	w := s.admin("POST", "/admin/users/bert/impersonate", "", olga)
	acting := s.cookieOf(w)
	if w.Code != http.StatusOK || acting == "" || acting == olga {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	view := s.body(w)["session"].(map[string]any)
	if view["subject"] != s.subjects["bert"] || view["actor"] != own || fmt.Sprint(view["roles"]) != "[clerk]" {
		t.Errorf("the session: %v", view)
	}
	s.wantSession(acting, "")
	s.wantSession(olga, "")
	// It reads as the user, and changes nothing of his.
	if got := s.ids("/account/sessions", acting); len(got) != 1 {
		t.Errorf("own sessions: %v", got)
	}
	for _, request := range []string{
		"POST /account/sessions/end-others ", "POST /login/reauth {\"password\":\"x\"}",
		"POST /account/password " + change(firstPhrase, secondPhrase, ""), "DELETE /account/sessions/" + view["id"].(string) + " ",
	} {
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		s.wantProblem(s.admin(method, path, body, acting), http.StatusForbidden, "acting", "")
	}
	if page := s.request("GET", "/account", "", acting, "Accept: text/html"); !strings.Contains(page.Body.String(), "An operator acts") ||
		strings.Contains(page.Body.String(), "<form") {
		t.Errorf("page: %s", page.Body)
	}
	// Bert sees it, and so do operators.
	bert, _ := s.enter("bert")
	if page := s.request("GET", "/account", "", bert, "Accept: text/html"); !strings.Contains(page.Body.String(), "An operator, acting as you") {
		t.Error("the user does not see that somebody acts as him")
	}
	if w := s.admin("GET", "/admin/sessions", "", olga); !strings.Contains(w.Body.String(), `"actor":"`+own+`"`) {
		t.Errorf("operators see: %s", w.Body)
	}
	// It has none of the product's roles, and lives as long as the actor's own.
	s.wantProblem(s.admin("GET", "/admin/sessions", "", acting), http.StatusForbidden, "forbidden", "")
	if w := s.request("POST", "/logout", "", olga, fromUs); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	s.wantSession(acting, "signed_out")
	s.wantSession(anne, "")
}

func TestImpersonateTheDisabled(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	if w := s.admin("PATCH", "/admin/users/bert", `{"disabled":true}`, olga); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.wantProblem(s.admin("POST", "/admin/users/bert/impersonate", "", olga), http.StatusBadRequest, "invalid", "")
}

// The owner's own token is due for renewal in the request that begins to act: the
// browser gets one cookie, that of the acted session.
func TestImpersonateSetsOneCookie(t *testing.T) {
	s := newTown(t, nil)
	s.govern(session.Policy{RotateEvery: 5 * time.Minute})
	olga, _ := s.enter("olga")
	s.now = s.now.Add(6 * time.Minute)
	w := s.admin("POST", "/admin/users/bert/impersonate", "", olga)
	if got := w.Header()["Set-Cookie"]; w.Code != http.StatusOK || len(got) != 1 {
		t.Fatalf("%d, cookies %q", w.Code, got)
	}
	if body := s.request("GET", "/session", "", s.cookieOf(w)).Body.String(); !strings.Contains(body, s.subjects["bert"]) {
		t.Errorf("the cookie is of %s", body)
	}
}

// Who leaves the acted session in a browser has left his own, too; a program has not.
func TestLeavingAnActedSession(t *testing.T) {
	for transport, reason := range map[string]string{"cookie": "signed_out", "bearer": ""} {
		s := newTown(t, nil)
		olga, _ := s.enter("olga")
		w := s.admin("POST", "/admin/users/anne/impersonate", `{"transport":"`+transport+`"}`, olga)
		acting := s.cookieOf(w)
		if transport == "bearer" {
			acting = "Authorization: Bearer " + s.body(w)["token"].(string)
		}
		s.wantSession(acting, "")
		if w := s.request("POST", "/logout", "", acting, fromUs); w.Code != http.StatusNoContent {
			t.Fatal(w.Code)
		}
		s.wantSession(acting, "signed_out")
		s.wantSession(olga, reason)
	}
}

// The guarded socket has no session to act from, and is let at any account.
func TestOperatorsSocket(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	h := s.api.OperatorHandler()
	if w := send(h, "POST", "/admin/users/anne/impersonate", "", asJSON); w.Code != http.StatusBadRequest {
		t.Errorf("act: %d %s", w.Code, w.Body)
	}
	if w := send(h, "PATCH", "/admin/users/olga", `{"disabled":true}`, asJSON); w.Code != http.StatusOK {
		t.Errorf("disable: %d %s", w.Code, w.Body)
	}
	s.wantSession(olga, "account_disabled")
}

// Users of the application's own are named by their subject, and have no accounts here.
func TestAdminWithoutADirectory(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Directory = nil })
	cookie, _ := s.signIn("owner")
	anne, _ := s.signIn("anne")
	w := s.request("POST", "/admin/users/sub-anne/end-sessions", `{"reason":"account_disabled"}`, cookie, asJSON, fromUs)
	if w.Code != http.StatusOK || s.body(w)["ended"] != 1.0 {
		t.Errorf("end: %d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("GET", "/session", "", anne), http.StatusUnauthorized, "no-session", "account_disabled")
	s.wantProblem(s.request("GET", "/admin/users", "", cookie), http.StatusNotFound, "not-found", "")
	s.wantProblem(s.request("POST", "/admin/end-sessions", `{"account":"missing"}`, cookie, asJSON, fromUs), http.StatusBadRequest, "invalid", "")
}

// The list of users tells what was done to each where it is asked to.
func TestUsersWithChanges(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	for query, want := range map[string]int{"": 0, "?changes=false": 0, "?changes=true": 4} {
		if w := s.admin("GET", "/admin/users"+query, "", olga); strings.Count(w.Body.String(), `"what":"added"`) != want {
			t.Errorf("%s: %s, want %d changes", query, w.Body, want)
		}
	}
}
