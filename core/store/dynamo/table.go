package dynamo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// item is one item, or its key.
type item = map[string]types.AttributeValue

// table is a table and who talks to it. The client stays a concrete type: behind an
// interface the linker would keep every operation of the service.
type table struct {
	client *dynamodb.Client
	name   string
}

// get reads one item, strongly consistent; nil where there is none.
func (t *table) get(ctx context.Context, key item) (item, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: key, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fault(err)
	}
	return out.Item, nil
}

// batchKeys is the most keys of one BatchGetItem; batchTries is how often one is
// asked for what the answer left out.
const (
	batchKeys  = 100
	batchTries = 3
)

// errUnprocessed says that DynamoDB left keys out of its answer: throttling.
var errUnprocessed = errors.New("BatchGetItem: unprocessed keys")

// getAll reads items, strongly consistent, in no order. What is missing is left out.
// No key may stand twice among them.
func (t *table) getAll(ctx context.Context, keys []item) ([]item, error) {
	batches := make([][]item, (len(keys)+batchKeys-1)/batchKeys)
	err := parallel(ctx, len(batches), func(ctx context.Context, i int) (err error) {
		batches[i], err = t.getBatch(ctx, keys[i*batchKeys:min((i+1)*batchKeys, len(keys))])
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []item
	for _, batch := range batches {
		all = append(all, batch...)
	}
	return all, nil
}

func (t *table) getBatch(ctx context.Context, keys []item) ([]item, error) {
	var all []item
	for range batchTries {
		out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{t.name: {Keys: keys, ConsistentRead: aws.Bool(true)}},
		})
		if err != nil {
			return nil, fault(err)
		}
		for _, items := range out.Responses {
			all = append(all, items...)
		}
		keys = nil
		for _, left := range out.UnprocessedKeys {
			keys = append(keys, left.Keys...)
		}
		if len(keys) == 0 {
			return all, nil
		}
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errUnprocessed
}

// wait pauses before a call is repeated.
func wait(ctx context.Context) error {
	timer := time.NewTimer(pause())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parallel makes n calls at once, few enough for that, and returns the first error,
// which stops the others.
func parallel(ctx context.Context, n int, call func(ctx context.Context, i int) error) error {
	if n == 1 {
		return call(ctx, 0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := call(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
