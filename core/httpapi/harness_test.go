package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

const origin = "https://app.example.com"

// counted is a store that counts its calls and can be down.
type counted struct {
	session.Store
	calls atomic.Int64
	down  atomic.Bool
	hangs atomic.Bool  // writes do not answer
	slow  atomic.Bool  // reads take their time
	fails atomic.Int64 // counts down to the call that fails, once

	afterRead func()
}

// failAt makes the n-th call from now on fail; -1: none.
func (c *counted) failAt(n int64) { c.fails.Store(n + 1) }

var errDown = errors.New("the network is down")

func (c *counted) meet(ctx context.Context, write bool) error {
	c.calls.Add(1)
	switch {
	case write && c.hangs.Load():
		<-ctx.Done()
		return ctx.Err()
	case !write && c.slow.Load():
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	if c.down.Load() || c.fails.Add(-1) == 0 {
		return errDown
	}
	return nil
}

func (c *counted) Create(ctx context.Context, r session.Record) (session.Record, error) {
	if err := c.meet(ctx, true); err != nil {
		return session.Record{}, err
	}
	return c.Store.Create(ctx, r)
}

func (c *counted) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if err := c.meet(ctx, false); err != nil {
		return session.Reading{}, err
	}
	got, err := c.Store.Read(ctx, q)
	if c.afterRead != nil {
		c.afterRead()
	}
	return got, err
}

func (c *counted) Update(ctx context.Context, id session.ID, ch session.Change) (session.Record, error) {
	if err := c.meet(ctx, true); err != nil {
		return session.Record{}, err
	}
	return c.Store.Update(ctx, id, ch)
}

func (c *counted) Delete(ctx context.Context, id session.ID) error {
	if err := c.meet(ctx, true); err != nil {
		return err
	}
	return c.Store.Delete(ctx, id)
}

func (c *counted) List(ctx context.Context, r session.Range) (session.Listing, error) {
	if err := c.meet(ctx, false); err != nil {
		return session.Listing{}, err
	}
	return c.Store.List(ctx, r)
}

func (c *counted) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	if err := c.meet(ctx, true); err != nil {
		return err
	}
	return c.Store.SetFence(ctx, p, f)
}

// people is an Authenticator: a user's subject is "sub-" and the name, the password
// is "right", and the role is the part of the name before "@".
type people struct{ fault error }

func (p people) Identify(_ context.Context, c signin.Credentials) (string, error) {
	return "sub-" + c.Username, nil
}

func (p people) Authenticate(_ context.Context, subject string, c signin.Credentials) (session.Grant, error) {
	if p.fault != nil {
		return session.Grant{}, p.fault
	}
	if c.Password != "right" {
		return session.Grant{}, signin.ErrRefused
	}
	role, _, _ := strings.Cut(strings.TrimPrefix(subject, "sub-"), "@")
	return session.Grant{Roles: []string{"coatcheck:" + role}, Methods: []string{"pwd"}}, nil
}

// plain is a Hasher for tests, which do not test hashing.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (signin.PasswordHash, error) {
	return signin.PasswordHash("plain:" + password), nil
}

// site is an API with its store, clock and log.
type site struct {
	t       *testing.T
	store   *counted
	now     time.Time
	keys    session.Keys
	manager *session.Manager
	handler http.Handler
	api     *httpapi.API
	log     *bytes.Buffer
}

func newSite(t *testing.T, change func(*httpapi.Options)) *site {
	t.Helper()
	s := &site{
		t: t, store: &counted{Store: memory.New()}, log: &bytes.Buffer{},
		now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
	keys, err := session.NewKeys(bytes.Repeat([]byte{9}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	s.keys = keys
	s.manager, err = session.New(s.store, keys, &session.Options{Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	opts := &httpapi.Options{
		Authenticator: people{}, Origins: []string{origin, "https://second.example.com"},
		Log: slog.New(slog.NewJSONHandler(s.log, nil)),
	}
	if change != nil {
		change(opts)
	}
	if s.api, err = httpapi.New(s.manager, opts); err != nil {
		t.Fatal(err)
	}
	s.handler = s.api.Handler()
	return s
}

// request sends one request; headers are "Name: value".
func (s *site) request(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return send(s.handler, method, path, body, headers...)
}

func send(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	fromUs   = "Sec-Fetch-Site: same-origin"
	fromThem = "Sec-Fetch-Site: cross-site"
	asJSON   = "Content-Type: application/json"
	asForm   = "Content-Type: application/x-www-form-urlencoded"
)

// signIn signs a user in and returns the Cookie header to send and the session.
func (s *site) signIn(user string) (cookie string, view map[string]any) {
	s.t.Helper()
	w := s.request("POST", "/login", `{"username":"`+user+`","password":"right"}`, asJSON)
	if w.Code != http.StatusOK {
		s.t.Fatalf("sign in %s: %d %s", user, w.Code, w.Body)
	}
	set := w.Result().Cookies()
	if len(set) != 1 {
		s.t.Fatalf("%d cookies set", len(set))
	}
	return "Cookie: " + set[0].Name + "=" + set[0].Value, s.body(w)["session"].(map[string]any)
}

func (s *site) body(w *httptest.ResponseRecorder) map[string]any {
	s.t.Helper()
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		s.t.Fatalf("body %q: %v", w.Body, err)
	}
	return body
}

// wantProblem checks a refusal: its status, its media type, and its reason.
func (s *site) wantProblem(w *httptest.ResponseRecorder, status int, name, reason string) {
	s.t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("got %d %s %s, want %d", w.Code, w.Header().Get("Content-Type"), w.Body, status)
		return
	}
	body := s.body(w)
	got, _ := body["reason"].(string)
	if body["type"] != "urn:coatcheck:problem:"+name || got != reason || body["status"] != float64(status) || body["title"] == "" {
		s.t.Errorf("got %s, want type %s, reason %q", w.Body, name, reason)
	}
	if status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
		s.t.Error("401 without WWW-Authenticate")
	}
	if len(w.Result().Cookies()) != 0 {
		s.t.Error("a refusal touched the cookie")
	}
}
