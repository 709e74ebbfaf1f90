// Command attach-http-api is the function behind the example's HTTP API: it answers who
// calls, by the authorizer's word.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// request is what is read of an event (HTTP API, payload format 2.0). Who calls stands
// in the authorizer's context and nowhere else: headers are the client's word.
type request struct {
	RouteKey       string `json:"routeKey"`
	RequestContext struct {
		Authorizer struct {
			Caller caller `json:"lambda"`
		} `json:"authorizer"`
	} `json:"requestContext"`
}

// caller is what the authorizer says of who calls, texts all of it.
type caller struct {
	Subject   string `json:"subject"`
	SessionID string `json:"sessionId"`
	Roles     string `json:"roles"`     // space-separated
	AuthTime  string `json:"authTime"`  // RFC 3339
	ExpiresAt string `json:"expiresAt"` // RFC 3339
	Actor     string `json:"actor"`     // the session of who acts as the subject
}

// placed is the answer: the route that was called, and by whom.
type placed struct {
	Route string `json:"route"`
	caller
}

func handle(_ context.Context, r request) (events.APIGatewayV2HTTPResponse, error) {
	who := r.RequestContext.Authorizer.Caller
	if who.Subject == "" { // nobody, as on an optional route, or no authorizer at all
		return answer(http.StatusInternalServerError, map[string]string{"error": "no authorizer stands before this route"})
	}
	return answer(http.StatusOK, placed{r.RouteKey, who})
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(text),
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}, err
}

func main() { lambda.Start(handle) }
