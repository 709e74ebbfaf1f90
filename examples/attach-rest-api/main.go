// Command attach-rest-api is the function behind the example's REST API: it answers who
// calls, by the authorizer's word.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// request is what is read of an event (REST API). Who calls stands
// in the authorizer's context and nowhere else: headers are the client's word.
type request struct {
	Method         string `json:"httpMethod"`
	Resource       string `json:"resource"`
	RequestContext struct {
		Authorizer caller `json:"authorizer"`
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

func handle(_ context.Context, r request) (events.APIGatewayProxyResponse, error) {
	who := r.RequestContext.Authorizer
	if who.Subject == "" { // nobody, as on an optional route, or no authorizer at all
		return answer(http.StatusInternalServerError, map[string]string{"error": "no authorizer stands before this route"})
	}
	return answer(http.StatusOK, placed{r.Method + " " + r.Resource, who})
}

func answer(status int, body any) (events.APIGatewayProxyResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayProxyResponse{
		StatusCode: status, Body: string(text),
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}, err
}

func main() { lambda.Start(handle) }
