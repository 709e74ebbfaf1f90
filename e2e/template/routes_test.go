package template_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/memory"
	"coatcheck/e2e/template/stack"
)

// Every route of the template is one that the handlers serve, and none of the handlers'
// is missing but what is of the local program alone.
func TestRoutes(t *testing.T) {
	handler := surface(t)
	var keys []string
	template := stack.Read(t, file)
	for _, name := range template.Of("AWS::ApiGatewayV2::Route") {
		keys = append(keys, stack.Text(template.Resources[name].Properties["RouteKey"]))
	}
	slices.Sort(keys)
	want := []string{
		"DELETE /account/sessions/{id}",
		"DELETE /admin/sessions/{id}",
		"GET /account",
		"GET /account/sessions",
		"GET /admin/sessions",
		"GET /admin/sessions/count",
		"GET /admin/sessions/{id}",
		"GET /admin/sessions/{id}/others/count",
		"GET /admin/users",
		"GET /admin/users/{user}",
		"GET /admin/users/{user}/export",
		"GET /admin/users/{user}/sessions",
		"GET /authorize",
		"GET /healthz",
		"GET /login",
		"GET /login/reauth",
		"GET /session",
		"PATCH /admin/users/{user}",
		"POST /account/password",
		"POST /account/sessions/end-others",
		"POST /account/sessions/{id}/end",
		"POST /admin/end-everyone",
		"POST /admin/end-sessions",
		"POST /admin/sessions/{id}/end-others",
		"POST /admin/sweep",
		"POST /admin/users",
		"POST /admin/users/{user}/end-sessions",
		"POST /admin/users/{user}/erase",
		"POST /admin/users/{user}/impersonate",
		"POST /login",
		"POST /login/reauth",
		"POST /logout",
	}
	if !slices.Equal(keys, want) {
		t.Errorf("routes\n%q\nwant\n%q", keys, want)
	}
	for _, key := range keys {
		method, path, _ := strings.Cut(key, " ")
		path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, strings.Repeat("A", session.IDLength))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		if w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s: the handlers answer %d", key, w.Code)
		}
	}
}

func surface(t *testing.T) http.Handler {
	t.Helper()
	keys, err := session.NewKeys(make([]byte, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.New(memory.New(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := password.NewHasher(nil)
	if err != nil {
		t.Fatal(err)
	}
	accounts := memory.NewAccounts()
	api, err := httpapi.New(manager, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil), Directory: signin.NewDirectory(accounts, hasher, nil),
		Origins: []string{"https://app.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return api.Handler()
}
