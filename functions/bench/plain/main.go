// The plain function is a Lambda authorizer in the shape that everybody writes: typed
// events, the SDK's default configuration and client, decoding by reflection. It stands
// only for comparison with functions/authorize, lacks most of what that checks, and is
// not for deployment.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/functions/bench/plain/lookup"
)

func main() {
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
	a := authorizer{lookup.Table{Client: dynamodb.NewFromConfig(c), Name: os.Getenv("COATCHECK_SESSIONS_TABLE")}}
	lambda.Start(a.authorize)
}

type authorizer struct{ sessions lookup.Table }

type (
	request  = events.APIGatewayV2CustomAuthorizerV2Request
	response = events.APIGatewayV2CustomAuthorizerSimpleResponse
)

func (a *authorizer) authorize(ctx context.Context, r request) (response, error) {
	s, err := a.sessions.Session(ctx, cookie(r.Cookies))
	switch {
	case errors.Is(err, lookup.ErrNoSession):
		return response{}, nil
	case err != nil:
		return response{}, err
	}
	return response{IsAuthorized: true, Context: map[string]any{
		"subject": s.Subject, "sessionId": s.ID, "actor": s.Actor,
		"roles": strings.Join(s.Roles, " "), "amr": strings.Join(s.Methods, " "),
		"authTime":  time.UnixMilli(s.AuthTime).UTC().Format(time.RFC3339),
		"expiresAt": time.UnixMilli(s.ExpiresAt).UTC().Format(time.RFC3339),
	}}, nil
}

// cookie returns the session cookie's value, "" if there is none.
func cookie(lines []string) string {
	for _, line := range lines {
		cookies, _ := http.ParseCookie(line)
		for _, c := range cookies {
			if c.Name == "__Host-sid" {
				return c.Value
			}
		}
	}
	return ""
}
