package httpapi_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

// Every attempt to sign in is told once, wherever in the way it fails, and what is none is
// not told.
func TestAttemptsAreToldOnce(t *testing.T) {
	attempt := func(name, password string) string {
		return `{"username":"` + name + `","password":"` + password + `"}`
	}
	for name, c := range map[string]struct {
		do   func(s *town, cookie string)
		want []string
	}{
		"signed in":     {func(s *town, _ string) { s.enter("anne") }, []string{"session_created [pwd]"}},
		"wrong":         {func(s *town, _ string) { s.post("/login", attempt("anne", "wrong"), "") }, []string{"sign_in_refused [pwd]"}},
		"nobody":        {func(s *town, _ string) { s.post("/login", attempt("nobody", "wrong"), "") }, []string{"sign_in_refused [pwd]"}},
		"cross-site":    {func(s *town, _ string) { s.request("POST", "/login", attempt("anne", "wrong"), asJSON, fromThem) }, nil},
		"no attempt":    {func(s *town, _ string) { s.post("/login", `{"username":"anne"}`, "") }, nil},
		"store is down": {func(s *town, _ string) { s.store.down.Store(true); s.post("/login", attempt("anne", firstPhrase), "") }, []string{"sign_in_refused [pwd]"}},
		"again":         {func(s *town, c string) { s.post("/login/reauth", `{"password":"`+firstPhrase+`"}`, c) }, []string{"session_created [pwd]"}},
		"again, wrong":  {func(s *town, c string) { s.post("/login/reauth", `{"password":"wrong"}`, c) }, []string{"sign_in_refused [pwd]"}},
		"again, nobody": {func(s *town, _ string) { s.post("/login/reauth", `{"password":"wrong"}`, "") }, nil},
		"changed":       {func(s *town, c string) { s.post("/account/password", change(firstPhrase, secondPhrase, ""), c) }, []string{"session_created [pwd]"}},
		"change, wrong": {func(s *town, c string) { s.post("/account/password", change("wrong", secondPhrase, ""), c) }, []string{"sign_in_refused [pwd]"}},
		"change, short": {func(s *town, c string) { s.post("/account/password", change(firstPhrase, "short", ""), c) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			s := newTown(t, func(o *httpapi.Options) {
				o.Observe = func(_ context.Context, e session.Event) {
					if e.Name == session.EventCreated || e.Name == session.EventSignInRefused {
						told = append(told, strings.TrimSpace(fmt.Sprint(e.Name, " ", e.Methods)))
					}
				}
			})
			cookie, _ := s.enter("anne")
			told = nil
			c.do(s, cookie)
			if !slices.Equal(told, c.want) {
				t.Errorf("told %q, want %q", told, c.want)
			}
		})
	}
}
