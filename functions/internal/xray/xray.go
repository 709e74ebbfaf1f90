// Package xray tells AWS X-Ray of the calls of DynamoDB that a traced invocation makes,
// each as a subsegment of the function's segment, which Lambda itself sends. The documents
// are those of the X-Ray Developer Guide, "AWS X-Ray segment documents", and go to the
// daemon that Lambda runs beside a function. AWS's X-Ray SDK is not needed for it, and
// would cost the authorizer its start.
package xray

import (
	"context"
	"net/netip"
	"time"

	"github.com/aws/smithy-go/middleware"

	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry/request"
	"coatcheck/functions/internal/environment"
)

// Trace makes a client tell a daemon of each of its calls that belongs to a sampled
// trace: the operation, its table and Region, how long it took, how often it was tried
// again and how it went, and nothing of what
// was asked for or answered. Nothing of that fails or delays a call. The zero daemon is
// none, and then the client stays as it is.
func Trace(o dynamo.ClientOptions, daemon netip.AddrPort) dynamo.ClientOptions {
	if !daemon.IsValid() {
		return o
	}
	send, err := dial(daemon)
	if err != nil { // traces are a help, and no reason not to start
		return o
	}
	o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(s *middleware.Stack) error {
		return s.Initialize.Add(telling(send, o.Region), middleware.Before)
	})
	return o
}

// telling tells of a call once it is over, retries and all.
func telling(send func([]byte), region string) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("CoatcheckTrace", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		parent, sampled := parentOf(ctx)
		if !sampled {
			return next.HandleInitialize(ctx, in)
		}
		began := time.Now()
		out, meta, err := next.HandleInitialize(ctx, in)
		send(document(parent, call{ctx, region, in.Parameters, meta, err, began, time.Now()}))
		return out, meta, err
	})
}

// segment is what a subsegment belongs to.
type segment struct{ trace, id string }

// parentOf returns the function's segment, if Lambda says that its trace is sampled.
func parentOf(ctx context.Context) (segment, bool) {
	header := environment.TraceHeader(ctx)
	if request.Field(header, "Sampled") != "1" {
		return segment{}, false
	}
	s := segment{request.TraceOf(header), request.Field(header, "Parent")}
	return s, s.trace != "" && len(s.id) == idLength && request.IsHex(s.id)
}
