package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"coatcheck/core/session"
	"coatcheck/functions/internal/apigw"
)

// errNoEvent says that an invocation's payload is not the event of any caller of ours.
// It repeats nothing of the payload.
var errNoEvent = errors.New("not an authorizer event of API Gateway or AppSync")

// caller is who asks: what the event looks like, and the answer has to.
type caller int

const (
	restToken   caller = iota + 1 // REST API, TOKEN
	restRequest                   // REST API, REQUEST
	http1                         // HTTP API, payload format 1.0
	http2                         // HTTP API, payload format 2.0
	webSocket                     // WebSocket API, $connect
	appSync                       // AppSync, AWS_LAMBDA
)

// request is what is read of an event, whatever its shape: the headers that a
// session is checked by, and what is asked for.
type request struct {
	caller  caller
	header  http.Header
	method  string
	path    string // without the stage, as it was sent
	key     string // the route that the gateway chose, where it says
	arn     string // of what is asked for
	address string // the client's, by the request context alone
	// id and extendedID are what the gateway calls the request.
	id, extendedID string
}

// event is what is read of the callers' events.
type event struct {
	Version           string       `json:"version"`
	Type              string       `json:"type"`
	MethodARN         string       `json:"methodArn"`
	RouteARN          string       `json:"routeArn"`
	RouteKey          string       `json:"routeKey"`
	Token             string       `json:"authorizationToken"`
	Resource          string       `json:"resource"`
	Path              string       `json:"path"`
	RawPath           string       `json:"rawPath"`
	Method            string       `json:"httpMethod"`
	Cookies           []string     `json:"cookies"`
	Headers           eventHeaders `json:"headers"`
	MultiValueHeaders eventHeaders `json:"multiValueHeaders"`
	RequestHeaders    eventHeaders `json:"requestHeaders"`
	RequestContext    eventContext `json:"requestContext"`
}

type eventContext struct {
	APIID     string `json:"apiId"`
	Stage     string `json:"stage"`
	RouteKey  string `json:"routeKey"`
	EventType string `json:"eventType"`
	RequestID string `json:"requestId"`
	Extended  string `json:"extendedRequestId"`
	Identity  struct {
		SourceIP string `json:"sourceIp"`
	} `json:"identity"`
	HTTP struct {
		Method   string `json:"method"`
		SourceIP string `json:"sourceIp"`
	} `json:"http"`
}

// decode reads an event, or returns errNoEvent.
func decode(payload []byte) (request, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return request{}, errNoEvent
	}
	r := request{
		address: e.RequestContext.Identity.SourceIP, id: e.RequestContext.RequestID, extendedID: e.RequestContext.Extended,
	}
	switch r.caller = e.caller(); r.caller {
	case http2:
		e.readHTTP2(&r)
	case http1:
		e.readREST(&r)
		r.path = withoutStage(e.Path, e.RequestContext.Stage)
	case restRequest:
		e.readREST(&r)
	case restToken:
		e.readToken(&r)
	case webSocket:
		e.readWebSocket(&r)
	case appSync:
		e.readAppSync(&r)
	default:
		return request{}, errNoEvent
	}
	return r, nil
}

// caller tells by what only its events have. Gateways write these members, not clients.
func (e *event) caller() caller {
	switch e.Type + " " + e.Version {
	case "REQUEST 2.0":
		if e.RequestContext.HTTP.Method != "" && isARN(e.RouteARN) {
			return http2
		}
	case "REQUEST 1.0":
		if e.Method != "" && isARN(e.MethodARN) {
			return http1
		}
	case "REQUEST ":
		switch {
		case !isARN(e.MethodARN):
		case e.RequestContext.RouteKey == connectRoute && e.RequestContext.EventType == "CONNECT":
			return webSocket
		case e.Method != "":
			return restRequest
		}
	case "TOKEN ":
		if method, _ := asked(e.MethodARN); isARN(e.MethodARN) && method != "" {
			return restToken
		}
	case " ":
		// An integration's events have no type either, and no token of their own.
		if e.Token != "" && e.RequestContext.APIID != "" && e.Method+e.Path+e.Resource+e.RouteKey == "" {
			return appSync
		}
	}
	return 0
}

const connectRoute = "$connect"

func (e *event) readHTTP2(r *request) {
	r.header = e.Headers.header()
	r.header["Cookie"] = apigw.Cookies(e.Cookies, r.header["Cookie"])
	r.method, r.arn, r.key = e.RequestContext.HTTP.Method, e.RouteARN, e.RouteKey
	r.path = withoutStage(e.RawPath, e.RequestContext.Stage)
	r.address = e.RequestContext.HTTP.SourceIP
}

func (e *event) readREST(r *request) {
	r.header = e.MultiValueHeaders.or(e.Headers)
	r.method, r.path, r.arn, r.key = e.Method, e.Path, e.MethodARN, e.Resource
	if strings.HasPrefix(e.Resource, "/") {
		r.key = e.Method + " " + e.Resource
	}
}

// readToken reads the one header that a TOKEN authorizer is given: Authorization, or
// Cookie. Without the others no browser can vouch for an unsafe request's origin.
func (e *event) readToken(r *request) {
	r.header = http.Header{"Cookie": {e.Token}}
	if scheme, _, _ := strings.Cut(e.Token, " "); strings.EqualFold(scheme, "Bearer") {
		r.header = http.Header{"Authorization": {e.Token}}
	}
	r.arn = e.MethodARN
	r.method, r.path = asked(e.MethodARN)
}

// readWebSocket reads a handshake, which any page may begin: as with what changes
// something, a browser has to vouch for the page.
func (e *event) readWebSocket(r *request) {
	r.header = e.MultiValueHeaders.or(e.Headers)
	r.header["Upgrade"] = []string{"websocket"}
	r.method, r.path, r.arn, r.key = http.MethodGet, "/", e.MethodARN, connectRoute
}

// readAppSync reads an operation, all of which are POST /graphql. AppSync wants the
// Authorization header of every client, so that it may stand beside a cookie with a
// word that means nothing, or hold the token without a scheme.
func (e *event) readAppSync(r *request) {
	r.header = e.RequestHeaders.header()
	r.header["Authorization"] = nil
	switch scheme, _, _ := strings.Cut(e.Token, " "); {
	case strings.EqualFold(scheme, "Bearer"):
		r.header["Authorization"] = []string{e.Token}
	case len(e.Token) == session.TokenLength:
		r.header["Authorization"] = []string{"Bearer " + e.Token}
	}
	r.method, r.path = http.MethodPost, "/graphql"
}

// withoutStage cuts the stage off, which stands in the path unless it is "$default".
func withoutStage(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage); ok && stage != "" && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return path
}
