package environment

import (
	"context"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/request"
)

// SetLog makes slog's default write JSON lines with Lambda's names for time and
// message, and the names of the request and of the invocation where the context has them,
// and returns it. What goes through package log, such as aws-lambda-go's own lines, comes
// as errors.
func SetLog(w io.Writer, level slog.Level) *slog.Logger {
	log := request.Logger(slog.New(withInvocation{slog.NewJSONHandler(telemetry.Escape(w), &slog.HandlerOptions{
		Level: level, ReplaceAttr: lambdacontext.ReplaceAttr,
	})}))
	slog.SetDefault(log)
	slog.SetLogLoggerLevel(slog.LevelError)
	return log
}

// Named returns a context in which a request is called as the gateway calls it, and
// belongs to the trace that Lambda says, so that lines of the log are found by either. A
// REST API's id may be the client's own; the extended one never is. Where the event does
// not say (TOKEN authorizers), the request is called as the invocation is.
func Named(ctx context.Context, id, extended string) context.Context {
	if lc, ok := lambdacontext.FromContext(ctx); ok && id == "" {
		id = lc.AwsRequestID
	}
	return request.With(ctx, request.Names{ID: id, Extended: extended, Trace: request.TraceOf(TraceHeader(ctx))})
}

// TraceHeader returns the tracing header of an invocation, "" where Lambda gave none:
// aws-lambda-go keeps it under this key.
func TraceHeader(ctx context.Context) string {
	header, _ := ctx.Value("x-amzn-trace-id").(string)
	return header
}

// withInvocation adds the ID under which Lambda logs the invocation.
type withInvocation struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h withInvocation) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h withInvocation) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withInvocation{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h withInvocation) WithGroup(name string) slog.Handler {
	return withInvocation{h.Handler.WithGroup(name)}
}
