package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/functions/internal/lambdatest"
)

func get(cookies []string, headers map[string]string) []byte {
	return lambdatest.Request{Method: "GET", Path: "/demo", Cookies: cookies, Headers: headers}.AuthorizerEvent()
}

func TestContext(t *testing.T) {
	d := newDesk(t)
	token, record := d.signIn(session.SignIn{})
	raw, err := d.Invoke(t.Context(), get([]string{"__Host-sid=" + token}, nil))
	want := fmt.Sprintf(`{"isAuthorized":true,"context":{"subject":"usr_1","sessionId":%q,"roles":"clerk coatcheck:viewer",`+
		`"amr":"pwd","authTime":"2026-11-01T12:00:00Z","expiresAt":"2026-11-01T12:15:00Z","actor":""}}`, record.ID.String())
	if err != nil || string(raw) != want {
		t.Errorf("got %s, %v\nwant %s", raw, err, want)
	}
	if n := d.shelf.reads.Load(); n != 1 {
		t.Errorf("%d reads, want exactly 1", n)
	}
}

// The largest record makes an answer within 1 KB.
func TestContextIsBounded(t *testing.T) {
	role := strings.Repeat("r", session.MaxRole)
	r := session.Record{
		Subject: strings.Repeat("s", session.MaxSubject), AuthTime: noon, Actor: session.ID{1},
		Roles: make([]string, session.MaxRoles), Methods: make([]string, 8),
	}
	for i := range r.Roles {
		r.Roles[i] = role
	}
	for i := range r.Methods {
		r.Methods[i] = strings.Repeat("m", 16)
	}
	raw, err := answerer{}.allow(&request{caller: http2}, contextOf(&r, noon))
	if err != nil || len(raw) > 1<<10 || !strings.Contains(string(raw), `"actor":"`+r.Actor.String()+`"`) {
		t.Errorf("%d bytes, %v: %s", len(raw), err, raw)
	}
}

// Where the token may stand, and what a method needs besides.
func TestVerdicts(t *testing.T) {
	d := newDesk(t)
	token, _ := d.signIn(session.SignIn{})
	bearer, _ := d.signIn(session.SignIn{Bearer: true})
	cookie := "__Host-sid=" + token
	type headers = map[string]string
	for _, c := range []struct {
		name    string
		method  string
		cookies []string
		headers headers
		want    verdict
	}{
		{"nothing", "GET", nil, nil, denied},
		{"no cookies", "GET", []string{}, nil, denied},
		{"cookie", "GET", []string{cookie}, nil, allowed},
		{"among others", "GET", []string{"a=b", cookie, "c=d"}, nil, allowed},
		{"in the header", "GET", nil, headers{"cookie": cookie}, allowed},
		{"in the header, capital", "GET", nil, headers{"Cookie": "a=b; " + cookie}, allowed},
		{"in the header, loud", "GET", []string{}, headers{"COOKIE": cookie}, allowed},
		{"sam local: in both", "GET", []string{"a=b", cookie}, headers{"Cookie": "a=b; " + cookie}, allowed},
		{"in both, twice in the field", "GET", []string{cookie, cookie}, headers{"Cookie": cookie}, denied},
		{"in both, twice in the header", "GET", []string{cookie}, headers{"Cookie": cookie + ";" + cookie}, denied},
		{"in both, different", "GET", []string{cookie}, headers{"Cookie": "__Host-sid=x"}, denied},
		{"in two spellings of the header", "GET", nil, headers{"Cookie": cookie, "cookie": cookie}, denied},
		{"header named cookies", "GET", nil, headers{"cookies": cookie}, denied},
		{"header named Cookies", "GET", nil, headers{"Cookies": `["` + cookie + `"]`}, denied},
		{"header named cookies beside the field", "GET", []string{"a=b"}, headers{"cookies": cookie}, denied},
		{"bearer", "GET", nil, headers{"authorization": "Bearer " + bearer}, allowed},
		{"bearer, loud", "GET", nil, headers{"AUTHORIZATION": "bearer " + bearer}, allowed},
		{"bearer and cookie", "GET", []string{cookie}, headers{"authorization": "Bearer " + bearer}, denied},
		{"two bearers", "GET", nil, headers{"authorization": "Bearer " + bearer, "Authorization": "Bearer " + bearer}, denied},
		{"two bearers in one", "GET", nil, headers{"authorization": "Bearer " + bearer + ",Bearer " + bearer}, denied},
		{"cookie's token as bearer", "GET", nil, headers{"authorization": "Bearer " + token}, denied},
		{"bearer's token as cookie", "GET", []string{"__Host-sid=" + bearer}, nil, denied},

		{"POST, no word on the origin", "POST", []string{cookie}, nil, denied},
		{"POST from another site", "POST", []string{cookie}, headers{"sec-fetch-site": "cross-site"}, denied},
		{"POST from a sibling", "POST", []string{cookie}, headers{"sec-fetch-site": "same-site"}, denied},
		{"POST from us", "POST", []string{cookie}, headers{"sec-fetch-site": "same-origin"}, allowed},
		{"POST from us, capitals", "POST", []string{cookie}, headers{"Sec-Fetch-Site": "same-origin"}, allowed},
		{"POST from our origin", "POST", []string{cookie}, headers{"Origin": origin}, allowed},
		{"POST from another origin", "POST", []string{cookie}, headers{"origin": origin + ".evil.example"}, denied},
		{"POST from two origins", "POST", []string{cookie}, headers{"origin": origin + "," + origin}, denied},
		{"POST from two origins, spelt twice", "POST", []string{cookie}, headers{"origin": origin, "Origin": origin}, denied},
		{"POST by bearer", "POST", nil, headers{"authorization": "Bearer " + bearer}, allowed},
		{"DELETE from another site", "DELETE", []string{cookie}, headers{"sec-fetch-site": "cross-site"}, denied},
		{"unknown method", "PURGE", []string{cookie}, nil, denied},
		{"get in small letters is not GET", "get", []string{cookie}, nil, denied},
		{"HEAD", "HEAD", []string{cookie}, headers{"sec-fetch-site": "cross-site"}, allowed},
	} {
		got, answer, err := d.ask(lambdatest.Request{Method: c.method, Path: "/demo", Cookies: c.cookies, Headers: c.headers}.AuthorizerEvent())
		if got != c.want || (got == allowed) != (answer.Context != nil) {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
	}
}

// The cookies of core/httpapi's TestHostileCookies, as the field and as the header:
// none is let in and none costs a read.
func TestHostileCookies(t *testing.T) {
	d := newDesk(t)
	value, _ := d.signIn(session.SignIn{})
	cookie := "__Host-sid=" + value
	for name, line := range map[string]string{
		"doubled":           cookie + "; " + cookie,
		"second is empty":   cookie + "; __Host-sid=",
		"empty":             "__Host-sid=",
		"forged":            "__Host-sid=" + value[:79] + string(value[79]^1),
		"truncated":         "__Host-sid=" + value[:79],
		"quoted":            `__Host-sid="` + value + `"`,
		"other case":        "__host-sid=" + value,
		"other name":        "sid=" + value,
		"nameless":          "=__Host-sid=" + value,
		"space in the name": "__Host-sid =" + value,
		"no-break space":    "\u00a0__Host-sid=" + value,
		"line separator":    "\u2028__Host-sid=" + value,
		"comma":             "a=b, __Host-sid=" + value,
		"64 KB":             "__Host-sid=" + strings.Repeat("A", 64<<10),
		"10,000 cookies":    strings.Repeat("__Host-sid=x; ", 10_000),
	} {
		for place, event := range map[string][]byte{
			"field":        get([]string{line}, nil),
			"field, split": get(strings.Split(line, "; "), nil),
			"header":       get(nil, map[string]string{"Cookie": line}),
			"both":         get(strings.Split(line, "; "), map[string]string{"cookie": line}),
		} {
			if got, _, err := d.ask(event); got != denied || d.shelf.reads.Load() != 0 {
				t.Errorf("%s in the %s: %s (%v), %d reads", name, place, got, err, d.shelf.reads.Swap(0))
			}
		}
	}
	for name, event := range map[string][]byte{
		"doubled in two fields": get([]string{cookie, cookie}, nil),
		"in another header":     get(nil, map[string]string{"x-session": value}),
		"in the query":          lambdatest.Request{Method: "GET", Path: "/?" + cookie}.AuthorizerEvent(),
		"forged bearer":         get(nil, map[string]string{"authorization": "Bearer forged"}),
		"basic":                 get(nil, map[string]string{"authorization": "Basic YTpi"}),
	} {
		if got, _, err := d.ask(event); got != denied || d.shelf.reads.Load() != 0 {
			t.Errorf("%s: %s (%v), %d reads", name, got, err, d.shelf.reads.Swap(0))
		}
	}
	if got, _, _ := d.ask(get([]string{"a=b; \t" + cookie + " ;c=d"}, nil)); got != allowed {
		t.Errorf("among others: %s", got)
	}
}

// A session that is over is denied on the very next call; a store that does not
// answer is an error, and the next call is as good as ever.
func TestOverAndDown(t *testing.T) {
	d := newDesk(t)
	token, record := d.signIn(session.SignIn{})
	event := get([]string{"__Host-sid=" + token}, nil)
	for _, fault := range []error{errDown, context.DeadlineExceeded, session.ErrNoSession, errors.New("Unauthorized")} {
		d.shelf.fault = fault
		if got, _, err := d.ask(event); got != failed || err.Error() == "Unauthorized" || strings.Contains(err.Error(), token) {
			t.Errorf("store says %v: %s, %v", fault, got, err)
		}
	}
	d.shelf.fault, d.shelf.defect = nil, true
	if got, _, err := d.ask(event); got != failed || !errors.Is(err, errDefect) || !strings.Contains(d.log.String(), "a defect") {
		t.Errorf("a defect: %s, %v, log %s", got, err, d.log)
	}
	d.shelf.defect = false
	if got, _, err := d.ask(event); got != allowed {
		t.Errorf("afterwards: %s, %v", got, err)
	}
	if _, err := d.sessions.End(t.Context(), record.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	if got, _, err := d.ask(event); got != denied {
		t.Errorf("ended: %s, %v", got, err)
	}
	token, _ = d.signIn(session.SignIn{})
	d.now = d.now.Add(15 * time.Minute)
	if got, _, err := d.ask(get([]string{"__Host-sid=" + token}, nil)); got != denied {
		t.Errorf("idle: %s, %v", got, err)
	}
	if strings.Contains(d.log.String(), token) {
		t.Error("a token is in the log")
	}
}
