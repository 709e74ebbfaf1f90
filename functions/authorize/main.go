// The authorize function answers every caller of Lambda authorizers: REST APIs (TOKEN
// and REQUEST), HTTP APIs (payload formats 1.0 and 2.0), WebSocket APIs ($connect) and
// AppSync; docs/callers.md says what each is answered. It links only what it needs,
// since its start is on the way of a visitor's request.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry"
	"coatcheck/functions/internal/environment"
	"coatcheck/functions/internal/metered"
	"coatcheck/functions/internal/xray"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "authorize:", err)
		os.Exit(1)
	}
}

// run serves until Lambda ends the process. It returns with an error if the settings
// are wrong, all faults together; a database that is down does not fail the start.
func run(ctx context.Context, getenv func(string) string) error {
	c, err := read(getenv)
	if err != nil {
		return err
	}
	log := environment.SetLog(os.Stdout, c.level)
	metrics := metered.New(os.Stdout, c.namespace, "authorize")
	requests := metrics.Requests(c.client, map[string]string{c.table: telemetry.StoreSessions})
	client := dynamo.NewClient(xray.Trace(requests, c.daemon))
	store := telemetry.Sessions(dynamo.NewSessions(client, c.table), metrics, &telemetry.CallOptions{Log: log})
	sessions, err := session.New(store, c.keys, &session.Options{
		Policy: c.policy, Observe: telemetry.Join(telemetry.Observe(metrics), telemetry.Log(log)),
	})
	if err != nil {
		return err
	}
	connect(ctx, store, log)
	lambda.StartWithOptions(metrics.Handler(&authorizer{
		sessions, c.origins, c.routes, answerer{c.policies, c.routes.ByRoute()}, c.say401, log,
	}), lambda.WithContext(ctx), metrics.AtEnd())
	return nil
}

// configuration is what the environment says, understood.
type configuration struct {
	keys    session.Keys
	policy  session.Policy
	origins inbound.Origins
	routes  inbound.Routes
	// policies answers payload format 2.0 with policies: the event does not say which
	// of the two the API wants.
	policies bool
	say401   bool
	level    slog.Level
	table    string
	// namespace is that of the metrics.
	namespace string
	client    dynamo.ClientOptions
	daemon    netip.AddrPort // of X-Ray
}

// read takes the credentials straight from the variables that Lambda sets, which
// hold for the life of the process: the SDK's loader would cost 2 MB and 3 ms.
func read(getenv func(string) string) (configuration, error) {
	r := environment.New(getenv)
	c := configuration{
		keys: r.Keys(), policy: r.Policy(), origins: r.Origins(), routes: r.Routes(),
		level: r.LogLevel(), table: r.Table("sessions-table"), namespace: r.MetricsNamespace(),
		daemon: r.TraceDaemon(),
	}
	c.policies = settings.Choice(r.Reader, "http-api-answers", map[string]bool{"": false, "simple": false, "policy": true})
	c.say401 = settings.Choice(r.Reader, "deny-status", map[string]bool{"": false, "403": false, "401": true})
	credentials := aws.Credentials{
		AccessKeyID:     r.Variable("AWS_ACCESS_KEY_ID", "the access key that Lambda sets"),
		SecretAccessKey: r.Variable("AWS_SECRET_ACCESS_KEY", "the secret key that Lambda sets"),
		SessionToken:    getenv("AWS_SESSION_TOKEN"), // a stand-in needs none
		Source:          "Lambda",
	}
	c.client = dynamo.ClientOptions{
		Region: r.Region(), Endpoint: r.Endpoint(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
	}
	return c, r.Err()
}

// connectTime bounds what a database that is down may cost a start.
const connectTime = 400 * time.Millisecond

// connect makes the first call of the database while Lambda starts the process at
// full speed, so that no visitor waits for a handshake. It reads the control item,
// one unit. The first lookup finds out for itself whether the database is there.
func connect(ctx context.Context, store session.Store, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if _, err := store.Read(ctx, session.Query{Control: true}); err != nil {
		log.WarnContext(ctx, "no connection yet", "event", "connect_failed", "error", err.Error())
	}
}
