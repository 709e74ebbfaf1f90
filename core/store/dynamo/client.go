package dynamo

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// The client's bounds. Where nothing answers, two attempts of attemptTime and the
// pause between them are over before the Manager's 800 ms are; the third is for
// refusals, which come at once. The SDK's own are 3 attempts, 20 s of pause and no
// bound of an answer.
const (
	attempts    = 3
	attemptTime = 350 * time.Millisecond // until the headers of an answer
	connectTime = 250 * time.Millisecond // TCP, and TLS as much again
	maxPause    = 50 * time.Millisecond
	connections = 128 // kept open: as many as one call of the Manager has under way
)

// ClientOptions are the settings of a client.
type ClientOptions struct {
	// Region is the AWS Region, such as "eu-central-1". Required.
	Region string
	// Endpoint is the address of a stand-in, such as "http://127.0.0.1:8000"; "" is
	// the Region's own.
	Endpoint string
	// Credentials sign the requests. Required. A provider that asks another service
	// belongs into an aws.CredentialsCache.
	Credentials aws.CredentialsProvider
	// HTTPClient sends the requests; nil means [HTTPClient]'s.
	HTTPClient dynamodb.HTTPClient
	// APIOptions are added to every operation: measurement, tracing.
	APIOptions []func(*middleware.Stack) error
	// Consumed is told what capacity units DynamoDB says a request consumed, its indexes'
	// included, for each table; a refused condition's are not said. nil: nobody is told,
	// and DynamoDB not asked. It must not block.
	Consumed func(operation, table string, read, write float64)
	// Throttled is told of each attempt that DynamoDB throttled, retries included, once
	// for each reason, such as "TableReadKeyRangeThroughputExceeded" (DynamoDB API
	// Reference, ThrottlingReason). nil: nobody is told. It must not block.
	Throttled func(operation, reason string)
}

// NewClient returns a client whose every call is over soon: at most 3 attempts with
// pauses of at most 50 ms. It reads no environment and no file, and makes no call.
func NewClient(o ClientOptions) *dynamodb.Client {
	options := dynamodb.Options{
		Region: o.Region, Credentials: o.Credentials, HTTPClient: o.HTTPClient,
		APIOptions: slices.Concat(o.APIOptions, o.measures()),
		Retryer:    newRetryer(),
		// One host name, known beforehand: a connection that was opened early is used.
		AccountIDEndpointMode: aws.AccountIDEndpointModeDisabled,
		EndpointDiscovery: dynamodb.EndpointDiscoveryOptions{
			EnableEndpointDiscovery: aws.EndpointDiscoveryDisabled,
		},
	}
	if o.Endpoint != "" {
		options.BaseEndpoint = aws.String(o.Endpoint)
	}
	if options.HTTPClient == nil {
		options.HTTPClient = HTTPClient()
	}
	return dynamodb.New(options)
}

// HTTPClient returns the HTTP client of [NewClient], whose transport may be changed
// further (root certificates) before it is handed over.
func HTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTime }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = connectTime
			t.ResponseHeaderTimeout = attemptTime
			t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
		})
}

func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxPause
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(cutShort))
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return pause(), nil })
	})
}

// cutShort is an answer of which only a part came, which the SDK does not repeat by
// itself: every request of ours may be repeated.
func cutShort(err error) aws.Ternary {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// pause is between half of maxPause and all of it, so that callers who failed
// together do not come back together.
func pause() time.Duration {
	return maxPause/2 + rand.N(maxPause/2) //nolint:gosec // G404: spreads load, keeps no secret
}
