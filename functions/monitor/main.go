// The monitor function runs on a schedule: it counts active and expired sessions, writes
// down the ends that follow an end of everybody, and finds out how far DynamoDB's TTL is
// behind and how old the tag keys are. Package monitor does it.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry"
	"coatcheck/functions/internal/environment"
	"coatcheck/functions/internal/metered"
	"coatcheck/functions/internal/xray"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "monitor:", err)
		os.Exit(1)
	}
}

// run serves until Lambda ends the process. It returns with an error if the settings are
// wrong, all faults together; a database that is down does not fail the start.
func run(ctx context.Context, getenv func(string) string) error {
	c, err := read(getenv)
	if err != nil {
		return err
	}
	log := environment.SetLog(os.Stdout, c.level)
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region))
	if err != nil {
		return fmt.Errorf("load AWS configuration: %w", err)
	}
	sink := metered.New(os.Stdout, c.namespace, "monitor")
	m, err := c.wire(loaded, sink, log)
	if err != nil {
		return err
	}
	lambda.StartWithOptions((&function{m, sink, log}).handle, lambda.WithContext(ctx))
	return nil
}

// configuration is what the environment says, understood.
type configuration struct {
	policy           session.Policy
	every            time.Duration
	level            slog.Level
	table, secret    string
	namespace        string
	region, endpoint string
	daemon           netip.AddrPort // of X-Ray
}

func read(getenv func(string) string) (configuration, error) {
	r := environment.New(getenv)
	c := configuration{
		policy: r.Policy(), every: r.MonitorEvery(), level: r.LogLevel(), table: r.Table("sessions-table"),
		secret: r.Required("tag-keys-secret", "the ARN of the secret that holds the tag keys"),
		region: r.Region(), endpoint: r.Endpoint(), namespace: r.MetricsNamespace(),
		daemon: r.TraceDaemon(),
	}
	return c, r.Err()
}

// wire needs no key of the deployment's: the one that it makes signs the cursors of its
// own walks only, and no token comes here.
func (c configuration) wire(loaded aws.Config, sink metered.Sink, log *slog.Logger) (*monitor.Monitor, error) {
	key := make([]byte, session.MinKeySize)
	_, _ = rand.Read(key)
	keys, err := session.NewKeys(key)
	if err != nil {
		return nil, err
	}
	opts := dynamo.ClientOptions{Region: c.region, Endpoint: c.endpoint, Credentials: loaded.Credentials}
	requests := sink.Requests(opts, map[string]string{c.table: telemetry.StoreSessions})
	client := dynamo.NewClient(xray.Trace(requests, c.daemon))
	store := telemetry.Sessions(dynamo.NewSessions(client, c.table), sink, &telemetry.CallOptions{Log: log})
	sessions, err := session.New(store, keys, &session.Options{
		Policy: c.policy, Observe: telemetry.Join(telemetry.Observe(sink), telemetry.Log(log)),
	})
	if err != nil {
		return nil, err
	}
	made := secret{secretsmanager.NewFromConfig(loaded).DescribeSecret, c.secret}.made
	return monitor.New(sessions, sink, &monitor.Options{Every: c.every, KeyMade: made, Log: log})
}

// function answers Lambda.
type function struct {
	monitor *monitor.Monitor
	sink    metered.Sink
	log     *slog.Logger
}

// left is what a run leaves of an invocation's time for telling what it found.
const left = time.Second

// handle makes a run. A run of which a part failed fails, once all others have run.
func (f *function) handle(ctx context.Context) error {
	defer f.sink.Sync() // Lambda may stop the process at once
	bound := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		bound, cancel = context.WithDeadline(ctx, deadline.Add(-left))
		defer cancel()
	}
	report, err := f.monitor.Run(bound)
	f.log.InfoContext(ctx, "monitor", "event", "monitored", "found", report, "ok", err == nil)
	return err
}

// secret tells since when the tag keys are what they are, without reading them.
type secret struct {
	describe func(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	id       string
}

// secretTime bounds the question.
const secretTime = 3 * time.Second

// made is when the secret was last changed. A key that was added, and not yet moved to the
// front, counts too: what is told is never older than the key that signs.
func (s secret) made(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	out, err := s.describe(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.id})
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("secretsmanager:DescribeSecret: %w", err)
	case out.LastChangedDate != nil:
		return *out.LastChangedDate, nil
	case out.CreatedDate != nil:
		return *out.CreatedDate, nil
	}
	return time.Time{}, errors.New("secretsmanager:DescribeSecret: the answer has no date")
}
