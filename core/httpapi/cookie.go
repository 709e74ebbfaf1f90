package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// CookieName is the session cookie's name.
const CookieName = inbound.CookieName

// cookie builds the session cookie, for setting and for clearing alike: browsers
// clear a cookie only under the attributes that it was set with. Without a lifetime
// it ends with the browser.
func (a *API) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: the policy of SameSite is checked in New
		Name: CookieName, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: a.sameSite,
	}
}

func (a *API) setCookie(w http.ResponseWriter, t session.Token, r session.Record) {
	maxAge := 0
	if r.Remembered {
		maxAge = int(a.manager.Remaining(r) / time.Second)
	}
	replaceCookie(w, a.cookie(t.Reveal(), maxAge))
}

func (a *API) clearCookie(w http.ResponseWriter) { replaceCookie(w, a.cookie("", -1)) }

// replaceCookie leaves one session cookie in the answer: a renewed token must not come
// along with that of a new session.
func replaceCookie(w http.ResponseWriter, c *http.Cookie) {
	others := slices.DeleteFunc(w.Header()["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, CookieName+"=") })
	w.Header()["Set-Cookie"] = append(others, c.String())
}
