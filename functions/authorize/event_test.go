package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"coatcheck/core/session"
	"coatcheck/functions/internal/lambdatest"
)

// noEvents are payloads that are no event of ours, around something that would be
// let in.
func noEvents(cookie string) map[string]string {
	events := map[string]string{
		"nothing":             ``,
		"null":                `null`,
		"number":              `1`,
		"text":                `"` + cookie + `"`,
		"list":                `[{"version":"2.0","cookies":["` + cookie + `"]}]`,
		"empty":               `{}`,
		"half":                `{"version":"2.0","type":"REQUEST","cookies":["` + cookie,
		"two":                 `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}{}`,
		"version 1.0":         `{"version":"1.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"version is a number": `{"version":2.0,"type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"no version":          `{"type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"an integration's":    `{"version":"2.0","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"a token authorizer's": `{"version":"2.0","type":"TOKEN","authorizationToken":"` + cookie +
			`","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"no method":                           `{"version":"2.0","type":"REQUEST","requestContext":{"http":{}},"cookies":["` + cookie + `"]}`,
		"method elsewhere":                    `{"version":"2.0","type":"REQUEST","httpMethod":"GET","cookies":["` + cookie + `"]}`,
		"1.0, method elsewhere":               `{"version":"1.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"headers":{"cookie":"` + cookie + `"}}`,
		"context is a text":                   `{"version":"2.0","type":"REQUEST","requestContext":"GET","cookies":["` + cookie + `"]}`,
		"cookies is a text":                   `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":"` + cookie + `"}`,
		"cookies is an object":                `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":{"__Host-sid":"x"}}`,
		"cookie header is in a list of lists": `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"headers":{"cookie":[["` + cookie + `"]]}}`,
		"token without a method":              `{"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-central-1:1:api/stage/","authorizationToken":"` + cookie + `"}`,
		"headers is a list":                   `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"headers":["` + cookie + `"]}`,
		"websocket message":                   `{"methodArn":"ARN","type":"REQUEST","requestContext":{"routeKey":"$default","eventType":"MESSAGE"},"headers":{"cookie":"` + cookie + `"}}`,
		"rest without a method":               `{"methodArn":"ARN","type":"REQUEST","requestContext":{"apiId":"a"},"headers":{"cookie":"` + cookie + `"}}`,
		"rest without an ARN":                 `{"type":"REQUEST","httpMethod":"GET","path":"/","headers":{"cookie":"` + cookie + `"}}`,
		"ARN of something else":               `{"type":"TOKEN","methodArn":"arn:aws:lambda:eu-central-1:1:function:f","authorizationToken":"` + cookie + `"}`,
		"ARN without a stage":                 `{"type":"TOKEN","methodArn":"arn:aws:execute-api:eu-central-1:1:api","authorizationToken":"` + cookie + `"}`,
		"2.0 without an ARN":                  `{"version":"2.0","type":"REQUEST","requestContext":{"http":{"method":"GET"}},"cookies":["` + cookie + `"]}`,
		"a proxy integration's":               `{"httpMethod":"GET","path":"/","resource":"/","authorizationToken":"x","requestContext":{"apiId":"a"},"headers":{"cookie":"` + cookie + `"}}`,
		"appsync without a token":             `{"requestContext":{"apiId":"a"},"requestHeaders":{"cookie":"` + cookie + `"}}`,
		"appsync without an API":              `{"authorizationToken":"x","requestContext":{},"requestHeaders":{"cookie":"` + cookie + `"}}`,
	}
	for name, payload := range events {
		const arn = "arn:aws:execute-api:eu-central-1:123456789012:api/$default/GET/"
		if name != "2.0 without an ARN" {
			payload = strings.ReplaceAll(payload, `"version":`, `"routeArn":"`+arn+`","methodArn":"`+arn+`","version":`)
		}
		events[name] = strings.ReplaceAll(payload, `"ARN"`, `"`+arn+`"`)
	}
	events["deep"] = strings.Repeat(`{"version":`, 20_000)
	return events
}

func TestNoEvents(t *testing.T) {
	d := newDesk(t)
	token, _ := d.signIn(session.SignIn{})
	for name, payload := range noEvents("__Host-sid=" + token) {
		got, _, err := d.ask([]byte(payload))
		if got != failed || !errors.Is(err, errNoEvent) || d.shelf.reads.Load() != 0 || !strings.Contains(d.log.String(), `"event":"no_event"`) {
			t.Errorf("%s: %s, %v, %d reads", name, got, err, d.shelf.reads.Swap(0))
		}
	}
	if got, _, err := d.ask(get([]string{"__Host-sid=" + token}, nil)); got != allowed {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}

// Whatever the payload, the decoder returns; what it takes for an event names one of
// ours, and every cookie that it hands on stands in the payload.
func FuzzEvent(f *testing.F) {
	f.Add(get([]string{"__Host-sid=a", "b=c"}, map[string]string{"Cookie": "b=c", "origin": origin, "cookies": "x"}))
	f.Add(lambdatest.Request{Method: "POST", Path: "/"}.Event())
	for _, payload := range noEvents("__Host-sid=a") {
		if len(payload) < 1<<10 {
			f.Add([]byte(payload))
		}
	}
	d := newDesk(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		asked, err := decode(payload)
		if err != nil {
			if !errors.Is(err, errNoEvent) {
				t.Errorf("got %v", err)
			}
			return
		}
		if asked.method == "" || !json.Valid(payload) {
			t.Errorf("took %q for an event", payload)
		}
		raw, err := d.Invoke(t.Context(), payload)
		var answer said
		if err == nil && (json.Unmarshal(raw, &answer) != nil || answer.verdict() != denied) {
			t.Errorf("%q was answered with %s", payload, raw)
		}
	})
}
