package webhook

import (
	"net/netip"
	"net/url"
)

// Parse reads the address of a receiver, or says what it needs to be: https, plain http
// on loopback only. Receivers' paths and queries may hold a secret of theirs, so that
// neither is ever printed.
func Parse(text string) (target *url.URL, want string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, "a URL such as https://app.example.com/coatcheck"
	case u.User != nil:
		return nil, "a URL without a user name and password: what is sent is signed"
	case u.Fragment != "":
		return nil, "a URL without a fragment"
	case u.Scheme == "http" && onLoopback(u.Hostname()), u.Scheme == "https":
		return u, ""
	}
	return nil, "an https URL; http is for a receiver on loopback, such as http://localhost:3000/coatcheck"
}

// Shown is as much of an address as may be printed.
func Shown(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "[redacted]"
	}
	return u.Scheme + "://" + u.Host
}

func onLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
