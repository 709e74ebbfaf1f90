package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"coatcheck/core/telemetry/request"
	"coatcheck/functions/internal/gateway"
	"coatcheck/functions/internal/lambdatest"
)

// seen is what a handler saw of a request.
type seen struct {
	header  http.Header
	address string
	method  string
	url     string
	body    string
}

// watch is a handler that notes what it sees and answers with two cookies.
func watch(s *seen) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*s = seen{r.Header, gateway.ClientAddress(r), r.Method, r.URL.RequestURI(), string(body)}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.Header().Set("Vary", "Cookie")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("short and stout"))
	})
}

// send hands an event to a handler over the gateway.
func send(t *testing.T, h http.Handler, event []byte) events.APIGatewayV2HTTPResponse {
	t.Helper()
	raw, err := gateway.New(h, slog.New(slog.DiscardHandler)).Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestRequestAndAnswer(t *testing.T) {
	var s seen
	got := send(t, watch(&s), lambdatest.Request{
		Method: "POST", Path: "/login?return_to=%2Fa%3Fb", Body: `{"username":"a"}`, SourceIP: "198.51.100.9",
		Headers: map[string]string{"content-type": "application/json", "user-agent": "Mozilla/5.0 (X11, Linux)"},
	}.Event())
	if s.method != "POST" || s.url != "/login?return_to=%2Fa%3Fb" || s.body != `{"username":"a"}` || s.address != "198.51.100.9" ||
		s.header.Get("Content-Type") != "application/json" {
		t.Errorf("saw %+v", s)
	}
	if got.StatusCode != http.StatusTeapot || got.Body != "short and stout" || got.Headers["Vary"] != "Cookie" ||
		!slices.Equal(got.Cookies, []string{"a=1", "b=2"}) || got.Headers["Set-Cookie"] != "" {
		t.Errorf("answered %+v", got)
	}
}

// Handlers see each header as the client sent it, commas and all, and the cookies
// once.
func TestHeadersAreWhole(t *testing.T) {
	whole := map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64, like Gecko), x", "Accept": "application/json, text/html;q=0.9",
		"Sec-Fetch-Site": "same-origin,cross-site", "Origin": "https://a.example,https://b.example",
		"Authorization": "Bearer a,Bearer b", "If-None-Match": `"a", "b"`, "Date": "Sun, 22 Nov 2026 12:00:00 GMT",
	}
	for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, func(s string) string { return s }} {
		headers := map[string]string{spell("Cookie"): "a=b, __Host-sid=x; c=d"}
		for name, value := range whole {
			headers[spell(name)] = value
		}
		for _, cookies := range [][]string{nil, {"a=b, __Host-sid=x", "c=d"}} {
			var s seen
			send(t, watch(&s), lambdatest.Request{Method: "GET", Path: "/", Headers: headers, Cookies: cookies}.Event())
			for name, want := range whole {
				if got := s.header[name]; len(got) != 1 || got[0] != want {
					t.Errorf("%s: saw %q, want %q", name, got, want)
				}
			}
			if got := strings.Join(s.header["Cookie"], "; "); got != "a=b, __Host-sid=x; c=d" {
				t.Errorf("cookies %q: saw %q", cookies, got)
			}
		}
	}
}

// aws-lambda-go-api-proxy keeps the gateway's word in headers that clients can send
// too. None reaches a handler, and the address is the gateway's.
func TestForgedIdentity(t *testing.T) {
	const forged = `{"http":{"sourceIp":"192.0.2.66"},"authorizer":{"lambda":{"subject":"admin"}}}`
	headers := map[string]string{}
	for _, name := range []string{"X-GoLambdaProxy-ApiGw-Context", "X-GoLambdaProxy-ApiGw-StageVars", "X-GoLambdaProxy-Alb-Context"} {
		headers[name], headers[strings.ToLower(name)], headers[strings.ToUpper(name)] = forged, forged, forged
		headers[http.CanonicalHeaderKey(name)] = forged
	}
	headers["x-forwarded-for"] = "192.0.2.66"
	var event map[string]any
	if err := json.Unmarshal(lambdatest.Request{
		Method: "GET", Path: "/", Headers: headers, SourceIP: "198.51.100.9",
		Cookies: []string{"X-Golambdaproxy-Apigw-Context=" + forged},
	}.Event(), &event); err != nil {
		t.Fatal(err)
	}
	multi := map[string][]string{}
	for name, value := range headers {
		multi[name] = []string{value, value}
	}
	event["multiValueHeaders"] = multi
	raw, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	send(t, watch(&s), raw)
	if s.address != "198.51.100.9" {
		t.Errorf("address %q", s.address)
	}
	for name := range s.header {
		if strings.Contains(strings.ToLower(name), "golambdaproxy") {
			t.Errorf("the handler saw %s", name)
		}
	}
	if s.header.Get("Cookie") != "X-Golambdaproxy-Apigw-Context="+forged {
		t.Errorf("a cookie of that name is a cookie: %q", s.header["Cookie"])
	}
	if got := gateway.ClientAddress(&http.Request{RemoteAddr: "192.0.2.66:1", Header: s.header}); got != "" {
		t.Errorf("an address outside of an invocation: %q", got)
	}
}

// What is no event is an error, a path that is none is the client's fault, a panic is
// logged; the next invocation is answered after each.
func TestBadInvocations(t *testing.T) {
	log := &bytes.Buffer{}
	h := gateway.New(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/defect":
			panic("a defect")
		case "/abort":
			panic(http.ErrAbortHandler)
		}
	}), slog.New(slog.NewJSONHandler(log, nil)))
	for _, payload := range []string{``, `null`, `[]`, `{}`, `{"version":"1.0","httpMethod":"GET"}`, `{"version":"2.0"}`, `{"version":"2.0","headers":[]}`} {
		if answer, err := h.Invoke(t.Context(), []byte(payload)); !errors.Is(err, gateway.ErrNoEvent) || answer != nil {
			t.Errorf("%s: %s, %v", payload, answer, err)
		}
	}
	for _, path := range []string{"/defect", "/abort"} {
		if answer, err := h.Invoke(t.Context(), lambdatest.Request{Method: "GET", Path: path}.Event()); !errors.Is(err, gateway.ErrDefect) || answer != nil {
			t.Errorf("%s: %s, %v", path, answer, err)
		}
	}
	if !strings.Contains(log.String(), "a defect") {
		t.Errorf("log %s", log)
	}
	for _, path := range []string{"/%zz", "/a\x7fb", "%"} {
		answer, err := h.Invoke(t.Context(), lambdatest.Request{Method: "GET", Path: path}.Event())
		if err != nil || !strings.Contains(string(answer), `"statusCode":400`) {
			t.Errorf("%q: %s, %v", path, answer, err)
		}
	}
}

// Whatever the event, the gateway returns.
func FuzzInvoke(f *testing.F) {
	f.Add(lambdatest.Request{Method: "GET", Path: "/a?b=c", Headers: map[string]string{"cookie": "a=b"}, Cookies: []string{"a=b"}}.Event())
	f.Add([]byte(`{"version":"2.0","isBase64Encoded":true,"body":"!","requestContext":{"http":{"method":"GET"}}}`))
	f.Add([]byte(`{"version":"2.0","rawPath":"//","requestContext":{"domainName":"a b","http":{"method":"a b"}}}`))
	h := gateway.New(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, event []byte) {
		answer, err := h.Invoke(t.Context(), event)
		if (err == nil) != json.Valid(answer) || errors.Is(err, gateway.ErrDefect) {
			t.Errorf("%q: %q, %v", event, answer, err)
		}
	})
}

// What the gateway calls a request is what the log and a problem's instance call it,
// whatever a client says.
func TestNames(t *testing.T) {
	var names request.Names
	send(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names = request.From(request.Named(r.Context(), r.Header))
		w.WriteHeader(http.StatusNoContent)
	}), lambdatest.Request{Method: "GET", Path: "/session", Headers: map[string]string{"x-request-id": "a-client", "x-amzn-requestid": "b"}}.Event())
	if names.ID != "request-id" || names.Proxy != "" {
		t.Errorf("got %+v", names)
	}
}
