package template_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/memory"
	"coatcheck/e2e/template/stack"
)

// What the authorizer's policy lets it write is what a look-up writes on DynamoDB, and
// nothing else: a use, the confirmation of a replaced token and the end of a replayed
// one, their conditions among it. No action is left over, and none is missing.
func TestAuthorizerWritesWhatLookupsWrite(t *testing.T) {
	d := newDesk(t)
	first := d.signIn()
	for range 12 {
		d.after(10 * time.Minute)
		d.looksUp(first, session.Allowed)
	}
	second := d.renew(first)
	d.looksUp(second, session.Allowed)
	d.after(time.Minute)
	d.looksUp(first, session.Reused)
	if d.touched == 0 || d.confirmed == 0 || d.ended == 0 {
		t.Fatalf("%d touches, %d confirmations, %d ends: want some of each", d.touched, d.confirmed, d.ended)
	}
	var actions, attributes []string
	for _, s := range stack.Read(t, file).Statements("AuthorizeRole") {
		if slices.Equal(s.Resources, []string{"SessionsTable.Arn"}) {
			actions = append(actions, s.Actions...)
			attributes = append(attributes, s.Attributes()...)
		}
	}
	if slices.Sort(actions); !slices.Equal(actions, d.wire.actions) {
		t.Errorf("it may\n%q\nand does\n%q", actions, d.wire.actions)
	}
	if !slices.Equal(attributes, d.wire.attributes) {
		t.Errorf("it may write\n%q\nand writes\n%q", attributes, d.wire.attributes)
	}
}

// wire is an HTTP client that keeps what the DynamoDB adapter asks for, and answers
// nothing.
type wire struct {
	t                   *testing.T
	actions, attributes []string
}

// Do implements dynamodb.HTTPClient.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	uses, err := stack.Uses(operation, raw)
	if err != nil {
		w.t.Error(err)
	}
	for _, u := range uses {
		w.actions = with(w.actions, u.Action)
		if u.Action == "dynamodb:UpdateItem" {
			w.attributes = with(w.attributes, u.Attributes...)
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func with(sorted []string, more ...string) []string {
	sorted = append(sorted, more...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// desk is two processes on one store in memory: one hands tokens out, the other looks
// them up as the authorizer does.
type desk struct {
	*mirror
	t              *testing.T
	now            time.Time
	login, lookups *session.Manager
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	d.mirror = &mirror{kept: memory.New(), wire: &wire{t: t}}
	d.adapter = dynamo.NewSessions(dynamo.NewClient(dynamo.ClientOptions{
		Region: "eu-central-1", HTTPClient: d.wire,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
		}),
	}), "sessions")
	d.login, d.lookups = d.manager(d.kept), d.manager(d.mirror)
	return d
}

func (d *desk) manager(store session.Store) *session.Manager {
	d.t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		d.t.Fatal(err)
	}
	m, err := session.New(store, keys, &session.Options{Now: func() time.Time { return d.now }})
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) after(passes time.Duration) { d.now = d.now.Add(passes) }

func (d *desk) signIn() (token string) {
	d.t.Helper()
	made, _, err := d.login.SignIn(d.t.Context(), session.SignIn{
		Subject: "usr_1", Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return made.Reveal()
}

func (d *desk) renew(token string) string {
	d.t.Helper()
	_, renewed, err := d.login.Renew(d.t.Context(), session.Presented{Token: token})
	if err != nil || renewed.IsZero() {
		d.t.Fatalf("renew: %v", err)
	}
	return renewed.Reveal()
}

func (d *desk) looksUp(token string, want session.Outcome) {
	d.t.Helper()
	if _, err := d.lookups.Lookup(d.t.Context(), session.Presented{Token: token}); session.OutcomeOf(err) != want {
		d.t.Fatalf("look-up: %v, want %s", err, want)
	}
}

// mirror sends to DynamoDB what is asked of it, and answers from the store that it
// keeps. A look-up that asks for more than a read or an update calls nil.
type mirror struct {
	session.Store
	kept                      session.Store
	wire                      *wire
	adapter                   *dynamo.Sessions
	touched, confirmed, ended int
}

func (m *mirror) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	_, _ = m.adapter.Read(ctx, q)
	return m.kept.Read(ctx, q)
}

func (m *mirror) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	_, _ = m.adapter.Update(ctx, id, c)
	switch {
	case c.Touch != nil:
		m.touched++
	case c.Secrets != nil:
		m.confirmed++
	case c.End != nil:
		m.ended++
	}
	return m.kept.Update(ctx, id, c)
}
