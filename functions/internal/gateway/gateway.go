// Package gateway serves an http.Handler from the events of an HTTP API (payload
// format 2.0). It is the one place that uses aws-lambda-go-api-proxy, and of that
// only the conversion of requests and answers.
//
// That module is archived, and has two traps. It carries the gateway's word on who
// calls in request headers, which clients can send too: here such headers are
// removed, and [ClientAddress] takes the address from the context, which only the
// event fills. And it cuts headers at commas, so that "a=b, __Host-sid=x" would
// become two cookies: here handlers get each header as the event has it.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"coatcheck/functions/internal/apigw"
	"coatcheck/functions/internal/environment"
)

// Errors of an invocation, for which the gateway answers 500.
var (
	ErrNoEvent = errors.New("not an event of an HTTP API with payload format 2.0")
	ErrDefect  = errors.New("defect in the handler: see the log")
)

// Handler is the Lambda handler (lambda.Handler) over an http.Handler. It is safe
// for concurrent use.
type Handler struct {
	adapter *httpadapter.HandlerAdapterV2
	log     *slog.Logger
}

// New returns the Lambda handler of an http.Handler.
func New(next http.Handler, log *slog.Logger) *Handler {
	return &Handler{httpadapter.NewV2(withHeaders(next)), log}
}

// Invoke answers one event. What is no event is [ErrNoEvent]; a panic is [ErrDefect]
// and leaves the process fit for the next invocation.
func (h *Handler) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			h.log.ErrorContext(ctx, "defect", "event", "defect", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			answer, err = nil, ErrDefect
		}
	}()
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event); err != nil || event.Version != "2.0" || event.RequestContext.HTTP.Method == "" {
		return nil, ErrNoEvent
	}
	ctx = environment.Named(ctx, event.RequestContext.RequestID, "")
	response, err := h.serve(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(response)
}

func (h *Handler) serve(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	if !isTarget(event) {
		// A client's fault, which must not count as the function's.
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest}, nil
	}
	headers := headersOf(event)
	event.Headers, event.Cookies = nil, nil
	return h.adapter.ProxyWithContext(context.WithValue(ctx, headersKey{}, headers), event)
}

// isTarget reports whether the event's path and query are a request target (RFC 9112
// section 3.2.1).
func isTarget(event events.APIGatewayV2HTTPRequest) bool {
	_, err := url.ParseRequestURI("/" + strings.TrimPrefix(event.RawPath, "/") + "?" + event.RawQueryString)
	return err == nil
}

type headersKey struct{}

// headersOf returns the event's headers, each as it is, without those that only the
// adapter itself may set.
func headersOf(event events.APIGatewayV2HTTPRequest) http.Header {
	h := http.Header{}
	// In order, so that of one name in two spellings it is always the same that is first.
	for _, name := range slices.Sorted(maps.Keys(event.Headers)) {
		if canonical := http.CanonicalHeaderKey(name); !strings.HasPrefix(canonical, "X-Golambdaproxy-") {
			h[canonical] = append(h[canonical], event.Headers[name])
		}
	}
	if cookies := apigw.Cookies(event.Cookies, h["Cookie"]); len(cookies) > 0 {
		h["Cookie"] = cookies
	}
	return h
}

// withHeaders hands next the headers that [headersOf] found.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := r.Context().Value(headersKey{}).(http.Header); ok {
			r.Header = h
		}
		next.ServeHTTP(w, r)
	})
}

// ClientAddress returns the IP address that the gateway saw, "" outside of an
// invocation. No header has a say.
func ClientAddress(r *http.Request) string {
	request, ok := core.GetAPIGatewayV2ContextFromContext(r.Context())
	if !ok {
		return ""
	}
	return request.HTTP.SourceIP
}
