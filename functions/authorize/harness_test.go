package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
	naming "coatcheck/core/telemetry/request"
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
	log := naming.Logger(slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	manager, err := session.New(d.shelf, keys, &session.Options{
		Now: func() time.Time { return d.now }, Observe: telemetry.Log(log),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.authorizer = &authorizer{sessions: manager, origins: inbound.Origins{origin}, log: log}
	d.asks("GET /poll/{id} passive")
	return d
}

// asks says what is asked by route.
func (d *desk) asks(entries ...string) {
	d.t.Helper()
	routes, err := inbound.ParseRoutes(entries)
	if err != nil {
		d.t.Fatal(err)
	}
	d.routes, d.answers.byRoute = routes, routes.ByRoute()
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

// said is an answer of any shape, as a gateway reads it.
type said struct {
	IsAuthorized    *bool
	Context         map[string]string
	ResolverContext map[string]string
	TTLOverride     *int
	PrincipalID     string
	PolicyDocument  *policy
}

// verdict reads what a well-formed answer says; "" for one that is not.
func (s *said) verdict() verdict {
	p := s.PolicyDocument
	switch {
	case (p == nil) == (s.IsAuthorized == nil):
	case p == nil && *s.IsAuthorized:
		return allowed
	case p == nil:
		return denied
	case p.Version != "2012-10-17" || len(p.Statement) != 1 || s.PrincipalID == "" || len(s.resource()) > 512 ||
		!slices.Equal(p.Statement[0].Action, []string{"execute-api:Invoke"}):
	case p.Statement[0].Effect == "Allow":
		return allowed
	case p.Statement[0].Effect == "Deny":
		return denied
	}
	return ""
}

func (s *said) resource() string { return strings.Join(s.PolicyDocument.Statement[0].Resource, " ") }

// ask invokes the authorizer and reads its answer as a gateway does.
func (d *desk) ask(event []byte) (verdict, said, error) {
	d.t.Helper()
	raw, err := d.Invoke(d.t.Context(), event)
	if err != nil {
		if raw != nil {
			d.t.Errorf("an error with the answer %s", raw)
		}
		return failed, said{}, err
	}
	var answer said
	if err := json.Unmarshal(raw, &answer); err != nil || answer.verdict() == "" {
		d.t.Fatalf("answer %q: %v", raw, err)
	}
	if answer.verdict() == denied && answer.IsAuthorized != nil && answer.TTLOverride == nil && string(raw) != `{"isAuthorized":false}` {
		d.t.Errorf("a deny says %s", raw)
	}
	return answer.verdict(), answer, nil
}
