package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// What is ours under any method is ours; all else is the application's, / included.
func TestInFront(t *testing.T) {
	s := newSite(t, nil)
	asked := ""
	front := s.api.InFront(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.Path }))
	cookie, _ := s.signIn("owner@a")
	for _, c := range []struct {
		method, path string
		status       int
		app          bool
	}{
		{"GET", "/", 200, true},
		{"GET", "/orders", 200, true},
		{"POST", "/orders", 200, true},
		{"PURGE", "/orders", 200, true},
		{"GET", "/login", 200, false},
		{"HEAD", "/login", 200, false},
		{"GET", "/%6Cogin", 200, false},
		{"DELETE", "/login", 405, false},
		{"GET", "/logout", 405, false},
		{"GET", "/session", 200, false},
		{"GET", "/account", 200, false},
		{"GET", "/healthz", 200, false},
		{"GET", "/admin/sessions", 200, false},
		{"GET", "/x/../login", 307, false},
		{"GET", "/login/", 200, true},
		{"GET", "/Login", 200, true},
		{"GET", "/admin", 200, true},
		{"GET", "/setup", 200, true}, // there is no set-up
		{"GET", "//orders", 200, true},
	} {
		asked = ""
		w := send(front, c.method, c.path, "", cookie, fromUs)
		if w.Code != c.status || (asked != "") != c.app {
			t.Errorf("%s %s: %d %s, the application was asked for %q", c.method, c.path, w.Code, w.Body, asked)
		}
		if ours := w.Header().Get("X-Frame-Options") != ""; ours == c.app {
			t.Errorf("%s %s: headers %v", c.method, c.path, w.Header())
		}
	}
}

func TestInFrontProtects(t *testing.T) {
	s := newSite(t, nil)
	front := s.api.InFront(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the application was asked") }))
	s.wantProblem(send(front, "GET", "/", ""), 401, "no-session", "")
	if w := send(front, "GET", "/", "", "Accept: text/html"); w.Code != 303 || w.Header().Get("Location") != "/login?return_to=%2F" {
		t.Errorf("a person: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// A target that is no path is for no route, ours or the application's.
func TestInFrontWantsAPath(t *testing.T) {
	s := newSite(t, nil)
	front := s.api.InFront(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the application was asked") }))
	cookie, _ := s.signIn("owner@a")
	for _, target := range []*url.URL{{Host: "other.example:443"}, {Path: "*"}, {Scheme: "http", Opaque: "orders"}} {
		r := httptest.NewRequest("GET", "/", http.NoBody)
		r.URL = target
		r.Header.Set("Cookie", strings.TrimPrefix(cookie, "Cookie: "))
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		s.wantProblem(w, 400, "ambiguous-path", "")
	}
}

// Without an application in front of which we are, / still leads to a page of ours.
func TestHome(t *testing.T) {
	s := newSite(t, nil)
	for name, h := range map[string]http.Handler{"Handler": s.api.Handler(), "PublicHandler": s.api.PublicHandler()} {
		if w := send(h, "GET", "/", ""); w.Code != 303 || w.Header().Get("Location") != "/login" {
			t.Errorf("%s: %d to %q", name, w.Code, w.Header().Get("Location"))
		}
	}
	s.wantProblem(send(s.api.AdminHandler(), "GET", "/", ""), 404, "not-found", "")
}

func TestUnreachable(t *testing.T) {
	s := newSite(t, nil)
	cause := errors.New("connection refused")
	app := s.api.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.api.Unreachable(w, r, cause) }))
	cookie, _ := s.signIn("viewer@a")
	w := send(app, "GET", "/", "", cookie)
	s.wantProblem(w, 502, "upstream", "")
	if strings.Contains(w.Body.String(), "refused") || strings.Count(s.log.String(), "connection refused") != 1 {
		t.Errorf("answer %s, log %s", w.Body, s.log)
	}
	if name := strings.TrimPrefix(s.body(w)["instance"].(string), "urn:coatcheck:request:"); !strings.Contains(s.log.String(), `"request":"`+name+`"`) {
		t.Errorf("the log does not name %s: %s", name, s.log)
	}
	page := send(app, "GET", "/", "", cookie, "Accept: text/html")
	if page.Code != 502 || !strings.Contains(page.Body.String(), "The application does not answer") || page.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("a person gets %d %s", page.Code, page.Body)
	}
	s.log.Reset()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.api.Unreachable(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, "GET", "/", http.NoBody), cause)
	if s.log.Len() > 0 {
		t.Errorf("a client that hung up is logged: %s", s.log)
	}
}

// A request that goes on is checked by the demand of its route, as often as one likes.
func TestRecheckByRoute(t *testing.T) {
	routes, err := inbound.ParseRoutes([]string{"GET /open optional", "GET /lounge role=coatcheck:viewer", "GET /fresh max-age=5m"})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(o *httpapi.Options) { o.Routes = routes })
	cookie, view := s.signIn("viewer@a")
	id, err := session.ParseID(view["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	going := map[string]*http.Request{}
	app := s.api.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { going[r.URL.String()] = r }))
	for _, path := range []string{"/", "/lounge", "/fresh", "/open?mine"} {
		send(app, "GET", path, "", cookie)
	}
	send(app, "GET", "/open?nobodys", "")
	check := func(when string, want map[string]session.Outcome) {
		t.Helper()
		for path, outcome := range want {
			if err := s.api.Recheck(going[path]); session.OutcomeOf(err) != outcome {
				t.Errorf("%s, %s: %v, want %s", when, path, err, outcome)
			}
		}
	}
	check("at once", map[string]session.Outcome{"/": "allowed", "/lounge": "allowed", "/fresh": "allowed", "/open?mine": "allowed", "/open?nobodys": "allowed"})
	s.now = s.now.Add(5 * time.Minute)
	check("after five minutes", map[string]session.Outcome{"/": "allowed", "/lounge": "allowed", "/fresh": "forbidden", "/open?mine": "allowed", "/open?nobodys": "allowed"})
	s.store.down.Store(true)
	check("in an outage", map[string]session.Outcome{"/": "unavailable", "/open?mine": "unavailable", "/open?nobodys": "allowed"})
	s.store.down.Store(false)
	if _, err := s.manager.End(t.Context(), id, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	check("ended", map[string]session.Outcome{"/": "ended", "/lounge": "ended", "/fresh": "ended", "/open?mine": "ended", "/open?nobodys": "allowed"})
}
