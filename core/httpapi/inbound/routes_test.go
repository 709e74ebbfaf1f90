package inbound

import (
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	routes, err := ParseRoutes([]string{"GET /notifications/{id}", "/poll/", "HEAD /alive"})
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]bool{
		"GET /notifications/7": true, "HEAD /notifications/7": true, "POST /notifications/7": false,
		"GET /notifications/": false, "GET /notifications/7/8": false, "GET /poll/a/b": true, "PUT /poll/": true,
		"HEAD /alive": true, "GET /alive": false, "GET /": false, "GET ": false, "GET /poll/../other": false,
		"GET //other": false, " /poll/": true, "get /notifications/7": false,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := routes.Match(method, path); got != want {
			t.Errorf("%s: %t, want %t", request, got, want)
		}
	}
	if (Routes{}).Match("GET", "/") {
		t.Error("no routes match")
	}
}

func TestBadRoutes(t *testing.T) {
	bad := []string{"", "poll", "GET", "GET poll", "example.com/poll", "GET example.com/", "/a/{", "/a/{b}c", "/x/{y}", "/x/{z}", " /a"}
	_, err := ParseRoutes(bad)
	for _, pattern := range bad {
		if pattern == "/x/{y}" {
			continue // good, until the next one says the same
		}
		if err == nil || !strings.Contains(err.Error(), `route "`+pattern+`"`) {
			t.Errorf("%q is not named in: %v", pattern, err)
		}
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add("GET /a/{b}", "GET", "/a/b")
	f.Add("/a/{b...}", "POST", "/a/../b//c")
	f.Fuzz(func(_ *testing.T, pattern, method, path string) {
		if routes, err := ParseRoutes([]string{pattern}); err == nil {
			routes.Match(method, path)
		}
	})
}
