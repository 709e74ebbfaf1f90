package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"coatcheck/core/session"
)

// A cookie counts only under its byte-exact name, and a value that is believed stood
// there once and whole.
func FuzzCookieHeader(f *testing.F) {
	for _, seed := range []string{
		"__Host-sid=abc", "a=b; __Host-sid=abc", "__Host-sid=a; __Host-sid=b", "=__Host-sid=a",
		" __Host-sid=a", "\u2028__Host-sid=a", "__Host-sid", ";;;=;", "__host-sid=a",
	} {
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, line, second string) {
		h := http.Header{"Cookie": {line, second}}
		_, count := sessionCookie(h)
		if most := strings.Count(line+"\n"+second, CookieName+"="); count > most {
			t.Errorf("%d cookies found, at most %d there", count, most)
		}
		presented, err := present(h)
		if err == nil && presented.Token != "" && (count != 1 || !strings.Contains(line+"\n"+second, CookieName+"="+presented.Token)) {
			t.Errorf("believed %q out of %q, %q", presented.Token, line, second)
		}
		if err != nil && !errors.Is(err, session.ErrNoSession) {
			t.Errorf("got %v", err)
		}
	})
}

// What is accepted is valid JSON of known fields, and nothing is half read.
func FuzzJSONBody(f *testing.F) {
	for _, seed := range []string{
		`{"username":"a","password":"b"}`, `{}`, `{"username":1}`, `{"username":"a"}x`, `[`, `{"a":{"b":[]}}`,
		`{"username":"a","username":"b"}`, `{"roles":["a",null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var name string
		var remember bool
		var roles []string
		err := decodeObject(body, fields{"username": &name, "remember": &remember, "roles": &roles})
		var fault *bodyError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("%q: %v is not for clients", body, err)
		}
		if err == nil && !json.Valid(body) {
			t.Errorf("%q was accepted", body)
		}
	})
}

func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//x", "/\\x", "/a?b#c", "https://x", "/\tx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := safePath(path)
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t\x00 ") {
			t.Errorf("%q leads to %q", path, got)
		}
	})
}
