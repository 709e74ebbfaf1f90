package inbound

import (
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
		count := len(cookies(h))
		if most := strings.Count(line+"\n"+second, CookieName+"="); count > most {
			t.Errorf("%d cookies found, at most %d there", count, most)
		}
		presented, err := Present(h)
		if err == nil && presented.Token != "" && (count != 1 || !strings.Contains(line+"\n"+second, CookieName+"="+presented.Token)) {
			t.Errorf("believed %q out of %q, %q", presented.Token, line, second)
		}
		if err != nil && !errors.Is(err, session.ErrNoSession) {
			t.Errorf("got %v", err)
		}
	})
}
