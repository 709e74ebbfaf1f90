package xray_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/xray"
)

const (
	trace   = "1-5759e988-bd862e3fe1be46a994272793"
	parent  = "53995c3f42cd8ad8"
	sampled = "Root=" + trace + ";Parent=" + parent + ";Sampled=1;Lineage=a:b"
)

// database answers every request alike, without a network.
type database struct {
	status int
	body   string
}

// Do implements dynamodb.HTTPClient.
func (d database) Do(req *http.Request) (*http.Response, error) {
	if d.status == 0 {
		return nil, errors.New("the network is down")
	}
	return &http.Response{
		StatusCode: d.status, Body: io.NopCloser(strings.NewReader(d.body)), Request: req, ContentLength: int64(len(d.body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"REQUEST-1"}},
	}, nil
}

func refusal(kind string) string {
	return `{"__type":"com.amazonaws.dynamodb.v20120810#` + kind + `","message":"about SECRET-VALUE"}`
}

func options(d database) dynamo.ClientOptions {
	return dynamo.ClientOptions{
		Region: "eu-central-1", HTTPClient: d,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "SECRET-VALUE", SecretAccessKey: "SECRET-VALUE", SessionToken: "SECRET-VALUE"}, nil
		}),
	}
}

// traced is a context as of an invocation that Lambda handed out with a tracing header.
func traced(ctx context.Context, header string) context.Context {
	return context.WithValue(ctx, "x-amzn-trace-id", header) //nolint:staticcheck // as aws-lambda-go does
}

// daemon listens as X-Ray's does.
type daemon struct {
	t    *testing.T
	conn *net.UDPConn
	at   netip.AddrPort
}

func newDaemon(t *testing.T) *daemon {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &daemon{t, conn, netip.MustParseAddrPort(conn.LocalAddr().String())}
}

// next returns the next document, checked.
func (d *daemon) next() map[string]any {
	d.t.Helper()
	_ = d.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	datagram := make([]byte, 65536)
	n, err := d.conn.Read(datagram)
	if err != nil {
		d.t.Fatal(err)
	}
	header, text, _ := bytes.Cut(datagram[:n], []byte("\n"))
	if string(header) != `{"format": "json", "version": 1}` || bytes.Contains(text, []byte("SECRET-VALUE")) {
		d.t.Errorf("datagram %s", datagram[:n])
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		d.t.Fatalf("%v: %s", err, text)
	}
	for _, fault := range faults(document) {
		d.t.Errorf("%s: %s", fault, text)
	}
	return document
}

// Each call is one document by the guide's rules, in the trace and under the segment that
// Lambda named, and says how the call went.
func TestDocuments(t *testing.T) {
	read := func(ctx context.Context, s *dynamo.Sessions) {
		_, _ = s.Read(ctx, session.Query{Sessions: []session.ID{{1}}})
	}
	both := func(ctx context.Context, s *dynamo.Sessions) {
		_, _ = s.Read(ctx, session.Query{Sessions: []session.ID{{1}}, Control: true})
	}
	end := func(ctx context.Context, s *dynamo.Sessions) {
		_, _ = s.Update(ctx, session.ID{1}, session.Change{End: &session.End{At: time.Unix(1, 0), Reason: session.SignedOut, By: "SECRET-VALUE"}})
	}
	for name, c := range map[string]struct {
		database database
		do       func(context.Context, *dynamo.Sessions)
		want     string // operation, status, flags and cause
		retries  float64
	}{
		"read":           {database{200, `{}`}, read, "GetItem 200", 0},
		"with control":   {database{200, `{}`}, both, "BatchGetItem 200", 0},
		"condition":      {database{400, refusal("ConditionalCheckFailedException")}, end, "UpdateItem 400 error ConditionalCheckFailedException", 0},
		"throttled":      {database{400, refusal("ProvisionedThroughputExceededException")}, read, "GetItem 400 error throttle ProvisionedThroughputExceededException", 2},
		"fault":          {database{500, refusal("InternalServerError")}, read, "GetItem 500 fault InternalServerError", 2},
		"not understood": {database{503, `<html>`}, read, "GetItem 503 fault NotUnderstood", 2},
		"no answer":      {database{}, read, "GetItem fault NoAnswer", 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t)
			store := dynamo.NewSessions(dynamo.NewClient(xray.Trace(options(c.database), d.at)), "sessions-table")
			c.do(traced(t.Context(), sampled), store)
			got := d.next()
			if summary(got) != c.want {
				t.Errorf("got %q, want %q", summary(got), c.want)
			}
			of := got["aws"].(map[string]any)
			if got["trace_id"] != trace || got["parent_id"] != parent || of["table_name"] != "sessions-table" ||
				of["region"] != "eu-central-1" || of["retries"] != c.retries {
				t.Errorf("got %v", got)
			}
			if answered := c.database.status != 0; answered != (of["request_id"] == "REQUEST-1") {
				t.Errorf("request %v", of["request_id"])
			}
		})
	}
}

// What is not sampled is not told: of all these calls only the last, which is.
func TestNotSampled(t *testing.T) {
	d := newDaemon(t)
	store := dynamo.NewSessions(dynamo.NewClient(xray.Trace(options(database{200, `{}`}), d.at)), "sessions-table")
	for _, header := range []string{
		"", "Sampled=1", "Root=" + trace + ";Sampled=1", "Parent=" + parent + ";Sampled=1", "Root=" + trace + ";Parent=" + parent,
		"Root=" + trace + ";Parent=" + parent + ";Sampled=0", "Root=" + trace + ";Parent=" + parent + ";Sampled=?",
		"Root=1-x;Parent=" + parent + ";Sampled=1", "Root=" + trace + ";Parent=SECRET-VALUE-123;Sampled=1",
		"Root=" + trace + ";Parent=" + parent + "0;Sampled=1",
	} {
		_, _ = store.Read(traced(t.Context(), header), session.Query{Sessions: []session.ID{{1}}})
	}
	_, _ = store.Read(t.Context(), session.Query{Sessions: []session.ID{{1}}})
	_, _ = store.List(traced(t.Context(), sampled), session.Range{Partition: session.PartitionOf("ann")})
	if got := summary(d.next()); got != "Query 200" {
		t.Errorf("the first that was told: %s", got)
	}
}

// A daemon that is gone, or that takes nothing, neither fails nor delays a call.
func TestDaemonThatTakesNothing(t *testing.T) {
	gone := newDaemon(t)
	_ = gone.conn.Close()
	for name, at := range map[string]netip.AddrPort{"gone": gone.at, "full": newDaemon(t).at} {
		t.Run(name, func(t *testing.T) {
			store := dynamo.NewSessions(dynamo.NewClient(xray.Trace(options(database{200, `{}`}), at)), "sessions-table")
			began := time.Now()
			for range 5000 {
				if _, err := store.Read(traced(t.Context(), sampled), session.Query{Sessions: []session.ID{{1}}}); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("5000 calls took %v", took)
			}
		})
	}
}

// A daemon that comes after the first document gets the next.
func TestDaemonThatComesLate(t *testing.T) {
	late := newDaemon(t)
	_ = late.conn.Close()
	store := dynamo.NewSessions(dynamo.NewClient(xray.Trace(options(database{200, `{}`}), late.at)), "sessions-table")
	_, _ = store.Read(traced(t.Context(), sampled), session.Query{Sessions: []session.ID{{1}}})
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(late.at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	late.conn = conn
	_, _ = store.List(traced(t.Context(), sampled), session.Range{Partition: session.PartitionOf("ann")})
	if got := summary(late.next()); got != "Query 200" {
		t.Errorf("got %s", got)
	}
}

// Without a daemon a client is what it was, and one that others are made from stays so.
func TestOff(t *testing.T) {
	mark := func(*middleware.Stack) error { return nil }
	o := options(database{200, `{}`})
	o.APIOptions = append(make([]func(*middleware.Stack) error, 0, 4), mark)
	if got := xray.Trace(o, netip.AddrPort{}); len(got.APIOptions) != 1 {
		t.Errorf("%d options", len(got.APIOptions))
	}
	if got := xray.Trace(o, newDaemon(t).at); len(got.APIOptions) != 2 || o.APIOptions[:2][1] != nil {
		t.Error("the options of another client were changed")
	}
}
