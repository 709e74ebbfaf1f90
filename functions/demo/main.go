// Command demo is a function behind the authorizer, for a local trial: GET /demo
// answers what the authorizer says of the caller.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// request is what the function reads of an event (HTTP API, payload 2.0): who calls
// stands in the authorizer's context and nowhere else. Headers are the client's word.
type request struct {
	RequestContext struct {
		Authorizer struct {
			Lambda map[string]any `json:"lambda"`
		} `json:"authorizer"`
	} `json:"requestContext"`
}

func handle(_ context.Context, r request) (events.APIGatewayV2HTTPResponse, error) {
	status, answer := http.StatusOK, r.RequestContext.Authorizer.Lambda
	if len(answer) == 0 {
		status, answer = http.StatusInternalServerError, map[string]any{"error": "no authorizer stands before this route"}
	}
	body, err := json.Marshal(answer)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
		Body:       string(body),
	}, err
}

func main() { lambda.Start(handle) }
