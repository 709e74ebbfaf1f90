// Package site wires the parts that the login and the admin function share: the same
// handlers that the local program mounts, over DynamoDB.
package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/httpapi"
	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/environment"
	"coatcheck/functions/internal/gateway"
)

// Half is a half of the HTTP surface: [httpapi.API.PublicHandler] or
// [httpapi.API.AdminHandler].
type Half func(*httpapi.API) http.Handler

// Run serves a half of the surface from the settings in the environment until Lambda
// ends the process. It returns with an error if they are wrong, all faults together;
// nothing else that may be out of order fails the start.
func Run(ctx context.Context, getenv func(string) string, half Half) error {
	c, err := read(getenv)
	if err != nil {
		return err
	}
	log := environment.SetLog(os.Stdout, c.level)
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	api, err := c.wire(client, log)
	if err != nil {
		return err
	}
	lambda.StartWithOptions(gateway.New(half(api), log), lambda.WithContext(ctx))
	return nil
}

// configuration is what the environment says, understood.
type configuration struct {
	keys               session.Keys
	policy             session.Policy
	origins            inbound.Origins
	sameSite           http.SameSite
	routes             inbound.Routes
	level              slog.Level
	sessions, accounts string
	region, endpoint   string
}

func read(getenv func(string) string) (configuration, error) {
	r := environment.New(getenv)
	c := configuration{
		keys: r.Keys(), policy: r.Policy(), origins: r.Origins(), sameSite: r.SameSite(), level: r.LogLevel(),
		sessions: r.Table("sessions-table"), accounts: r.Table("accounts-table"),
		region: r.Region(), endpoint: r.Endpoint(), routes: r.Routes(),
	}
	return c, r.Err()
}

// client uses the SDK's own loader: these functions' start-up time does not matter.
func (c configuration) client(ctx context.Context) (*dynamodb.Client, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region))
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	return dynamo.NewClient(dynamo.ClientOptions{
		Region: c.region, Endpoint: c.endpoint, Credentials: loaded.Credentials,
	}), nil
}

func (c configuration) wire(client *dynamodb.Client, log *slog.Logger) (*httpapi.API, error) {
	hasher, err := password.NewHasher(nil)
	if err != nil {
		return nil, err
	}
	accounts := signin.Bounded(dynamo.NewAccounts(client, c.accounts), signin.CallTime)
	manager, err := session.New(dynamo.NewSessions(client, c.sessions), c.keys, &session.Options{Policy: c.policy})
	if err != nil {
		return nil, err
	}
	return httpapi.New(manager, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil),
		Directory:     signin.NewDirectory(accounts, hasher, &signin.DirectoryOptions{Sessions: manager}),
		Origins:       c.origins, SameSite: c.sameSite, Routes: c.routes, ClientAddress: gateway.ClientAddress, Log: log,
	})
}
