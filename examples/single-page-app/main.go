// Command single-page-app is the function behind the example: it serves the page, and the
// API that the page calls. Both have the origin of Coatcheck's own API.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// request is what is read of an event (HTTP API, payload format 2.0). Who calls stands
// in the authorizer's context and nowhere else.
type request struct {
	RouteKey       string            `json:"routeKey"`
	Parameters     map[string]string `json:"pathParameters"`
	RequestContext struct {
		Authorizer struct {
			Caller map[string]string `json:"lambda"`
		} `json:"authorizer"`
	} `json:"requestContext"`
}

//go:embed page
var page embed.FS

// files are the page's, by the names under which they are served; its own is "".
var files = map[string]struct{ path, kind string }{
	"":        {"page/index.html", "text/html; charset=utf-8"},
	"app.js":  {"page/app.js", "text/javascript; charset=utf-8"},
	"app.css": {"page/app.css", "text/css; charset=utf-8"},
}

func handle(_ context.Context, r request) (events.APIGatewayV2HTTPResponse, error) {
	switch r.RouteKey {
	case "GET /app", "GET /app/{file}":
		return file(r.Parameters["file"])
	}
	who := r.RequestContext.Authorizer.Caller
	if who["subject"] == "" { // nobody, or no authorizer stands before this route
		return answer(http.StatusInternalServerError, map[string]string{"title": "no authorizer stands before this route"})
	}
	who["route"] = r.RouteKey
	return answer(http.StatusOK, who)
}

// file serves a file of the page. The page runs its own script and nothing else, talks to
// its own origin and to no other, and stands in nobody's frame.
func file(name string) (events.APIGatewayV2HTTPResponse, error) {
	f, known := files[name]
	if !known {
		return answer(http.StatusNotFound, map[string]string{"title": "no such file"})
	}
	text, err := page.ReadFile(f.path)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusOK, Body: string(text),
		Headers: map[string]string{
			"Content-Type": f.kind, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		},
	}, err
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(text),
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}, err
}

func main() { lambda.Start(handle) }
