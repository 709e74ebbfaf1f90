package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/signin"
	"coatcheck/core/store/bolt"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/prom"
)

// storeFlags say where the data is. Every command has them.
type storeFlags struct {
	Data          string `default:".data" env:"COATCHECK_DATA" placeholder:"DIR" help:"Folder of the data (${env})."`
	Store         string `default:"bolt" env:"COATCHECK_STORE" help:"bolt or dynamodb (${env})."`
	Endpoint      string `env:"COATCHECK_ENDPOINT" placeholder:"URL" help:"Of a DynamoDB stand-in, whose tables are made if need be; default: AWS, by the usual credentials (${env})."`
	SessionsTable string `default:"coatcheck-sessions" env:"COATCHECK_SESSIONS_TABLE" help:"Table of sessions on DynamoDB (${env})."`
	AccountsTable string `default:"coatcheck-accounts" env:"COATCHECK_ACCOUNTS_TABLE" help:"Table of accounts on DynamoDB (${env})."`
}

// onDynamoDB reports whether the data is in tables that many processes share.
func (f *storeFlags) onDynamoDB() bool { return f.Store == "dynamodb" }

// file is the embedded store's.
func (f *storeFlags) file() string { return filepath.Join(f.Data, "coatcheck.db") }

// socketFolder is where a server on this store listens for operators; "" where their
// commands need no server.
func (f *storeFlags) socketFolder() string {
	if f.onDynamoDB() {
		return ""
	}
	return f.Data
}

// check notes what is wrong with the flags.
func (f *storeFlags) check(r *settings.Reader) {
	if f.Store != "bolt" && f.Store != "dynamodb" {
		r.Fault("store", f.Store, "bolt or dynamodb")
	}
	if f.Endpoint != "" && !f.onDynamoDB() {
		r.Fault("endpoint", f.Endpoint, "--store dynamodb beside it")
	}
}

// backend is an open store.
type backend struct {
	sessions session.Store
	accounts signin.Accounts
	// secret is the tag key where none is configured.
	secret func(context.Context) ([]byte, error)
	// keyMade says since when that key is in use; nil where nobody knows.
	keyMade func(context.Context) (time.Time, error)
	// outbox keeps events for a webhook; nil where the store has none.
	outbox *bolt.Outbox
	// sweep forgets purged records; nil where the store does so by itself.
	sweep func(ctx context.Context, before time.Time) (int, error)
	close func() error
}

// open opens the store that the flags name; what DynamoDB is asked is counted if metrics
// are kept.
func (f *storeFlags) open(ctx context.Context, metrics *prom.Sink) (*backend, error) {
	if f.onDynamoDB() {
		return f.openDynamoDB(ctx, metrics)
	}
	db, err := bolt.Open(f.file(), nil)
	if err != nil {
		return nil, err
	}
	return &backend{
		sessions: db.Sessions(), accounts: db.Accounts(), outbox: db.Outbox(), sweep: db.Sweep, close: db.Close,
		secret:  func(ctx context.Context) ([]byte, error) { return db.Secret(ctx, "tag key", session.MinKeySize) },
		keyMade: func(ctx context.Context) (time.Time, error) { return db.SecretSince(ctx, "tag key", time.Now()) },
	}, nil
}

func (f *storeFlags) openDynamoDB(ctx context.Context, metrics *prom.Sink) (*backend, error) {
	options, err := f.client(ctx)
	if err != nil {
		return nil, err
	}
	if metrics != nil {
		options.Throttled = telemetry.Throttled(metrics)
		options.Consumed = telemetry.Consumed(metrics, map[string]string{
			f.SessionsTable: telemetry.StoreSessions, f.AccountsTable: telemetry.StoreAccounts,
		})
	}
	client := dynamo.NewClient(options)
	if f.Endpoint != "" {
		names := dynamo.Names{Sessions: f.SessionsTable, Accounts: f.AccountsTable}
		if err := dynamo.CreateTables(ctx, client, names); err != nil {
			return nil, fmt.Errorf("--endpoint %s: %w", f.Endpoint, err)
		}
	}
	return &backend{
		sessions: dynamo.NewSessions(client, f.SessionsTable), accounts: dynamo.NewAccounts(client, f.AccountsTable),
		// Serving wants the deployment's key; the operators' commands tag cursors only.
		secret: func(context.Context) ([]byte, error) { return randomKey(), nil },
		close:  func() error { return nil },
	}, nil
}

// client is configured as every AWS program is, or for a stand-in, which believes
// any credentials.
func (f *storeFlags) client(ctx context.Context) (dynamo.ClientOptions, error) {
	if f.Endpoint != "" {
		return dynamo.ClientOptions{
			Region: "us-east-1", Endpoint: f.Endpoint,
			Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
		}, nil
	}
	c, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return dynamo.ClientOptions{}, fmt.Errorf("AWS configuration: %w", err)
	}
	if c.Region == "" {
		return dynamo.ClientOptions{}, errors.New("AWS configuration: no Region: set AWS_REGION, or use --endpoint for a stand-in")
	}
	return dynamo.ClientOptions{Region: c.Region, Credentials: c.Credentials}, nil
}

func randomKey() []byte {
	key := make([]byte, session.MinKeySize)
	_, _ = rand.Read(key)
	return key
}
