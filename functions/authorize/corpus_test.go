package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coatcheck/core/session"
)

// entry is one event of the corpus: who sends it, and what it has to be answered.
// $COOKIE and $BEARER stand for tokens of a live session.
type entry struct {
	Caller   string
	Want     string
	Resource string // of the policy; "" where it is not looked at
	Path     *string
	Event    json.RawMessage
}

var callerNames = map[caller]string{
	restToken: "REST, TOKEN", restRequest: "REST, REQUEST", http1: "HTTP, 1.0", http2: "HTTP, 2.0", webSocket: "WebSocket", appSync: "AppSync",
}

// TestCorpus decides by events as gateways send them: each partition, stage and shape,
// headers in any spelling, and what clients do to confuse.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d events, %v", len(paths), err)
	}
	d := newDesk(t)
	cookie, _ := d.signIn(session.SignIn{})
	bearer, _ := d.signIn(session.SignIn{Bearer: true})
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var e entry
		if err := json.Unmarshal([]byte(strings.NewReplacer("$COOKIE", cookie, "$BEARER", bearer).Replace(string(raw))), &e); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		asked, err := decode(e.Event)
		if err != nil || callerNames[asked.caller] != e.Caller {
			t.Errorf("%s: taken for %q, %v, want %s", path, callerNames[asked.caller], err, e.Caller)
		}
		if e.Path != nil && asked.path != *e.Path {
			t.Errorf("%s: the path is %q, want %q", path, asked.path, *e.Path)
		}
		got, answer, err := d.ask(e.Event)
		if string(got) != e.Want {
			t.Errorf("%s: %s, %v, want %s", path, got, err, e.Want)
		}
		if e.Resource != "" && (answer.PolicyDocument == nil || answer.resource() != e.Resource) {
			t.Errorf("%s: the policy is %+v, want one for %s", path, answer.PolicyDocument, e.Resource)
		}
	}
}

// Of aws-lambda-go's samples those of authorizers are told by their caller, and no
// other is taken for one.
func TestSamples(t *testing.T) {
	want := map[string]caller{
		"apigw-custom-auth-request.json": restToken, "apigw-custom-auth-request-type-request.json": restRequest,
		"apigw-v2-custom-authorizer-v1-request.json": http1, "apigw-v2-custom-authorizer-v2-request.json": http2,
		"appsync-lambda-auth-request.json": appSync,
	}
	seen := 0
	for _, path := range samples(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		asked, _ := decode(raw)
		if name := filepath.Base(path); asked.caller != want[name] {
			t.Errorf("%s: taken for %q, want %q", name, callerNames[asked.caller], callerNames[want[name]])
		} else if asked.caller != 0 {
			seen++
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d samples were there", seen, len(want))
	}
}

// A policy names what was called and no more, whatever a client wrote into the path.
func TestThisRoute(t *testing.T) {
	const stage = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/"
	long := stage + "GET/" + strings.Repeat("a", 600)
	for arn, want := range map[string]string{
		stage + "GET/orders/7":            stage + "GET/orders/7",
		stage + "GET/":                    stage + "GET/",
		stage + "$connect":                stage + "$connect",
		stage + "GET/*":                   stage + "GET/?",
		stage + "GET/a?b/${aws:username}": stage + "GET/a?b/?{aws:username}",
		long:                              long[:maxResource-1] + "*",
		strings.Replace(stage, "prod", "$default", 1) + "GET/x": strings.Replace(stage, "prod", "$default", 1) + "GET/x",
	} {
		if got := thisRoute(arn); got != want {
			t.Errorf("%s: %s, want %s", arn, got, want)
		}
	}
}

// FuzzCallers: whatever is presented, all callers that see the same decide the same.
func FuzzCallers(f *testing.F) {
	d := newDesk(f)
	cookie, _ := d.signIn(session.SignIn{})
	bearer, _ := d.signIn(session.SignIn{Bearer: true})
	f.Add("GET", "/a/b", "a=b; __Host-sid="+cookie, "", origin)
	f.Add("POST", "/", "__Host-sid="+cookie+";__Host-sid="+cookie, "Bearer "+bearer, "null")
	f.Add("PUT", "/%2e", "", "Bearer "+bearer, "")
	f.Fuzz(func(t *testing.T, method, path, cookies, authorization, from string) {
		if method == "" || !strings.HasPrefix(path, "/") || strings.Contains(method, "/") {
			return // which no gateway sends
		}
		d.t = t
		a := asking{method, path, cookies, authorization, from}
		var first verdict
		for _, front := range fronts[1:6] { // those that see the whole request
			front.say401 = false
			got, _, _ := d.askBy(front, a)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: %s, and another said %s: %+v", front.name, got, first, a)
			}
		}
	})
}
