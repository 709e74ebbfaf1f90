// Package site wires the parts that the login and the admin function share: the same
// handlers that the local program mounts, over DynamoDB.
package site

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
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
	"coatcheck/core/telemetry"
	"coatcheck/functions/internal/environment"
	"coatcheck/functions/internal/gateway"
	"coatcheck/functions/internal/metered"
	"coatcheck/functions/internal/xray"
)

// Half is a half of the HTTP surface: [httpapi.API.PublicHandler] or
// [httpapi.API.AdminHandler].
type Half func(*httpapi.API) http.Handler

// Run serves a half of the surface as a function of that name, from the settings in the environment until Lambda
// ends the process. It returns with an error if they are wrong, all faults together;
// nothing else that may be out of order fails the start.
func Run(ctx context.Context, getenv func(string) string, function string, half Half) error {
	c, err := read(getenv)
	if err != nil {
		return err
	}
	log := environment.SetLog(os.Stdout, c.level)
	metrics := metered.New(os.Stdout, c.namespace, function)
	client, err := c.client(ctx, metrics)
	if err != nil {
		return err
	}
	api, err := c.wire(client, metrics, log)
	if err != nil {
		return err
	}
	lambda.StartWithOptions(metrics.Handler(gateway.New(half(api), log)), lambda.WithContext(ctx), metrics.AtEnd())
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
	namespace          string         // of the metrics
	daemon             netip.AddrPort // of X-Ray
}

func read(getenv func(string) string) (configuration, error) {
	r := environment.New(getenv)
	c := configuration{
		keys: r.Keys(), policy: r.Policy(), origins: r.Origins(), sameSite: r.SameSite(), level: r.LogLevel(),
		sessions: r.Table("sessions-table"), accounts: r.Table("accounts-table"),
		region: r.Region(), endpoint: r.Endpoint(), routes: r.Routes(),
		namespace: r.MetricsNamespace(), daemon: r.TraceDaemon(),
	}
	return c, r.Err()
}

// client uses the SDK's own loader: these functions' start-up time does not matter.
func (c configuration) client(ctx context.Context, metrics metered.Sink) (*dynamodb.Client, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region))
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	options := dynamo.ClientOptions{Region: c.region, Endpoint: c.endpoint, Credentials: loaded.Credentials}
	requests := metrics.Requests(options, map[string]string{
		c.sessions: telemetry.StoreSessions, c.accounts: telemetry.StoreAccounts,
	})
	return dynamo.NewClient(xray.Trace(requests, c.daemon)), nil
}

func (c configuration) wire(client *dynamodb.Client, metrics metered.Sink, log *slog.Logger) (*httpapi.API, error) {
	hasher, err := password.NewHasher(nil)
	if err != nil {
		return nil, err
	}
	observe := telemetry.Join(telemetry.Observe(metrics), telemetry.Log(log))
	calls := &telemetry.CallOptions{Log: log}
	accounts := signin.Bounded(telemetry.Accounts(dynamo.NewAccounts(client, c.accounts), metrics, calls), signin.CallTime)
	store := telemetry.Sessions(dynamo.NewSessions(client, c.sessions), metrics, calls)
	manager, err := session.New(store, c.keys, &session.Options{Policy: c.policy, Observe: observe})
	if err != nil {
		return nil, err
	}
	return httpapi.New(manager, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil),
		Directory:     signin.NewDirectory(accounts, hasher, &signin.DirectoryOptions{Sessions: manager}),
		Origins:       c.origins, SameSite: c.sameSite, Routes: c.routes, ClientAddress: gateway.ClientAddress, Log: log,
		Observe: observe,
	})
}
