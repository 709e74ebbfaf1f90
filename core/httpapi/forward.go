package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"coatcheck/core/httpapi/inbound"
)

// Forward makes the headers of a request that [API.Protect] let through those that an
// application in another process is given: out are the headers to be sent, r is the
// request with its context. Whose session it is stands in the identity headers, all of
// them always ([SetIdentity]). What the client sent under a name that the application
// could take for one of ours is removed, and so are the session cookie and a bearer
// token of ours: the application needs none and must not keep one.
func (a *API) Forward(out http.Header, r *http.Request) {
	inbound.Strip(out, a.manager.Issued)
	StripPrefix(out, "Coatcheck-")
	record, _ := SessionFrom(r.Context())
	SetIdentity(out, record)
}

// StripPrefix removes every header whose name begins so to any reader: letters' case
// aside, and with each sign taken for a dash, since CGI and what came after it (WSGI,
// Rack, PHP) write dashes, underscores and other signs as the same one.
func StripPrefix(h http.Header, prefix string) {
	for name := range h {
		if strings.HasPrefix(folded(name), folded(prefix)) {
			delete(h, name)
		}
	}
}

func folded(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return '-'
	}, name)
}

// Return makes the headers of an application's answer those that the client is given:
// own are what [API.Protect] had set before the application was asked. The application
// cannot set or clear the session cookie. Whether the answer may be stored it says
// itself, unless a new token comes along with it.
func Return(answer, own http.Header) {
	inbound.StripSetCookie(answer)
	own = own.Clone()
	switch renews := len(own["Set-Cookie"]) > 0; {
	case renews:
		delete(answer, "Cache-Control")
	case len(answer["Cache-Control"]) > 0:
		delete(own, "Cache-Control")
	}
	for name, lines := range own {
		answer[name] = slices.Concat(answer[name], lines)
	}
}
