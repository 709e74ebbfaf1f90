package lambdatest

import (
	"encoding/json"
	"strings"
)

// Request is a client's request as an HTTP API sees it.
type Request struct {
	Method, Path, Body string
	// Headers are the event's, by name in any spelling.
	Headers map[string]string
	// Cookies are the event's cookies field, raw name=value.
	Cookies []string
	// SourceIP is the address that the gateway saw; "" is 203.0.113.7.
	SourceIP string
}

// Event returns the event of an HTTP API's integration (payload format 2.0).
func (r Request) Event() []byte {
	e := r.event()
	e["body"] = r.Body
	e["isBase64Encoded"] = false
	return encode(e)
}

// AuthorizerEvent returns the event of an HTTP API's authorizer (payload format 2.0).
func (r Request) AuthorizerEvent() []byte {
	e := r.event()
	e["type"] = "REQUEST"
	e["routeArn"] = "arn:aws:execute-api:eu-central-1:123456789012:api-id/$default/" + r.Method + r.Path
	e["identitySource"] = nil
	return encode(e)
}

func (r Request) event() map[string]any {
	path, query, _ := strings.Cut(r.Path, "?")
	if r.SourceIP == "" {
		r.SourceIP = "203.0.113.7"
	}
	e := map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": r.Headers,
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": "api-id", "domainName": "api-id.execute-api.eu-central-1.amazonaws.com",
			"http": map[string]any{
				"method": r.Method, "path": path, "protocol": "HTTP/1.1", "sourceIp": r.SourceIP, "userAgent": r.Headers["user-agent"],
			},
			"requestId": "request-id", "routeKey": "$default", "stage": "$default",
			"time": "22/Nov/2026:12:00:00 +0000", "timeEpoch": 1795348800000,
		},
	}
	if r.Cookies != nil {
		e["cookies"] = r.Cookies
	}
	return e
}

func encode(event map[string]any) []byte {
	raw, _ := json.Marshal(event) // of texts only: cannot fail
	return raw
}
