package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
)

// forwarded is a protected application that keeps what it would be sent.
func forwarded(t *testing.T, routes ...string) (p *protected, sent *http.Header) {
	t.Helper()
	p, sent = newProtected(t, routes...), new(http.Header)
	p.app = p.api.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		*sent = r.Header.Clone()
		p.api.Forward(*sent, r)
	}))
	return p, sent
}

// Whatever the client says of itself, under whatever spelling that an application reads
// as ours, the application is told what is so.
func TestForwardSaysWhoItIs(t *testing.T) {
	p, sent := forwarded(t, "ANY /open optional")
	cookie, view := p.signIn("viewer@a")
	for _, spelled := range []string{
		"Coatcheck-Subject", "coatcheck-subject", "COATCHECK-SUBJECT", "Coatcheck_Subject", "coatcheck_subject", "Coatcheck.Subject",
		"Coatcheck-Session", "Coatcheck-Roles", "Coatcheck_Roles", "Coatcheck-Auth-Time", "Coatcheck_Auth-Time", "Coatcheck-Auth_Time",
		"Coatcheck-Passive", "Coatcheck-Anything", "Coatcheck-",
	} {
		for _, path := range []string{"/", "/open"} {
			headers := []string{"Accept: x", spelled + ": evil", spelled + ": evil too"}
			if path == "/" {
				headers = append(headers, cookie)
			}
			w := send(p.app, "GET", path, "", headers...)
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", spelled, w.Code, w.Body)
			}
			want := map[string]string{"Coatcheck-Subject": "", "Coatcheck-Session": "", "Coatcheck-Roles": "", "Coatcheck-Auth-Time": ""}
			if path == "/" {
				want = map[string]string{
					"Coatcheck-Subject": "sub-viewer@a", "Coatcheck-Session": view["id"].(string),
					"Coatcheck-Roles": "coatcheck:viewer", "Coatcheck-Auth-Time": "2026-11-01T12:00:00Z",
				}
			}
			wantHeaders(t, spelled+" at "+path, *sent, want)
		}
	}
}

// wantHeaders wants exactly these headers, each once, beside Accept.
func wantHeaders(t *testing.T, name string, h http.Header, want map[string]string) {
	t.Helper()
	for header, lines := range h {
		if value, ok := want[header]; header != "Accept" && (!ok || !slices.Equal(lines, []string{value})) {
			t.Errorf("%s: the application is sent %s: %q", name, header, lines)
		}
	}
	for header := range want {
		if _, there := h[header]; !there {
			t.Errorf("%s: the application is not sent %s", name, header)
		}
	}
}

// Names that only look like ours are the application's own.
func TestForwardLeavesOtherHeaders(t *testing.T) {
	p, sent := forwarded(t)
	cookie, _ := p.signIn("viewer@a")
	send(p.app, "GET", "/", "", cookie, "X-Coatcheck-Subject: a", "Coatcheckers: b", "Coat-Check-Subject: c", "Accept: d")
	if h := *sent; h.Get("X-Coatcheck-Subject") != "a" || h.Get("Coatcheckers") != "b" || h.Get("Coat-Check-Subject") != "c" || h.Get("Accept") != "d" {
		t.Errorf("sent %v", h)
	}
}

// No ticket reaches the application, whether it was let in by it or not.
func TestForwardKeepsTheTicket(t *testing.T) {
	p, sent := forwarded(t, "ANY /open optional")
	cookie, _ := p.signIn("viewer@a")
	ticket := strings.TrimPrefix(cookie, "Cookie: __Host-sid=")
	answer := p.body(p.request("POST", "/login", `{"username":"viewer@a","password":"right","transport":"bearer"}`, asJSON))
	bearer := answer["token"].(string)
	for _, c := range []struct {
		name, path string
		headers    []string
		cookie     string // what the application is sent
		authorized string
	}{
		{"cookie", "/", []string{cookie + "; a=b"}, "a=b", ""},
		{"cookie alone", "/", []string{cookie}, "", ""},
		{"cookie and basic", "/", []string{cookie, "Authorization: Basic YTpi"}, "", "Basic YTpi"},
		{"bearer", "/", []string{"Authorization: Bearer " + bearer, "Cookie: a=b"}, "a=b", ""},
		{"both, so neither", "/open", []string{cookie, "Authorization: Bearer " + bearer}, "", ""},
		{"a cookie's token as a bearer's", "/open", []string{"Authorization: Bearer " + ticket}, "", ""},
		{"the application's own bearer", "/open", []string{"Authorization: Bearer abc.def.ghi"}, "", "Bearer abc.def.ghi"},
		{"two cookies", "/open", []string{cookie + "; __Host-sid=x; a=b"}, "a=b", ""},
	} {
		w := send(p.app, "GET", c.path, "", c.headers...)
		h := *sent
		if w.Code != 200 || h.Get("Cookie") != c.cookie || h.Get("Authorization") != c.authorized {
			t.Errorf("%s: %d, sent %v", c.name, w.Code, h)
		}
		if c.cookie == "" && len(h["Cookie"]) > 0 || c.authorized == "" && len(h["Authorization"]) > 0 {
			t.Errorf("%s: an empty header is sent: %v", c.name, h)
		}
	}
}

func TestReturn(t *testing.T) {
	protects := http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}}
	renews := http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}, "Set-Cookie": {"__Host-sid=new; Path=/"}}
	open := http.Header{"Vary": {"Cookie"}}
	for _, c := range []struct {
		name              string
		own, answer, want http.Header
	}{
		{"says nothing of storing", protects, http.Header{}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}}},
		{"says that it may be stored", protects, http.Header{"Cache-Control": {"private", "max-age=60"}}, http.Header{"Cache-Control": {"private", "max-age=60"}, "Vary": {"Cookie"}}},
		{"varies by itself", protects, http.Header{"Vary": {"Accept"}}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Accept", "Cookie"}}},
		{"optional, says nothing", open, http.Header{}, http.Header{"Vary": {"Cookie"}}},
		{"a new token comes along", renews, http.Header{"Cache-Control": {"public, max-age=60"}, "Set-Cookie": {"a=b"}}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}, "Set-Cookie": {"a=b", "__Host-sid=new; Path=/"}}},
		{"sets our cookie", protects, http.Header{"Set-Cookie": {"a=b", "__Host-sid=evil; Path=/"}}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}, "Set-Cookie": {"a=b"}}},
		{"sets our cookie beside the new one", renews, http.Header{"Set-Cookie": {"__Host-sid=evil"}}, http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}, "Set-Cookie": {"__Host-sid=new; Path=/"}}},
		{"its own security headers", protects, http.Header{"Content-Security-Policy": {"default-src *"}}, http.Header{"Content-Security-Policy": {"default-src *"}, "Cache-Control": {"no-store"}, "Vary": {"Cookie"}}},
	} {
		before := c.own.Clone()
		httpapi.Return(c.answer, c.own)
		if got, want := lines(c.answer), lines(c.want); got != want {
			t.Errorf("%s: got\n%s want\n%s", c.name, got, want)
		}
		if lines(c.own) != lines(before) {
			t.Errorf("%s: its own were changed to %v", c.name, c.own)
		}
	}
}

func lines(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}
