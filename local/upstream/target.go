package upstream

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Parse reads the address of an application, such as http://localhost:3000. want is
// what a text that is none would have to be, "" if it is one.
func Parse(text string) (target *url.URL, want string) {
	const such = ", such as http://localhost:3000"
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "an address with http:// or https://" + such
	}
	port, err := strconv.ParseUint(portOf(u), 10, 16)
	switch {
	case u.Hostname() == "":
		want = "a host" + such
	case err != nil || port == 0 || strings.HasSuffix(u.Host, ":"):
		want = "a port from 1 to 65535, or none" + such
	case u.User != nil:
		want = "no user name and password in it" + such
	case u.Path != "" && u.Path != "/", u.RawQuery != "" || u.ForceQuery, u.Fragment != "":
		want = "no path, the application's paths are those of its own" + such
	default:
		return &url.URL{Scheme: u.Scheme, Host: u.Host}, ""
	}
	return nil, want
}

func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// Reaches reports whether what is sent to the target comes to a server that listens on
// an address, HOST:PORT: requests would go round in circles. machine are the addresses
// of this machine (net.InterfaceAddrs). Names but localhost are not looked up.
func Reaches(target *url.URL, listens string, machine []net.Addr) bool {
	host, port, err := net.SplitHostPort(listens)
	if err != nil || port != portOf(target) {
		return false
	}
	if strings.EqualFold(host, target.Hostname()) {
		return true
	}
	for _, to := range addresses(target.Hostname()) {
		if hears(host, to, machine) {
			return true
		}
	}
	return false
}

// addresses are what a connection to a host goes to, where that is known without asking.
func addresses(host string) []netip.Addr {
	loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	addr, err := netip.ParseAddr(host)
	switch {
	case strings.EqualFold(host, "localhost"), err == nil && addr.IsUnspecified():
		return loopback
	case err == nil:
		return []netip.Addr{addr.Unmap()}
	}
	return nil
}

// hears reports whether a server that listens on a host is reached at an address.
func hears(host string, at netip.Addr, machine []net.Addr) bool {
	every, err := netip.ParseAddr(host)
	if host == "" || err == nil && every.IsUnspecified() {
		return at.IsLoopback() || isOf(machine, at)
	}
	for _, own := range addresses(host) {
		if own == at {
			return true
		}
	}
	return false
}

func isOf(machine []net.Addr, at netip.Addr) bool {
	for _, one := range machine {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Addr().Unmap() == at {
			return true
		}
	}
	return false
}
