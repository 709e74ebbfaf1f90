package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

const origin = "https://app.example.com"

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// shelf is a store that counts its reads, and can be down or broken.
type shelf struct {
	session.Store
	reads  atomic.Int64
	fault  error
	defect bool
}

var errDown = errors.New("the network is down")

func (s *shelf) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	s.reads.Add(1)
	switch {
	case s.defect:
		panic("a defect")
	case s.fault != nil:
		return session.Reading{}, s.fault
	}
	return s.Store.Read(ctx, q)
}

// desk is an authorizer with its store, clock and log.
type desk struct {
	*authorizer
	t     testing.TB
	shelf *shelf
	now   time.Time
	log   *bytes.Buffer
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, shelf: &shelf{Store: memory.New()}, now: noon, log: &bytes.Buffer{}}
	keys, err := session.NewKeys(bytes.Repeat([]byte{9}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.New(d.shelf, keys, &session.Options{Now: func() time.Time { return d.now }})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	passive, err := inbound.ParseRoutes([]string{"GET /poll/{id}"})
	if err != nil {
		t.Fatal(err)
	}
	d.authorizer = &authorizer{manager, inbound.Origins{origin}, passive, log}
	return d
}

// signIn makes a session and returns its token's text and its record.
func (d *desk) signIn(s session.SignIn) (token string, record session.Record) {
	d.t.Helper()
	if s.Subject == "" {
		s.Subject = "usr_1"
	}
	if s.Check == nil {
		s.Check = func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"clerk", "coatcheck:viewer"}, Methods: []string{"pwd"}}, nil
		}
	}
	made, record, err := d.sessions.SignIn(d.t.Context(), s)
	if err != nil {
		d.t.Fatal(err)
	}
	d.shelf.reads.Store(0)
	return made.Reveal(), record
}

// verdict is what a gateway makes of an invocation.
type verdict string

const (
	allowed verdict = "allow"
	denied  verdict = "deny"  // 403
	failed  verdict = "error" // 500
)

// ask invokes the authorizer and reads its answer as a gateway does.
func (d *desk) ask(event []byte) (verdict, simpleAnswer, error) {
	d.t.Helper()
	raw, err := d.Invoke(d.t.Context(), event)
	if err != nil {
		if raw != nil {
			d.t.Errorf("an error with the answer %s", raw)
		}
		return failed, simpleAnswer{}, err
	}
	var answer simpleAnswer
	if err := json.Unmarshal(raw, &answer); err != nil {
		d.t.Fatalf("answer %q: %v", raw, err)
	}
	if answer.IsAuthorized {
		return allowed, answer, nil
	}
	if string(raw) != `{"isAuthorized":false}` {
		d.t.Errorf("a deny says %s", raw)
	}
	return denied, answer, nil
}
