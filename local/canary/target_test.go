package canary

import (
	"errors"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct{ text, want, origin string }{
		{"https://app.example.com", "https://app.example.com", "https://app.example.com"},
		{"https://app.example.com/", "https://app.example.com", "https://app.example.com"},
		{"https://App.Example.com:443/Prod/", "https://App.Example.com:443/Prod", "https://app.example.com"},
		{"https://app.example.com:8443", "https://app.example.com:8443", "https://app.example.com:8443"},
		{"http://localhost:8080", "http://localhost:8080", "http://localhost:8080"},
		{"http://127.0.0.1:80", "http://127.0.0.1:80", "http://127.0.0.1"},
		{"http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"},
		{"http://app.example.com", "", ""},
		{"http://localhost.example.com", "", ""},
		{"http://127.0.0.1.example.com", "", ""},
		{"http://0.0.0.0:8080", "", ""},
		{"https://user:SECRET@app.example.com", "", ""},
		{"https://app.example.com/?a=b", "", ""},
		{"https://app.example.com/?", "", ""},
		{"https://app.example.com/#a", "", ""},
		{"ftp://app.example.com", "", ""},
		{"app.example.com", "", ""},
		{"https:app.example.com", "", ""},
		{"https://", "", ""},
		{"https://:443", "", ""},
		{"https://a b", "", ""},
		{"", "", ""},
	} {
		got, err := ParseURL(c.text)
		if c.want == "" {
			if !errors.Is(err, ErrTarget) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%q: got %v, %v", c.text, got, err)
			}
			continue
		}
		if err != nil || got.String() != c.want || got.origin() != c.origin {
			t.Errorf("%q: got %s, %s, %v", c.text, got, got.origin(), err)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for path, want := range map[string]error{
		"/session": nil, "/demo?a=b": nil, "/a/b/": nil, "": ErrPath, "session": ErrPath, "//other.example/x": ErrPath,
		"https://other.example/": ErrPath, "@other.example": ErrPath, "/a#b": ErrPath, "/%zz": ErrPath,
	} {
		if got := CheckPath(path); !errors.Is(got, want) {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}
