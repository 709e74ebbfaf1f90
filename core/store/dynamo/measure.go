package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// measures returns what observes a client's operations, none where nobody does.
func (o *ClientOptions) measures() []func(*middleware.Stack) error {
	var out []func(*middleware.Stack) error
	if o.Consumed != nil {
		out = append(out, func(s *middleware.Stack) error {
			return s.Initialize.Add(consumedBy(o.Consumed), middleware.Before)
		})
	}
	if o.Throttled != nil {
		out = append(out, func(s *middleware.Stack) error {
			return s.Finalize.Insert(throttledBy(o.Throttled), "Retry", middleware.After)
		})
	}
	return out
}

// consumedBy asks DynamoDB for what a request consumed and tells it. That costs nothing.
func consumedBy(tell func(operation, table string, read, write float64)) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("CoatcheckConsumed", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		ask(in.Parameters)
		out, meta, err := next.HandleInitialize(ctx, in)
		if err == nil {
			operation := awsmiddleware.GetOperationName(ctx)
			capacities, writes := capacitiesOf(out.Result)
			for i := range capacities {
				tellOne(tell, operation, &capacities[i], writes)
			}
		}
		return out, meta, err
	})
}

func tellOne(tell func(operation, table string, read, write float64), operation string, c *types.ConsumedCapacity, writes bool) {
	units := aws.ToFloat64(c.CapacityUnits)
	if writes {
		tell(operation, aws.ToString(c.TableName), 0, units)
		return
	}
	tell(operation, aws.ToString(c.TableName), units, 0)
}

// ask sets what makes DynamoDB answer with the units, unless the request says how
// already.
func ask(input any) {
	total := func(p *types.ReturnConsumedCapacity) {
		if *p == "" {
			*p = types.ReturnConsumedCapacityTotal
		}
	}
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.BatchGetItemInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.QueryInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.PutItemInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.UpdateItemInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.DeleteItemInput:
		total(&in.ReturnConsumedCapacity)
	case *dynamodb.TransactWriteItemsInput:
		total(&in.ReturnConsumedCapacity)
	}
}

// capacitiesOf is what an answer says that its request consumed, and whether by writing.
func capacitiesOf(output any) (consumed []types.ConsumedCapacity, writes bool) {
	one := func(c *types.ConsumedCapacity) []types.ConsumedCapacity {
		if c == nil {
			return nil
		}
		return []types.ConsumedCapacity{*c}
	}
	switch out := output.(type) {
	case *dynamodb.GetItemOutput:
		return one(out.ConsumedCapacity), false
	case *dynamodb.BatchGetItemOutput:
		return out.ConsumedCapacity, false
	case *dynamodb.QueryOutput:
		return one(out.ConsumedCapacity), false
	case *dynamodb.PutItemOutput:
		return one(out.ConsumedCapacity), true
	case *dynamodb.UpdateItemOutput:
		return one(out.ConsumedCapacity), true
	case *dynamodb.DeleteItemOutput:
		return one(out.ConsumedCapacity), true
	case *dynamodb.TransactWriteItemsOutput:
		return out.ConsumedCapacity, true
	}
	return nil, false
}

// throttledBy tells of each attempt that DynamoDB throttled. It stands below the retries.
func throttledBy(tell func(operation, reason string)) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc("CoatcheckThrottled", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleFinalize(ctx, in)
		for _, reason := range throttleReasons(err) {
			tell(awsmiddleware.GetOperationName(ctx), reason)
		}
		return out, meta, err
	})
}

// Throttled reports whether a call of the client failed since DynamoDB throttled it, an
// item of a transaction included.
func Throttled(err error) bool { return len(throttleReasons(err)) > 0 }

// throttleReasons are why an attempt was throttled: DynamoDB's own reasons or, where it
// gives none, its error's code; none for any other error.
func throttleReasons(err error) []string {
	var provisioned *types.ProvisionedThroughputExceededException
	var limit *types.RequestLimitExceeded
	var throttling *types.ThrottlingException
	var failed smithy.APIError
	switch {
	case err == nil || !errors.As(err, &failed):
		return nil
	case errors.As(err, &provisioned):
		return reasonsOf(provisioned.ThrottlingReasons, failed)
	case errors.As(err, &limit):
		return reasonsOf(limit.ThrottlingReasons, failed)
	case errors.As(err, &throttling):
		return reasonsOf(throttling.ThrottlingReasons, failed)
	}
	return canceledReasons(err)
}

func reasonsOf(given []types.ThrottlingReason, failed smithy.APIError) []string {
	var reasons []string
	for _, g := range given {
		if reason := aws.ToString(g.Reason); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if reasons == nil {
		reasons = []string{failed.ErrorCode()}
	}
	return reasons
}

// canceledReasons are those of a transaction, each item by itself.
func canceledReasons(err error) []string {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return nil
	}
	var reasons []string
	for _, r := range canceled.CancellationReasons {
		switch code := aws.ToString(r.Code); code {
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			reasons = append(reasons, code)
		}
	}
	return reasons
}
