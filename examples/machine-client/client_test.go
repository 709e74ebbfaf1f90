package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/memory"
)

// site is Coatcheck with an API behind it, and counts sign-ins.
type site struct {
	*httptest.Server
	sessions *session.Manager
	subject  string
	signIns  int
	down     bool // the API cannot check sessions
	gateway  bool // answers refusals as an HTTP API's gateway does
}

func newSite(t *testing.T) *site {
	t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{}
	if s.sessions, err = session.New(memory.New(), keys, nil); err != nil {
		t.Fatal(err)
	}
	hasher, err := password.NewHasher(nil)
	if err != nil {
		t.Fatal(err)
	}
	accounts := memory.NewAccounts()
	machine, err := signin.NewDirectory(accounts, hasher, nil).Add(t.Context(),
		signin.NewUser{Name: "machine", Password: "correct horse battery staple"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	s.subject = machine.Subject
	api, err := httpapi.New(s.sessions, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil), Origins: []string{"https://app.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.routes(api))
	t.Cleanup(s.Close)
	return s
}

func (s *site) routes(api *httpapi.API) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api.Handler())
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s.signIns++
		api.Handler().ServeHTTP(w, r)
	})
	orders := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "orders") })
	mux.Handle("GET /orders", s.asGateway(api.RequireSession(orders, session.Demand{})))
	mux.Handle("GET /reports", s.asGateway(api.RequireSession(orders, session.Demand{AnyRole: []string{"manager"}})))
	return mux
}

func (s *site) asGateway(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		switch {
		case s.down:
			got.Code = http.StatusServiceUnavailable
		case s.gateway && got.Code == http.StatusUnauthorized:
			got.Code = http.StatusForbidden
		}
		w.WriteHeader(got.Code)
		_, _ = w.Write(got.Body.Bytes())
	})
}

func (s *site) client() *client {
	return &client{http: s.Client(), coatcheck: s.URL, username: "machine", password: "correct horse battery staple"}
}

func (s *site) want(t *testing.T, c *client, path string, status, signIns int) {
	t.Helper()
	got, body, err := c.call(t.Context(), http.MethodGet, s.URL+path)
	if err != nil || got != status || s.signIns != signIns {
		t.Fatalf("GET %s: %d %s, %v after %d sign-ins; want %d after %d", path, got, body, err, s.signIns, status, signIns)
	}
}

// One sign-in serves all calls; what is over is renewed, and what is not allowed is not.
func TestCall(t *testing.T) {
	for name, gateway := range map[string]bool{"401": false, "403 for everything": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.gateway = gateway
			c := s.client()
			s.want(t, c, "/orders", http.StatusOK, 1)
			s.want(t, c, "/orders", http.StatusOK, 1)
			s.want(t, c, "/reports", http.StatusForbidden, 1)
			if _, err := s.sessions.EndAll(t.Context(), s.subject, session.EndedByAdmin, "operator"); err != nil {
				t.Fatal(err)
			}
			s.want(t, c, "/orders", http.StatusOK, 2)
			token := c.token
			if err := c.end(t.Context()); err != nil || c.token != "" {
				t.Fatalf("end: %v, token %q", err, c.token)
			}
			if _, err := s.sessions.Lookup(t.Context(), session.Presented{Token: token, Bearer: true}); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("the session is not over: %v", err)
			}
		})
	}
}

// Nothing was decided: the token is kept, and works once sessions can be checked.
func TestUndecided(t *testing.T) {
	s := newSite(t)
	c := s.client()
	s.want(t, c, "/orders", http.StatusOK, 1)
	s.down = true
	if _, _, err := c.call(t.Context(), http.MethodGet, s.URL+"/orders"); !errors.Is(err, errUndecided) {
		t.Errorf("got %v, want errUndecided", err)
	}
	s.down = false
	s.want(t, c, "/orders", http.StatusOK, 1)
}

func TestRun(t *testing.T) {
	s := newSite(t)
	credentials := map[string]string{"MACHINE_USERNAME": "machine", "MACHINE_PASSWORD": "correct horse battery staple"}
	for _, c := range []struct {
		name, in, secret string
		out, fault       string
	}{
		{"calls", "GET /orders\nGET /reports\n", credentials["MACHINE_PASSWORD"], "200 orders\n403 ", ""},
		{"wrong password", "GET /orders\n", "not the password", "", "sign in: 401 User name or password is not right"},
		{"no password", "GET /orders\n", "", "", "MACHINE_PASSWORD is not set"},
		{"no call", "orders\n", credentials["MACHINE_PASSWORD"], "", `call "orders": want a method and a path`},
	} {
		t.Run(c.name, func(t *testing.T) {
			credentials["MACHINE_PASSWORD"] = c.secret
			var out strings.Builder
			err := run(context.Background(), []string{"--coatcheck", s.URL}, func(name string) string { return credentials[name] }, strings.NewReader(c.in), &out)
			if !strings.HasPrefix(out.String(), c.out) || (err == nil) != (c.fault == "") {
				t.Fatalf("printed %q, %v; want %q, %q", out.String(), err, c.out, c.fault)
			}
			if err != nil && (!strings.Contains(err.Error(), c.fault) || c.secret != "" && strings.Contains(err.Error(), c.secret)) {
				t.Errorf("got %v, want %s", err, c.fault)
			}
		})
	}
	page, err := s.sessions.List(t.Context(), s.subject, session.UserPage{})
	if err != nil || len(page.Sessions) == 0 {
		t.Fatalf("%d sessions, %v", len(page.Sessions), err)
	}
	for _, r := range page.Sessions {
		if r.State == session.StateActive {
			t.Errorf("session %s was left alive", r.ID)
		}
	}
}
