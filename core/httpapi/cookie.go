package httpapi

import (
	"net/http"
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
		maxAge = int(r.AbsoluteExpiry.Sub(r.CreatedAt) / time.Second)
	}
	http.SetCookie(w, a.cookie(t.Reveal(), maxAge))
}

func (a *API) clearCookie(w http.ResponseWriter) { http.SetCookie(w, a.cookie("", -1)) }
