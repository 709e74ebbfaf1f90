package httpapi

import (
	"net/http"
	"strings"
	"time"

	"coatcheck/core/session"
)

// CookieName is the session cookie's name. The prefix makes browsers refuse it
// unless it is Secure, has Path=/ and no Domain (RFC 6265bis section 4.1.3.2).
const CookieName = "__Host-sid"

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

// sessionCookie returns the value of the session cookie and how many cookies of
// exactly its name the request carries. Names compare byte by byte: a browser gives
// the prefix's protection to no other spelling, so no other spelling is ours (RFC
// 6265bis section 4.2.1). Only space and tab are trimmed.
func sessionCookie(h http.Header) (value string, count int) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if v, ok := strings.CutPrefix(strings.Trim(pair, " \t"), CookieName+"="); ok {
				value = v
				count++
			}
		}
	}
	return value, count
}

// present returns what the request presents as a token: the cookie, or a bearer
// token (RFC 6750 section 2.1). Two of either, or both, present nothing that can be
// believed.
func present(h http.Header) (session.Presented, error) {
	value, cookies := sessionCookie(h)
	bearer, bearers := bearerToken(h)
	if cookies+bearers > 1 {
		return session.Presented{}, &session.Refusal{Outcome: session.Malformed}
	}
	if bearers == 1 {
		return session.Presented{Token: bearer, Bearer: true}, nil
	}
	if cookies == 1 && value == "" { // cleared by a client that keeps empty cookies
		return session.Presented{}, nil
	}
	return session.Presented{Token: value}, nil
}

// bearerToken returns the last bearer token and how many there are.
func bearerToken(h http.Header) (token string, count int) {
	for _, line := range h["Authorization"] {
		scheme, rest, _ := strings.Cut(line, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token = strings.Trim(rest, " ")
			count++
		}
	}
	return token, count
}
