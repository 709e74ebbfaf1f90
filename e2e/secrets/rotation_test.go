package secrets

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/bolt"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/prom"
)

// TestRotatedTokensAreNotWritten: tokens that were replaced, were never confirmed, or
// came back when they were over stand in no log, metric, answer or data either. The
// program's own clock would have to be waited for.
func TestRotatedTokensAreNotWritten(t *testing.T) {
	s := newStage(t)
	const sessions = 40
	for range sessions {
		s.life()
	}
	s.written.put("the log", s.log.Bytes())
	s.ask("the metrics", s.metrics, httptest.NewRequest("GET", "/metrics", nil))
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	s.written.put("the data", text)
	searched := s.written.search(t, s.ledger.scanner(t))
	t.Logf("%d tokens of %d sessions are in no %d KB", len(s.ledger.tokens), sessions, searched>>10)
	if reused := bytes.Count(s.log.Bytes(), []byte(`"event":"token_reused"`)); reused != sessions || len(s.ledger.tokens) != 3*sessions {
		t.Errorf("%d tokens came back too late, %d were made: that is not what was to be tried\n%s", reused, len(s.ledger.tokens), s.log.Bytes())
	}
}

// stage is the surface over a file, with a clock that is moved.
type stage struct {
	t       *testing.T
	now     time.Time
	file    string
	log     bytes.Buffer
	ledger  ledger
	written shelf
	handler http.Handler
	metrics http.Handler
}

// people believes the one password that there is.
type people struct{ password string }

func (people) Identify(context.Context, signin.Credentials) (string, error) { return "alice", nil }

func (p people) Authenticate(_ context.Context, _ string, c signin.Credentials) (session.Grant, error) {
	if c.Password != p.password {
		return session.Grant{}, signin.ErrRefused
	}
	return session.Grant{Roles: []string{"clerk"}, Methods: []string{"pwd"}}, nil
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), file: filepath.Join(t.TempDir(), "data.db")}
	db, err := bolt.Open(s.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sink := prom.New()
	s.metrics = sink.Handler()
	keys, keyErr := session.NewKeys([]byte(s.ledger.text("the key of tags", string(newKey(32)))))
	log := slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	observe := telemetry.Join(telemetry.Log(log), telemetry.Observe(sink))
	manager, err := session.New(telemetry.Sessions(db.Sessions(), sink, &telemetry.CallOptions{Log: log}), keys, &session.Options{
		Now: func() time.Time { return s.now }, Observe: observe,
	})
	if err := errors.Join(keyErr, err); err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(manager, &httpapi.Options{
		Authenticator: people{s.ledger.password()}, Origins: []string{"https://app.example.com"},
		Observe: observe, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = api.Handler()
	return s
}

// life is that of a session whose token is offered anew twice, confirmed, and comes back
// when it is over.
func (s *stage) life() {
	s.t.Helper()
	s.signIn(s.ledger.password())
	first := s.signIn(s.ledger.texts[1][1])
	for range 5 {
		s.show(first, 10*time.Minute)
	}
	lost := s.show(first, 10*time.Minute)
	fresh := s.show(first, 2*time.Minute)
	s.show(fresh, time.Second)
	s.show(first, time.Minute)
	s.show(lost, time.Second)
	s.show(fresh, time.Second)
}

func (s *stage) signIn(password string) (token string) {
	s.t.Helper()
	r := httptest.NewRequest("POST", "/login", bytes.NewBufferString(inJSONBody("username", "alice", "password", password)))
	r.Header.Set("Content-Type", jsonType)
	return s.ask("a sign-in", s.handler, r)
}

// show presents a token after a time, and returns the new one if there is one.
func (s *stage) show(token string, after time.Duration) (renewed string) {
	s.t.Helper()
	s.now = s.now.Add(after)
	r := httptest.NewRequest("GET", "/session", nil)
	r.Header.Set("Cookie", "__Host-sid="+token)
	return s.ask("GET /session", s.handler, r)
}

func (s *stage) ask(where string, h http.Handler, r *http.Request) (token string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	body, _ := io.ReadAll(res.Body)
	var text bytes.Buffer
	_ = res.Header.Write(&text)
	_, _ = text.Write(body)
	written := text.Bytes()
	if token = handedOut(res, body); token != "" {
		s.ledger.token(token)
		written = bytes.Replace(written, []byte(token), nil, 1)
	}
	s.written.put("the answer to "+where, written)
	return token
}
