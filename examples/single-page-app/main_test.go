package main

import (
	"encoding/json"
	"strings"
	"testing"

	"coatcheck/core/session"
)

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, event string
		status      int
		body        string
	}{
		{"page", `{"routeKey":"GET /app"}`, 200, "<title>A page that signs in</title>"},
		{"script", `{"routeKey":"GET /app/{file}","pathParameters":{"file":"app.js"}}`, 200, `ask("GET", "/session")`},
		{"style", `{"routeKey":"GET /app/{file}","pathParameters":{"file":"app.css"}}`, 200, "[hidden]"},
		{"no file", `{"routeKey":"GET /app/{file}","pathParameters":{"file":"../main.go"}}`, 404, "no such file"},
		{"caller", `{"routeKey":"GET /api/me","requestContext":{"authorizer":{"lambda":{"subject":"alice"}}}}`, 200, `{"route":"GET /api/me","subject":"alice"}`},
		{"no authorizer", `{"routeKey":"GET /api/me","requestContext":{}}`, 500, "no authorizer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r request
			if err := json.Unmarshal([]byte(c.event), &r); err != nil {
				t.Fatal(err)
			}
			got, err := handle(t.Context(), r)
			if err != nil || got.StatusCode != c.status || !strings.Contains(got.Body, c.body) {
				t.Errorf("got %d %s, %v; want %d %s", got.StatusCode, got.Body, err, c.status, c.body)
			}
		})
	}
}

// The page has words for every reason that a holder can be told.
func TestReasons(t *testing.T) {
	script, err := page.ReadFile("page/app.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []session.EndReason{
		session.SignedOut, session.EndedByUser, session.EndedByAdmin, session.IdleTimeout, session.AbsoluteTimeout,
		session.SessionLimit, session.Replaced, session.RolesChanged, session.PasswordChanged, session.AccountDisabled,
		session.TokenReuse, session.EndedEverywhere,
	} {
		if !strings.Contains(string(script), "  "+string(reason)+`: "`) {
			t.Errorf("the page has no words for %s", reason)
		}
	}
}
