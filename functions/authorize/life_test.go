package main

import (
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/functions/internal/lambdatest"
)

// The authorizer cannot set a cookie: it replaces no token, lets in the one that login
// handed out, and ends the session when the one before it is replayed.
func TestRotation(t *testing.T) {
	d := newDesk(t)
	first, record := d.signIn(session.SignIn{})
	event := func(token string) []byte { return get([]string{"__Host-sid=" + token}, nil) }
	for range 12 {
		d.now = d.now.Add(10 * time.Minute)
		if got, _, err := d.ask(event(first)); got != allowed {
			t.Fatalf("%s, %v", got, err)
		}
	}
	_, renewed, err := d.sessions.Renew(t.Context(), session.Presented{Token: first})
	if err != nil || renewed.IsZero() {
		t.Fatalf("renew: %v", err)
	}
	second := renewed.Reveal()
	for _, c := range []struct {
		name  string
		after time.Duration
		token string
		want  verdict
	}{
		{"the new one, which it confirms", 0, second, allowed},
		{"the one before, in its grace", 20 * time.Second, first, allowed},
		{"the one before, later", 20 * time.Second, first, denied},
		{"the new one after the alarm", 0, second, denied},
	} {
		d.now = d.now.Add(c.after)
		if got, _, err := d.ask(event(c.token)); got != c.want {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
	if is, err := d.sessions.Get(t.Context(), record.ID); err != nil || is.End.From != "203.0.113.7" {
		t.Errorf("ended from %q, %v, want the address that the gateway saw", is.End.From, err)
	}
	if !strings.Contains(d.log.String(), `"event":"token_reused"`) || !strings.Contains(d.log.String(), record.ID.String()) {
		t.Errorf("no alarm in the log: %s", d.log)
	}
	for line := range strings.Lines(d.log.String()) {
		if strings.Contains(line, "token_reused") && (!strings.Contains(line, `"request":"request-id"`) || !strings.Contains(line, `"client":"203.0.113.7"`)) {
			t.Errorf("the alarm does not say in which request or from where: %s", line)
		}
	}
}

// Passive requests, by header and by route, with and without a stage in the path, do
// not keep a session alive.
func TestPassive(t *testing.T) {
	for name, request := range map[string]lambdatest.Request{
		"header": {Method: "GET", Path: "/demo", Headers: map[string]string{"coatcheck-passive": "1"}},
		"route":  {Method: "GET", Path: "/poll/7"},
	} {
		d := newDesk(t)
		token, _ := d.signIn(session.SignIn{})
		request.Cookies = []string{"__Host-sid=" + token}
		for range 7 {
			d.now = d.now.Add(2 * time.Minute)
			if got, _, err := d.ask(request.AuthorizerEvent()); got != allowed {
				t.Fatalf("%s: %s, %v", name, got, err)
			}
		}
		d.now = d.now.Add(time.Minute)
		if got, _, _ := d.ask(request.AuthorizerEvent()); got != denied {
			t.Errorf("%s: %s after the idle limit", name, got)
		}
	}
	for _, c := range [][3]string{
		{"/prod/poll/7", "prod", "/poll/7"},
		{"/poll/7", "$default", "/poll/7"},
		{"/production/x", "prod", "/production/x"},
		{"/prod", "prod", "/"},
		{"/x", "", "/x"},
	} {
		if got := withoutStage(c[0], c[1]); got != c[2] {
			t.Errorf("%s in stage %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// Who acts as somebody is let in as long as his own session lives, and named.
func TestActing(t *testing.T) {
	d := newDesk(t)
	_, owner := d.signIn(session.SignIn{Subject: "usr_owner"})
	acting, _ := d.signIn(session.SignIn{Subject: "usr_1", Actor: owner.ID})
	event := get([]string{"__Host-sid=" + acting}, nil)
	got, answer, err := d.ask(event)
	if got != allowed || answer.Context["actor"] != owner.ID.String() || d.shelf.reads.Load() != 2 {
		t.Errorf("%s, %+v, %v, %d reads", got, answer.Context, err, d.shelf.reads.Load())
	}
	if _, err := d.sessions.End(t.Context(), owner.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := d.ask(event); got != denied {
		t.Errorf("after the actor's own has ended: %s", got)
	}
}
