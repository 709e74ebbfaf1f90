package canary

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Target is where a deployment is.
type Target struct{ base url.URL }

// ErrTarget says what an address needs to be. It does not repeat the address, which
// may hold a password.
var ErrTarget = errors.New("want https://host, with a path before the routes if there is one, without user, query and fragment; http only on loopback")

// ErrPath says what the path of a protected route needs to be.
var ErrPath = errors.New("want a path on the same host, such as /session")

// ParseURL reads the address of a deployment, or returns [ErrTarget].
func ParseURL(text string) (Target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return Target{}, ErrTarget
	}
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), ""
	return Target{*u}, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// CheckPath returns [ErrPath] for what is no path of a route.
func CheckPath(path string) error {
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Host != "" || u.Fragment != "" {
		return ErrPath
	}
	return nil
}

// String is the address.
func (t Target) String() string { return t.base.String() }

// origin is what a browser sends in Origin from a page of the deployment's: the
// scheme's own port is left out (RFC 6454 section 6.2).
func (t Target) origin() string {
	host := strings.ToLower(t.base.Host)
	if port := t.base.Port(); t.base.Scheme == "https" && port == "443" || t.base.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return t.base.Scheme + "://" + host
}

// route is the address of a route, whose path may have a query.
func (t Target) route(path string) string { return t.base.String() + path }
