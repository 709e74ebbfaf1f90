// Package metered is how the functions tell their metrics: as lines of the embedded
// metric format beside their logs, with the answer or soon after it.
package metered

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"

	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
)

// Sink is a function's.
type Sink struct{ *emf.Sink }

// New returns the sink of a process that Lambda just started, by its function's name as
// in the catalogue: "authorize".
func New(w io.Writer, namespace, function string) Sink {
	s := Sink{emf.New(w, namespace, nil)}
	s.Record(telemetry.ColdStarts, 1, function)
	return s
}

// Requests makes a client tell what its requests consume and which are throttled. tables
// says which store is in which table.
func (s Sink) Requests(o dynamo.ClientOptions, tables map[string]string) dynamo.ClientOptions {
	o.Consumed, o.Throttled = telemetry.Consumed(s, tables), telemetry.Throttled(s)
	return o
}

// Handler flushes the metrics behind every invocation of next, when its answer is made.
func (s Sink) Handler(next lambda.Handler) lambda.Handler { return handler{next, s} }

type handler struct {
	lambda.Handler
	sink Sink
}

// Invoke implements [lambda.Handler].
func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer h.sink.Flush()
	return h.Handler.Invoke(ctx, payload)
}

// AtEnd writes what is left when Lambda ends the process. For it to say so beforehand, an
// extension has to be registered, which this does (AWS Lambda Developer Guide, "Lambda
// execution environment lifecycle").
func (s Sink) AtEnd() lambda.Option { return lambda.WithEnableSIGTERM(s.Close, end) }

// end lets the signal end the process, as it does where nobody listens for it.
func end() {
	signal.Reset(syscall.SIGTERM)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // or else Lambda kills it in half a second
}
