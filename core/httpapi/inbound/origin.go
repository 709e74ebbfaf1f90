package inbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// ErrCrossSite says that a request that changes something did not come from a page
// of ours.
var ErrCrossSite = errors.New("cross-site request")

// Origins are the public origins of a deployment (RFC 6454), such as
// "https://app.example.com": what browsers send in Origin, to the byte.
type Origins []string

// Validate returns every fault of the origins. There must be at least one.
func (o Origins) Validate() error {
	var faults []error
	if len(o) == 0 {
		faults = append(faults, errors.New("no origin given: want at least one, such as https://app.example.com"))
	}
	for _, origin := range o {
		if want := Unfit(origin); want != "" {
			faults = append(faults, fmt.Errorf("origin %q: want %s", Shown(origin), want))
		}
	}
	return errors.Join(faults...)
}

// Shown is an origin as errors repeat it: not where it has a user's name, and with it a
// password.
func Shown(origin string) string {
	if strings.Contains(origin, "@") {
		return "[redacted]"
	}
	return origin
}

// Unfit returns what an origin would have to be, "" if it is. Plain http is for
// loopback hosts alone.
func Unfit(origin string) (want string) {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) ||
		strings.ContainsAny(u.Host, "*@"):
		return "scheme://host or scheme://host:port in lower case, without a path"
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80", strings.HasSuffix(u.Host, ":"):
		return "no port where it is the scheme's own: browsers leave it out"
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "https (http only for localhost)"
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// CrossSite returns [ErrCrossSite] for a request whose method changes something or that
// opens a WebSocket, unless a browser says that it comes from our own origin, or no
// browser can have added the authority that it carries. SameSite cookies are the other
// half of the defence; neither relies on the other.
func (o Origins) CrossSite(h http.Header, method string) error {
	if isSafe(method) && !Upgrades(h) || o.Same(h) || !ambient(h) {
		return nil
	}
	return ErrCrossSite
}

// Upgrades reports whether a request asks for another protocol, such as a WebSocket's
// (RFC 9110 section 7.8). Any page may open one, and read what comes of it.
func Upgrades(h http.Header) bool { return len(h["Upgrade"]) > 0 }

// isSafe reports whether a method only reads (RFC 9110 section 9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// Same reports whether the browser vouches for the request's origin. Origins compare
// as exact strings, never with the Host, which a gateway may have changed.
func (o Origins) Same(h http.Header) bool {
	if Only(h["Sec-Fetch-Site"]) == "same-origin" {
		return true
	}
	origin := Only(h["Origin"])
	for _, ours := range o {
		if origin == ours {
			return true
		}
	}
	return false
}

// ambient reports whether the request may carry authority that its sender did not
// put there himself. A bearer token without a cookie cannot: no browser adds one.
func ambient(h http.Header) bool { return len(cookies(h)) > 0 || len(bearers(h)) == 0 }
