package inbound

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// roleOf parses a table in which each entry asks for a role, and returns the one that a
// request needs.
func roleOf(t *testing.T, entries []string, method, path, key string) (string, error) {
	t.Helper()
	routes, err := ParseRoutes(entries)
	if err != nil {
		t.Fatal(err)
	}
	rule, err := routes.Match(method, path, key)
	return strings.Join(rule.Demand.AnyRole, "|"), err
}

// The examples of API Gateway's own page on routes, and what lies between them.
func TestRoutesMatchAsAPIGatewayDoes(t *testing.T) {
	table := []string{
		"$default role=default", "ANY /{proxy+} role=any", "GET /pets/{proxy+} role=greedy",
		"GET /pets/dog/{id} role=variable", "GET /pets/dog/1 role=text", "POST /pets/dog/{id} role=post",
		"ANY /pets/cat role=cat", "GET /pets/cat role=get-cat", "$connect role=connect",
	}
	for request, want := range map[string]string{
		"GET /pets/dog/1":         "text",
		"GET /pets/dog/2":         "variable",
		"HEAD /pets/dog/2":        "variable",
		"POST /pets/dog/1":        "post",
		"PUT /pets/dog/1":         "any",
		"GET /pets/fox/1":         "greedy",
		"GET /pets/dog/2/3":       "greedy",
		"GET /pets":               "greedy",
		"GET /pets/":              "greedy",
		"POST /pets":              "any",
		"GET /pets/cat":           "get-cat",
		"HEAD /pets/cat":          "get-cat",
		"DELETE /pets/cat/":       "cat",
		"GET /":                   "any",
		"GET /PETS/dog/1":         "any",
		"GET /pets/d%6Fg/1":       "text",
		"GET /pets/dog/a%20b":     "variable",
		"get /pets/dog/1":         "any",
		"GET /pets/dog/1/":        "text",
		"GET /pets/%7Bproxy+%7D":  "greedy",
		"GET /pets/dog/%E2%82%AC": "variable",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got, err := roleOf(t, table, method, path, ""); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", request, got, err, want)
		}
	}
	if got, err := roleOf(t, table, "GET", "", "$connect"); got != "connect" || err != nil {
		t.Errorf("$connect: %q, %v", got, err)
	}
	if got, err := roleOf(t, []string{"GET / role=root", "$default role=default"}, "GET", "/", "$connect"); got != "default" || err != nil {
		t.Errorf("$connect without a rule: %q, %v", got, err)
	}
}

// What the gateway says it chose holds, unless the path says something narrower.
func TestRoutesBelieveTheGatewaysChoice(t *testing.T) {
	table := []string{"GET /files/{name} role=file", "ANY /{proxy+} role=any", "GET /files/secret role=secret"}
	for _, c := range []struct{ path, key, want string }{
		{"/files/a", "GET /files/{file}", "file"},
		{"/somewhere/else", "GET /files/{name}", "file"},
		{"/files/secret", "GET /files/{name}", "secret"},
		{"/files/secret", "ANY /{proxy+}", "secret"},
		{"/x", "GET /unknown/{key}", "any"},
		{"/x", "no key", "any"},
		{"/x", "$default", "any"},
	} {
		if got, err := roleOf(t, table, "GET", c.path, c.key); got != c.want || err != nil {
			t.Errorf("%s by %s: %q, %v, want %q", c.path, c.key, got, err, c.want)
		}
	}
}

// A path that a backend may read as another one is refused where that matters, and
// only there.
func TestAmbiguousPaths(t *testing.T) {
	deep := strings.Repeat("/a", maxSegments+1)
	for _, path := range []string{
		"", "admin", "//admin", "/x//admin", "/x/../admin", "/x/%2e%2e/admin", "/./admin", "/x%2Fadmin", "/x%5cadmin", `/x\admin`,
		"/admin%00", "/admin%0a", "/admin;x", "/admin%3Bx", "/%zz", "/admin%", "/admin//", deep,
	} {
		if got, err := roleOf(t, []string{"ANY /admin role=x", "$default role=y"}, "GET", path, ""); !errors.Is(err, ErrPath) {
			t.Errorf("%.60s: %q, %v, want ErrPath", path, got, err)
		}
		routes, err := ParseRoutes([]string{"GET /poll passive"})
		if err != nil {
			t.Fatal(err)
		}
		if rule, err := routes.Match("GET", path, ""); err != nil || rule.Passive || routes.ByRoute() {
			t.Errorf("%.60s: %+v, %v, where nothing is asked", path, rule, err)
		}
	}
	if rule, err := (Routes{}).Match("GET", "//", ""); err != nil || rule.Passive || (Routes{}).ByRoute() {
		t.Errorf("no routes: %+v, %v", rule, err)
	}
}

func TestRules(t *testing.T) {
	for entry, want := range map[string]string{
		"GET /a role=x":                          "[x] 0s false false true",
		"GET /a role=x|y:z  max-age=15m passive": "[x y:z] 15m0s true false true",
		"POST /a max-age=1s":                     "[] 1s false false true",
		"$default optional":                      "[] 0s false true true",
		"ANY /a passive":                         "[] 0s true false false",
	} {
		routes, err := ParseRoutes([]string{entry})
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		r := routes.rules[0]
		got := fmt.Sprint(r.Demand.AnyRole, r.Demand.MaxAuthAge.Round(time.Second), r.Passive, r.Optional, routes.ByRoute())
		if got != want {
			t.Errorf("%s: %s, want %s", entry, got, want)
		}
	}
}

func TestBadRoutes(t *testing.T) {
	bad := []string{
		"", "poll", "GET", "GET poll passive", "/poll passive", "get /poll passive", "GET example.com/ passive", "GET /a", "GET /a/{ passive",
		"GET /a/{b}c passive", "GET /{a+}/b passive", "GET /{} passive", "GET /{+} passive", "GET /a//b passive", "GET /a/../b passive",
		"GET /a%2Fb passive", "GET /a* passive", "GET /a?b passive", "$other passive", "$default", "$disconnect passive",
		"GET /a role=", "GET /a role=x,y", "GET /a role=a|", "GET /a role=x role=y", "GET /a max-age=0s", "GET /a max-age=15", "GET /a max-age=-1m",
		"GET /a max-age=1m max-age=2m", "GET /a optional role=x", "GET /a optional passive", "GET /a public", "GET /a passive=1",
		"GET " + strings.Repeat("/a", maxSegments+1) + " passive", "GET /" + strings.Repeat("a", maxRoute) + " passive",
	}
	_, err := ParseRoutes(append(bad, "GET /x/{y} passive", "GET /x/{z} passive"))
	for _, entry := range append(bad, "GET /x/{z} passive") {
		if want := fmt.Sprintf("route %.100q: ", entry); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", entry, err)
		}
	}
	if strings.Contains(err.Error(), "{y}") {
		t.Errorf("the first of two is named, too: %v", err)
	}
	many := make([]string, maxRoutes+1)
	for i := range many {
		many[i] = fmt.Sprintf("GET /%d passive", i)
	}
	if _, err := ParseRoutes(many); err == nil || !strings.Contains(err.Error(), "want at most 100") {
		t.Errorf("%d routes: %v", len(many), err)
	}
}

// Whatever the path, one way to read it is found or it is refused: a rule for a literal
// path holds for no path that is spelt otherwise and cleaned to it.
func FuzzRoutes(f *testing.F) {
	f.Add("GET /a/{b}", "GET", "/a/b", "GET /a/{c}")
	f.Add("$default", "POST", "/a/../b//c", "")
	f.Add("ANY /admin/{x+}", "PUT", "/admin/%2e%2e/x", "$connect")
	f.Fuzz(func(t *testing.T, name, method, path, key string) {
		routes, err := ParseRoutes([]string{name + " role=named", "ANY /admin/{all+} role=admin", "$default role=else"})
		if err != nil {
			return
		}
		rule, err := routes.Match(method, path, key)
		if err == nil && len(rule.Demand.AnyRole) != 1 {
			t.Errorf("%s %s by %q: nothing is asked", method, path, key)
		}
		if err != nil && !errors.Is(err, ErrPath) {
			t.Errorf("%s %s: %v", method, path, err)
		}
	})
}
