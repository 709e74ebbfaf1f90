package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// errCrossSite says that a request that changes something did not come from a page
// of ours.
var errCrossSite = errors.New("cross-site request")

// checkOrigin validates one configured origin (RFC 6454): what a browser sends in
// Origin, to the byte. Plain http is for loopback hosts alone.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) {
		return fmt.Errorf("origin %q: want scheme://host or scheme://host:port in lower case, without a path", origin)
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("origin %q: want https (http only for localhost)", origin)
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// crossSite refuses a request whose method changes something unless a browser says
// that it comes from our own origin. SameSite cookies are the other half of the
// defence; neither relies on the other.
func (a *API) crossSite(r *http.Request, method string) error {
	if isSafe(method) || a.sameOrigin(r.Header) || !ambient(r.Header) {
		return nil
	}
	return errCrossSite
}

// isSafe reports whether a method only reads (RFC 9110 section 9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// sameOrigin reports whether the browser vouches for the request's origin. Origins
// compare as exact strings with the configured ones, never with the Host, which a
// gateway may have changed.
func (a *API) sameOrigin(h http.Header) bool {
	if only(h["Sec-Fetch-Site"]) == "same-origin" {
		return true
	}
	origin := only(h["Origin"])
	for _, ours := range a.origins {
		if origin == ours {
			return true
		}
	}
	return false
}

// ambient reports whether the request may carry authority that its sender did not
// put there himself. A bearer token without a cookie cannot: no browser adds one.
func ambient(h http.Header) bool {
	_, cookies := sessionCookie(h)
	_, bearers := bearerToken(h)
	return cookies > 0 || bearers == 0
}

// only returns the one value of a header, "" if there are several.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// programmatic reports whether a sign-in comes from a program rather than from a
// page: no cookie at all and neither of the headers that browsers add.
func programmatic(h http.Header) bool {
	return len(h["Cookie"]) == 0 && len(h["Sec-Fetch-Site"]) == 0 && len(h["Origin"]) == 0
}
