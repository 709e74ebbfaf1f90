package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"coatcheck/functions/internal/apigw"
)

// errNoEvent says that an invocation's payload is not the event of an HTTP API's
// authorizer with payload format 2.0. It repeats nothing of the payload.
var errNoEvent = errors.New("not an authorizer event of an HTTP API with payload format 2.0")

// request is what is read of an event, whatever its shape: the headers that a
// session is checked by, and the method and path that are asked for.
type request struct {
	header http.Header
	method string
	path   string // without the stage
}

// event is what is read of an HTTP API's authorizer event with payload format 2.0.
type event struct {
	Version        string       `json:"version"`
	Type           string       `json:"type"`
	Cookies        []string     `json:"cookies"`
	Headers        eventHeaders `json:"headers"`
	RawPath        string       `json:"rawPath"`
	RequestContext struct {
		Stage string `json:"stage"`
		HTTP  struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// eventHeaders are the headers that are read. Package json compares names without
// regard to case, so each field gathers every spelling of its header.
type eventHeaders struct {
	Cookie        gathered `json:"cookie"`
	Authorization gathered `json:"authorization"`
	SecFetchSite  gathered `json:"sec-fetch-site"`
	Origin        gathered `json:"origin"`
	Passive       gathered `json:"coatcheck-passive"`
}

// gathered keeps every value that it is given, where a string would keep the last.
type gathered []string

// UnmarshalJSON adds one value.
func (g *gathered) UnmarshalJSON(raw []byte) error {
	var value string
	err := json.Unmarshal(raw, &value)
	*g = append(*g, value)
	return err
}

// decode reads an event, or returns errNoEvent.
func decode(payload []byte) (request, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return request{}, errNoEvent
	}
	if e.Version != "2.0" || e.Type != "REQUEST" || e.RequestContext.HTTP.Method == "" {
		return request{}, errNoEvent
	}
	return request{
		header: http.Header{
			"Cookie":            apigw.Cookies(e.Cookies, e.Headers.Cookie),
			"Authorization":     e.Headers.Authorization,
			"Sec-Fetch-Site":    e.Headers.SecFetchSite,
			"Origin":            e.Headers.Origin,
			"Coatcheck-Passive": e.Headers.Passive,
		},
		method: e.RequestContext.HTTP.Method,
		path:   withoutStage(e.RawPath, e.RequestContext.Stage),
	}, nil
}

// withoutStage cuts the stage off, which stands in the path unless it is "$default".
func withoutStage(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage); ok && stage != "" && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}
