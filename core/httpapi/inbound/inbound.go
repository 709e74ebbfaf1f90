// Package inbound is what an HTTP request presents as its session, and where the
// request comes from: the part of checking a request that everything in front of the
// session manager shares, the handlers of package httpapi and a gateway's authorizer
// alike. It knows headers, and no server.
package inbound

import (
	"errors"
	"net/http"
	"strings"

	"coatcheck/core/session"
)

// CookieName is the session cookie's name. The prefix makes browsers refuse it
// unless it is Secure, has Path=/ and no Domain (RFC 6265bis section 4.1.3.2).
const CookieName = "__Host-sid"

// HeaderPassive says with "1" that a request is no use of the session, such as one
// that a page sends by itself every so often.
const HeaderPassive = "Coatcheck-Passive"

// Check is all that a request is checked for before its session: it returns what the
// request presents, [session.ErrNoSession] where that cannot be believed, or
// [ErrCrossSite]. The method is the one that is asked for, which behind a proxy is
// not always the request's own.
func (o Origins) Check(h http.Header, method string) (session.Presented, error) {
	presented, err := Present(h)
	if err != nil {
		return session.Presented{}, err
	}
	return presented, o.CrossSite(h, method)
}

// Present returns what a request presents as a token: the cookie, or a bearer token
// (RFC 6750 section 2.1). Two of either, or both, present nothing that can be
// believed: a [session.Refusal] as malformed.
func Present(h http.Header) (session.Presented, error) {
	var presented session.Presented
	switch all := All(h); {
	case len(all) > 1:
		return session.Presented{}, &session.Refusal{Outcome: session.Malformed}
	case len(all) == 1:
		presented = all[0]
	}
	presented.Passive = Only(h[HeaderPassive]) == "1"
	return presented, nil
}

// IsRefusal reports whether an error is a decision over who asks: there is no session,
// it does not suffice, or another site asked. That a store was not reached is none,
// whatever else its error wraps.
func IsRefusal(err error) bool {
	return !errors.Is(err, session.ErrUnavailable) &&
		(errors.Is(err, ErrCrossSite) || errors.Is(err, session.ErrNoSession) || errors.Is(err, session.ErrForbidden))
}

// All returns everything that a request presents as a token, for who must not believe
// the wrong one but has to act on each: a logout.
func All(h http.Header) []session.Presented {
	return append(cookies(h), bearers(h)...)
}

// cookies returns the cookies of exactly the session cookie's name. Names compare
// byte by byte: a browser gives the prefix's protection to no other spelling, so no
// other spelling is ours (RFC 6265bis section 4.2.1). Only space and tab are trimmed.
// An empty one stands for itself only among others: some clients keep what was cleared.
func cookies(h http.Header) (all []session.Presented) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if v, ok := sessionCookie(pair); ok {
				all = append(all, session.Presented{Token: v})
			}
		}
	}
	return all
}

// sessionCookie returns a pair's value if its name is the session cookie's.
func sessionCookie(pair string) (value string, ours bool) {
	return strings.CutPrefix(strings.Trim(pair, " \t"), CookieName+"=")
}

func bearers(h http.Header) (all []session.Presented) {
	for _, line := range h["Authorization"] {
		scheme, rest, _ := strings.Cut(line, " ")
		if strings.EqualFold(scheme, "Bearer") {
			all = append(all, session.Presented{Token: strings.Trim(rest, " "), Bearer: true})
		}
	}
	return all
}

// Only returns the one value of a header, "" if there are several.
func Only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
