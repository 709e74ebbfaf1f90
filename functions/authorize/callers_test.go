package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
)

var update = flag.Bool("update", false, "write docs/callers.md anew")

// asking is a client's request, before a gateway makes an event of it.
type asking struct {
	method, path  string
	cookie        string // the header's value
	authorization string
	origin        string
}

// front is a caller of the authorizer, and how it is set up.
type front struct {
	name     string
	event    func(asking) map[string]any
	policies bool // COATCHECK_HTTP_API_ANSWERS=policy
	say401   bool // COATCHECK_DENY_STATUS=401
	// unsafe is the answer to an unsafe request with a cookie from our own page: a TOKEN
	// event does not have the headers that show it.
	unsafe verdict
}

var fronts = []front{
	{name: "REST, TOKEN", event: restTokenEvent, unsafe: denied},
	{name: "REST, REQUEST", event: restEvent, unsafe: allowed},
	{name: "REST, REQUEST, 401", event: restEvent, say401: true, unsafe: allowed},
	{name: "HTTP, 1.0", event: http1Event, unsafe: allowed},
	{name: "HTTP, 2.0, simple", event: http2Event, unsafe: allowed},
	{name: "HTTP, 2.0, policy", event: http2Event, policies: true, unsafe: allowed},
	{name: "WebSocket", event: webSocketEvent, unsafe: allowed},
	{name: "WebSocket, 401", event: webSocketEvent, say401: true, unsafe: allowed},
	{name: "AppSync", event: appSyncEvent, unsafe: allowed},
}

const testARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/"

func (a asking) headers(lower bool) map[string]any {
	all := map[string]any{"Accept": "*/*", "User-Agent": "test", "X-Forwarded-For": "198.51.100.9"}
	for name, value := range map[string]string{"Cookie": a.cookie, "Authorization": a.authorization, "Origin": a.origin} {
		if value != "" {
			all[name] = value
		}
	}
	if !lower {
		return all
	}
	small := map[string]any{}
	for name, value := range all {
		small[strings.ToLower(name)] = value
	}
	return small
}

func (a asking) multi() map[string]any {
	all := a.headers(false)
	for name, value := range all {
		all[name] = []any{value}
	}
	return all
}

func restTokenEvent(a asking) map[string]any {
	token := a.cookie
	if token == "" {
		token = a.authorization
	}
	return map[string]any{"type": "TOKEN", "methodArn": testARN + a.method + a.path, "authorizationToken": token}
}

func restEvent(a asking) map[string]any {
	return map[string]any{
		"type": "REQUEST", "methodArn": testARN + a.method + a.path, "resource": "/{proxy+}", "path": a.path, "httpMethod": a.method,
		"headers": a.headers(false), "multiValueHeaders": a.multi(), "queryStringParameters": nil, "pathParameters": map[string]any{"proxy": a.path[1:]},
		"requestContext": map[string]any{
			"path": "/prod" + a.path, "stage": "prod", "httpMethod": a.method, "resourcePath": "/{proxy+}", "apiId": "abcdef1234",
			"identity": map[string]any{"sourceIp": "203.0.113.7"},
		},
	}
}

func http1Event(a asking) map[string]any {
	e := restEvent(a)
	e["version"], e["path"], e["headers"] = "1.0", "/prod"+a.path, a.headers(true)
	e["identitySource"], e["authorizationToken"] = "", ""
	delete(e, "multiValueHeaders")
	return e
}

func http2Event(a asking) map[string]any {
	headers := a.headers(true)
	delete(headers, "cookie")
	e := map[string]any{
		"version": "2.0", "type": "REQUEST", "routeArn": testARN + a.method + a.path, "identitySource": nil, "routeKey": "ANY /{proxy+}",
		"rawPath": "/prod" + a.path, "rawQueryString": "", "headers": headers,
		"requestContext": map[string]any{
			"apiId": "abcdef1234", "stage": "prod", "routeKey": "ANY /{proxy+}", "requestId": "id",
			"http": map[string]any{"method": a.method, "path": "/prod" + a.path, "sourceIp": "203.0.113.7"},
		},
	}
	if a.cookie != "" {
		e["cookies"] = strings.Split(a.cookie, "; ")
	}
	return e
}

func webSocketEvent(a asking) map[string]any {
	return map[string]any{
		"type": "REQUEST", "methodArn": testARN + "$connect", "headers": a.headers(false), "multiValueHeaders": a.multi(),
		"queryStringParameters": nil, "stageVariables": nil,
		"requestContext": map[string]any{
			"routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN", "stage": "prod", "apiId": "abcdef1234",
			"connectionId": "TWegAcC4EowCHnA=", "identity": map[string]any{"sourceIp": "203.0.113.7"},
		},
	}
}

func appSyncEvent(a asking) map[string]any {
	token := a.authorization
	if token == "" {
		token = "cookie" // which AppSync wants of every client
	}
	return map[string]any{
		"authorizationToken": token, "requestHeaders": a.headers(true),
		"requestContext": map[string]any{"apiId": "abcdef1234", "accountId": "123456789012", "requestId": "id", "queryString": "query { a }", "variables": map[string]any{}},
	}
}

func (d *desk) askBy(f front, a asking) (verdict, said, error) {
	d.t.Helper()
	d.answers.policies, d.say401 = f.policies, f.say401
	raw, err := json.Marshal(f.event(a))
	if err != nil {
		d.t.Fatal(err)
	}
	return d.ask(raw)
}

// situations are the outcomes of a look-up, and what else is refused, each with a
// request that meets it. WebSockets and AppSync ask for no path of their own.
var situations = []struct {
	name string
	want verdict
	open func(d *desk) asking
}{
	{"allowed", allowed, func(d *desk) asking { return d.mine(session.SignIn{}) }},
	{"allowed, bearer", allowed, func(d *desk) asking { return d.mine(session.SignIn{Bearer: true}) }},
	{"absent", denied, func(*desk) asking { return asking{} }},
	{"malformed", denied, func(*desk) asking { return asking{cookie: "__Host-sid=x"} }},
	{"malformed: two cookies", denied, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		a.cookie += "; " + a.cookie
		return a
	}},
	{"forged", denied, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		last := len(a.cookie) - 1
		other := "A"
		if a.cookie[last:] == other {
			other = "B"
		}
		a.cookie = a.cookie[:last] + other
		return a
	}},
	{"unknown", denied, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		d.shelf.Store = newDesk(d.t).shelf.Store
		return a
	}},
	{"expired", denied, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		d.now = d.now.Add(15 * time.Minute)
		return a
	}},
	{"ended", denied, func(d *desk) asking {
		a, r := d.signedIn(session.SignIn{})
		if _, err := d.sessions.End(d.t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
			d.t.Fatal(err)
		}
		return a
	}},
	{"reused", denied, func(d *desk) asking { return d.replayed() }},
	{"forbidden: role", denied, func(d *desk) asking {
		d.asks("$default role=auditor", "$connect role=auditor")
		return d.mine(session.SignIn{})
	}},
	{"forbidden: not fresh", denied, func(d *desk) asking {
		d.asks("$default max-age=1m")
		a := d.mine(session.SignIn{})
		d.now = d.now.Add(time.Minute)
		return a
	}},
	{"another site", denied, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		a.method, a.origin = "POST", "https://evil.example"
		return a
	}},
	{"optional, absent", allowed, func(d *desk) asking { d.asks("$default optional"); return asking{} }},
	{"optional, unavailable", failed, func(d *desk) asking {
		d.asks("$default optional")
		a := d.mine(session.SignIn{})
		d.shelf.fault = errDown
		return a
	}},
	{"unavailable", failed, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		d.shelf.fault = errDown
		return a
	}},
	{"defect", failed, func(d *desk) asking {
		a := d.mine(session.SignIn{})
		d.shelf.defect = true
		return a
	}},
}

func (d *desk) signedIn(s session.SignIn) (asking, session.Record) {
	token, r := d.signIn(s)
	if s.Bearer {
		return asking{authorization: "Bearer " + token}, r
	}
	return asking{cookie: "a=b; __Host-sid=" + token}, r
}

// mine is a request with a session of its own.
func (d *desk) mine(s session.SignIn) asking {
	a, _ := d.signedIn(s)
	return a
}

// replayed is a request with a token that was replaced long enough ago.
func (d *desk) replayed() asking {
	a, _ := d.signedIn(session.SignIn{})
	for range 5 {
		d.now = d.now.Add(12 * time.Minute)
		if _, err := d.sessions.Lookup(d.t.Context(), session.Presented{Token: strings.TrimPrefix(a.cookie, "a=b; __Host-sid=")}); err != nil {
			d.t.Fatal(err)
		}
	}
	_, next, err := d.sessions.Renew(d.t.Context(), session.Presented{Token: strings.TrimPrefix(a.cookie, "a=b; __Host-sid=")})
	if err != nil || next.IsZero() {
		d.t.Fatalf("no new token: %v", err)
	}
	if _, err := d.sessions.Lookup(d.t.Context(), session.Presented{Token: next.Reveal()}); err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(time.Minute)
	return a
}

// status is what a gateway answers its client, from its documentation: a deny cannot be
// 401 with an HTTP API, and only the exact text "Unauthorized" is 401 with the others.
func (f front) status(got verdict, err error) int {
	switch {
	case got == allowed:
		return 200
	case got == denied && f.name == "AppSync":
		return 401
	case got == denied:
		return 403
	case err.Error() == "Unauthorized" && strings.HasPrefix(f.name, "HTTP"):
		return 500
	case err.Error() == "Unauthorized":
		return 401
	}
	return 500
}

// TestCallers asks through every caller in every situation. The verdict is the same
// through all of them, and docs/callers.md says what each is answered.
func TestCallers(t *testing.T) {
	var table bytes.Buffer
	fmt.Fprintf(&table, "| | %s |\n|%s\n", strings.Join(names(), " | "), strings.Repeat(" --- |", len(fronts)+1))
	for _, s := range situations {
		fmt.Fprintf(&table, "| %s |", s.name)
		for _, f := range fronts {
			d := newDesk(t)
			a := s.open(d)
			if a.method == "" {
				a.method = "GET"
			}
			a.path = "/orders/7"
			if f.name == "AppSync" || strings.HasPrefix(f.name, "WebSocket") && a.origin == "" {
				a.origin = firstOf(a.origin, origin) // both have to be asked by a page of ours
			}
			got, answer, err := d.askBy(f, a)
			want := s.want
			if f.say401 && want == denied && !strings.HasPrefix(s.name, "forbidden") && s.name != "another site" {
				want = failed // which says 401
			}
			if got != want {
				t.Errorf("%s, %s: %s (%v), want %s", s.name, f.name, got, err, want)
			}
			d.wantSound(t, s.name+", "+f.name, f, got, answer, err)
			fmt.Fprintf(&table, " %s → %d |", tell(got, err), f.status(got, err))
		}
		fmt.Fprintln(&table)
	}
	wantTable(t, table.String())
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func names() (all []string) {
	for _, f := range fronts {
		all = append(all, f.name)
	}
	return all
}

func tell(v verdict, err error) string {
	if errors.Is(err, errUnauthorized) {
		return "`Unauthorized`"
	}
	return string(v)
}

// wantSound holds what is true of every answer of a shape.
func (d *desk) wantSound(t *testing.T, name string, f front, got verdict, answer said, err error) {
	t.Helper()
	if errors.Is(err, errUnauthorized) && err.Error() != "Unauthorized" {
		t.Errorf("%s: the error is %q", name, err)
	}
	if got == failed {
		return
	}
	context, policies := answer.Context, answer.PolicyDocument != nil
	if f.name == "AppSync" {
		context = answer.ResolverContext
		if answer.TTLOverride == nil || *answer.TTLOverride != 0 {
			t.Errorf("%s: AppSync may keep the answer", name)
		}
	}
	if want := f.name != "AppSync" && (f.policies || !strings.HasPrefix(f.name, "HTTP, 2.0")); policies != want {
		t.Errorf("%s: answers with a policy: %t", name, policies)
	}
	if policies {
		wantResource(t, name, answer.resource(), d.answers.byRoute, strings.HasPrefix(f.name, "WebSocket"))
	}
	members := []string{"subject", "sessionId", "roles", "amr", "authTime", "expiresAt", "actor"}
	for _, member := range members {
		if _, there := context[member]; there != (got == allowed) {
			t.Errorf("%s: the context has %s: %t", name, member, there)
		}
	}
	if signedIn := !strings.HasPrefix(name, "optional"); got == allowed && signedIn != (context["subject"] == "usr_1") {
		t.Errorf("%s: the context is %v", name, context)
	}
}

// wantResource: a policy is for the whole stage, or where answers differ by route for
// what was called alone.
func wantResource(t *testing.T, name, got string, byRoute, webSocket bool) {
	t.Helper()
	want := testARN + "*"
	switch {
	case byRoute && webSocket:
		want = testARN + "$connect"
	case byRoute:
		want = testARN + "GET/orders/7"
	}
	if got != want {
		t.Errorf("%s: the policy is for %s, want %s", name, got, want)
	}
}

const (
	tablePath  = "../../docs/callers.md"
	tableBegin = "<!-- written by: go test ./functions/authorize -run TestCallers -update -->\n"
	tableEnd   = "<!-- end -->\n"
)

func wantTable(t *testing.T, table string) {
	t.Helper()
	page, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(page), tableBegin)
	was, after, ended := strings.Cut(rest, tableEnd)
	if !begun || !ended {
		t.Fatal("docs/callers.md has no place for the table")
	}
	if *update {
		text := before + tableBegin + table + tableEnd + after
		if err := os.WriteFile(tablePath, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was != table {
		t.Errorf("docs/callers.md says\n%s\nand it is\n%s", was, table)
	}
}

// An ended session is refused on the very next call through every caller, and a session
// that was let in through one is through all.
func TestEndHoldsThroughEveryCaller(t *testing.T) {
	d := newDesk(t)
	a, r := d.signedIn(session.SignIn{})
	a.method, a.path, a.origin = "GET", "/orders/7", origin
	for _, f := range fronts {
		if got, _, err := d.askBy(f, a); got != allowed {
			t.Errorf("%s: %s, %v", f.name, got, err)
		}
	}
	if _, err := d.sessions.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	for _, f := range fronts {
		if got, _, err := d.askBy(f, a); got == allowed {
			t.Errorf("%s: after the end: %s, %v", f.name, got, err)
		}
	}
}

// A browser has to vouch for what changes something and for what opens a WebSocket.
func TestCrossSiteThroughEveryCaller(t *testing.T) {
	for _, f := range fronts {
		d := newDesk(t)
		a, _ := d.signedIn(session.SignIn{})
		a.method, a.path = "POST", "/orders"
		for from, want := range map[string]verdict{"": denied, "https://evil.example": denied, "null": denied, origin: f.unsafe} {
			a.origin = from
			if got, _, err := d.askBy(f, a); got != want {
				t.Errorf("%s from %q: %s, %v, want %s", f.name, from, got, err, want)
			}
		}
		b, _ := d.signedIn(session.SignIn{Bearer: true})
		b.method, b.path = "POST", "/orders"
		if got, _, err := d.askBy(f, b); got != allowed {
			t.Errorf("%s by bearer: %s, %v", f.name, got, err)
		}
	}
}

// The client's address is the request context's, whatever the client says of it.
func TestAddressIsTheGateways(t *testing.T) {
	for _, f := range fronts {
		raw, _ := json.Marshal(f.event(asking{method: "GET", path: "/", cookie: "a=b"}))
		asked, err := decode(raw)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		want := "203.0.113.7"
		if f.name == "AppSync" || f.name == "REST, TOKEN" {
			want = "" // which do not tell
		}
		if asked.address != want {
			t.Errorf("%s: %q, want %q", f.name, asked.address, want)
		}
	}
}
