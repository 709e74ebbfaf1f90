package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/telemetry/request"
)

// meter records the calls of one store.
type meter struct {
	sink  Sink // nil: none
	store string
	now   func() time.Time
	log   *slog.Logger
}

func meterOf(sink Sink, store string, opts *CallOptions) meter {
	if opts == nil {
		opts = &CallOptions{}
	}
	m := meter{sink: sink, store: store, now: opts.Now, log: request.Logger(opts.Log)}
	if m.now == nil {
		m.now = time.Now
	}
	return m
}

func (m *meter) done(ctx context.Context, operation string, began time.Time, err error) {
	result, took := resultOf(err), m.now().Sub(began)
	if m.sink != nil {
		m.sink.Record(StoreCalls, 1, m.store, operation, result)
		m.sink.Record(StoreCallDuration, took.Seconds(), m.store, operation)
	}
	m.tell(ctx, operation, result, took, err)
}

// resultOf is how a call of a store went. The ports' own answers come first: a store
// that answered did so in time.
func resultOf(err error) string {
	switch {
	case err == nil:
		return ResultOK
	case errors.Is(err, session.ErrNotFound), errors.Is(err, signin.ErrNotFound):
		return "not_found"
	case errors.Is(err, session.ErrExists), errors.Is(err, signin.ErrNameTaken), errors.Is(err, signin.ErrSubjectTaken):
		return "exists"
	case errors.Is(err, session.ErrConflict), errors.Is(err, signin.ErrConflict):
		return "conflict"
	case errors.Is(err, session.ErrDamaged), errors.Is(err, signin.ErrDamaged):
		return "damaged"
	case errors.Is(err, session.ErrCursor):
		return "cursor"
	}
	return failureOf(err)
}

// failureOf is why a store did not answer.
func failureOf(err error) string {
	var slow net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	}
	return "error"
}

// Consumed returns what records the capacity units that DynamoDB says a request
// consumed, for dynamo.ClientOptions.Consumed. tables says which store is in which
// table.
func Consumed(sink Sink, tables map[string]string) func(operation, table string, read, write float64) {
	return func(operation, table string, read, write float64) {
		if read > 0 {
			sink.Record(StoreUnits, read, tables[table], operation, "read")
		}
		if write > 0 {
			sink.Record(StoreUnits, write, tables[table], operation, "write")
		}
	}
}

// Throttled returns what records a request that DynamoDB throttled, for
// dynamo.ClientOptions.Throttled.
func Throttled(sink Sink) func(operation, reason string) {
	return func(operation, reason string) { sink.Record(StoreThrottles, 1, operation, reason) }
}
