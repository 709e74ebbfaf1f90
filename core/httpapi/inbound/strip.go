package inbound

import (
	"net/http"
	"slices"
	"strings"
)

// Strip removes from a request's headers what it presents as its session, for whoever
// hands the request on: every cookie of the session cookie's name, and every credential
// in Authorization that issued says is one of ours. What else stands in these headers
// stays as it is, byte for byte.
func Strip(h http.Header, issued func(token string) bool) {
	keep(h, "Cookie", stripCookie)
	keep(h, "Authorization", func(line string) (string, bool) {
		return line, !slices.ContainsFunc(strings.Fields(line), issued)
	})
}

// StripSetCookie removes from an answer's headers what would set, or clear, the session
// cookie. A browser may read a cookie without a name as one of any name (RFC 6265bis
// section 5.6), and names of another case are left to nobody's guess.
func StripSetCookie(h http.Header) {
	keep(h, "Set-Cookie", func(line string) (string, bool) {
		pair, _, _ := strings.Cut(line, ";")
		name, _, _ := strings.Cut(strings.TrimLeft(pair, " \t="), "=")
		return line, !strings.EqualFold(strings.TrimSpace(name), CookieName)
	})
}

// keep replaces each line of a header by what of it is kept.
func keep(h http.Header, name string, some func(line string) (rest string, kept bool)) {
	var rest []string
	for _, line := range h[name] {
		if line, kept := some(line); kept {
			rest = append(rest, line)
		}
	}
	if rest == nil {
		delete(h, name)
		return
	}
	h[name] = rest
}

// stripCookie returns a Cookie line without the session cookie, and whether anything
// stands in it.
func stripCookie(line string) (string, bool) {
	pairs := strings.Split(line, ";")
	rest := slices.DeleteFunc(slices.Clone(pairs), func(pair string) bool {
		_, ours := sessionCookie(pair)
		return ours
	})
	if len(rest) == len(pairs) {
		return line, true
	}
	line = strings.TrimLeft(strings.Join(rest, ";"), " \t")
	return line, line != ""
}
