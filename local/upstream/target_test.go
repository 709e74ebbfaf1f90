package upstream_test

import (
	"net"
	"strings"
	"testing"

	"coatcheck/local/upstream"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want, fault string }{
		{"http://localhost:3000", "http://localhost:3000", ""},
		{"http://localhost:3000/", "http://localhost:3000", ""},
		{"HTTP://LocalHost:3000", "http://LocalHost:3000", ""},
		{"https://app.internal", "https://app.internal", ""},
		{"http://[::1]:3000", "http://[::1]:3000", ""},
		{"http://127.0.0.1", "http://127.0.0.1", ""},
		{"localhost:3000", "", "with http://"},
		{"localhost", "", "with http://"},
		{":3000", "", "with http://"},
		{"3000", "", "with http://"},
		{"ftp://localhost", "", "with http://"},
		{"unix:///run/app.sock", "", "with http://"},
		{"//localhost:3000", "", "with http://"},
		{"http://loc alhost", "", "with http://"},
		{"http:localhost:3000", "", "a host"},
		{"http://", "", "a host"},
		{"http://:3000", "", "a host"},
		{"http://localhost:", "", "a port"},
		{"http://localhost:0", "", "a port"},
		{"http://localhost:65536", "", "a port"},
		{"http://me:secret@localhost:3000", "", "no user name"},
		{"http://@localhost:3000", "", "no user name"},
		{"http://localhost:3000/app", "", "no path"},
		{"http://localhost:3000?", "", "no path"},
		{"http://localhost:3000?a=b", "", "no path"},
		{"http://localhost:3000#a", "", "no path"},
	} {
		got, fault := upstream.Parse(c.text)
		if c.fault != "" {
			if got != nil || !strings.Contains(fault, c.fault) {
				t.Errorf("%s: %v, want %q, got %q", c.text, got, c.fault, fault)
			}
			continue
		}
		if fault != "" || got.String() != c.want {
			t.Errorf("%s: %v, %q, want %s", c.text, got, fault, c.want)
		}
	}
}

func TestReaches(t *testing.T) {
	machine := []net.Addr{
		&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
		&net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.ParseIP("2001:db8::7"), Mask: net.CIDRMask(64, 128)},
	}
	for _, c := range []struct {
		target, listens string
		want            bool
	}{
		{"http://localhost:8080", "127.0.0.1:8080", true},
		{"http://LOCALHOST:8080", "localhost:8080", true},
		{"http://127.0.0.1:8080", "localhost:8080", true},
		{"http://0.0.0.0:8080", "127.0.0.1:8080", true},
		{"http://[::1]:8080", "[::1]:8080", true},
		{"http://[::ffff:127.0.0.1]:8080", "127.0.0.1:8080", true},
		{"http://localhost:8080", ":8080", true},
		{"http://127.0.0.2:8080", "0.0.0.0:8080", true},
		{"http://192.0.2.7:8080", ":8080", true},
		{"http://192.0.2.7:8080", "0.0.0.0:8080", true},
		{"http://[2001:db8::7]:8080", "[::]:8080", true},
		{"http://App.internal:8080", "app.internal:8080", true},
		{"http://localhost", "127.0.0.1:80", true},
		{"https://localhost", "127.0.0.1:443", true},
		{"http://localhost:3000", "127.0.0.1:8080", false},
		{"http://127.0.0.2:8080", "127.0.0.1:8080", false},
		{"http://192.0.2.7:8080", "127.0.0.1:8080", false},
		{"http://192.0.2.8:8080", ":8080", false},
		{"http://app.internal:8080", ":8080", false},
		{"https://localhost", "127.0.0.1:80", false},
		{"http://localhost:8080", "nonsense", false},
	} {
		if got := upstream.Reaches(mustParse(t, c.target), c.listens, machine); got != c.want {
			t.Errorf("%s, listening on %s: %t, want %t", c.target, c.listens, got, c.want)
		}
	}
}
