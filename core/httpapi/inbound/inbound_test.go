package inbound

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"coatcheck/core/session"
)

func TestCheck(t *testing.T) {
	ours := Origins{"https://app.example.com", "http://localhost:8080"}
	for _, c := range []struct {
		name   string
		method string
		header http.Header
		want   session.Presented
		err    error
	}{
		{"nothing", "GET", http.Header{}, session.Presented{}, nil},
		{"cookie", "GET", http.Header{"Cookie": {"a=b; __Host-sid=t"}}, session.Presented{Token: "t"}, nil},
		{"empty cookie", "GET", http.Header{"Cookie": {"__Host-sid="}}, session.Presented{}, nil},
		{"two cookies", "GET", http.Header{"Cookie": {"__Host-sid=t", "__Host-sid=t"}}, session.Presented{}, session.ErrNoSession},
		{"passive", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Coatcheck-Passive": {"1"}}, session.Presented{Token: "t", Passive: true}, nil},
		{"passive, another word", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Coatcheck-Passive": {"0"}}, session.Presented{Token: "t"}, nil},
		{"passive twice", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Coatcheck-Passive": {"1", "1"}}, session.Presented{Token: "t"}, nil},
		{"bearer", "POST", http.Header{"Authorization": {"bearer t"}}, session.Presented{Token: "t", Bearer: true}, nil},
		{"both", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Authorization": {"Bearer t"}}, session.Presented{}, session.ErrNoSession},
		{"unsafe without a word", "POST", http.Header{"Cookie": {"__Host-sid=t"}}, session.Presented{Token: "t"}, ErrCrossSite},
		{"unsafe with nothing", "POST", http.Header{}, session.Presented{}, ErrCrossSite},
		{"unsafe from us", "POST", http.Header{"Cookie": {"__Host-sid=t"}, "Origin": {"http://localhost:8080"}}, session.Presented{Token: "t"}, nil},
		{"unsafe from two", "POST", http.Header{"Cookie": {"__Host-sid=t"}, "Sec-Fetch-Site": {"same-origin", "same-origin"}}, session.Presented{Token: "t"}, ErrCrossSite},
		{"a WebSocket without a word", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Upgrade": {"websocket"}}, session.Presented{Token: "t"}, ErrCrossSite},
		{"a WebSocket from another", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Upgrade": {"websocket"}, "Origin": {"https://evil.example"}}, session.Presented{Token: "t"}, ErrCrossSite},
		{"a WebSocket from us", "GET", http.Header{"Cookie": {"__Host-sid=t"}, "Upgrade": {"websocket"}, "Origin": {"https://app.example.com"}}, session.Presented{Token: "t"}, nil},
		{"a WebSocket by bearer", "GET", http.Header{"Authorization": {"Bearer t"}, "Upgrade": {"websocket"}}, session.Presented{Token: "t", Bearer: true}, nil},
		{"safe from another", "OPTIONS", http.Header{"Sec-Fetch-Site": {"cross-site"}}, session.Presented{}, nil},
	} {
		got, err := ours.Check(c.header, c.method)
		if !errors.Is(err, c.err) || got.Token != c.want.Token || got.Bearer != c.want.Bearer || got.Passive != c.want.Passive {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := (Origins{"https://a.example", "https://a.example:8443", "http://127.0.0.1:8080", "http://[::1]"}).Validate(); err != nil {
		t.Error(err)
	}
	bad := Origins{"http://a.example", "https://a.example/", "a.example", "https://A.example", "ftp://a.example", "null", "*"}
	err := bad.Validate()
	for _, origin := range bad {
		if err == nil || !strings.Contains(err.Error(), `origin "`+origin+`": want`) {
			t.Errorf("%q is not named in %v", origin, err)
		}
	}
	if err := (Origins{"https://anne:lantern@a.example"}).Validate(); err == nil || strings.Contains(err.Error(), "lantern") {
		t.Errorf("a password in an origin: %v", err)
	}
	if (Origins{}).Validate() == nil {
		t.Error("no origin is enough")
	}
}
