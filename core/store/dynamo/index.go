package dynamo

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// entry is what the index says of a session: where it stands, and whose it is.
type entry struct {
	at int64 // Unix milliseconds
	id session.ID
}

// entryOf reads an index entry; false where it is none of a session's.
func entryOf(i item) (entry, bool) {
	id, ok := idOf(i)
	at, isNumber := i[attrStatusAt].(*types.AttributeValueMemberN)
	if !ok || !isNumber {
		return entry{}, false
	}
	n, err := strconv.ParseInt(at.Value, 10, 64)
	return entry{n, id}, err == nil
}

// key is the entry's full key, at which a Query may go on.
func (e entry) key(s session.Status) item {
	key := sessionKey(e.id)
	key[attrStatusShard] = textOf(shardKey(s, shardOf(e.id)))
	key[attrStatusAt] = numberOf(e.at)
	return key
}

// span is the milliseconds of a range of times, both inclusive.
type span struct{ low, high int64 }

func spanOf(q session.StatusRange) span {
	s := span{math.MinInt64, math.MaxInt64}
	if !q.From.IsZero() {
		s.low = ceilMillis(q.From)
	}
	if !q.Until.IsZero() {
		s.high = ceilMillis(q.Until) - 1
	}
	return s
}

// ceilMillis is the first whole millisecond that is not before a time.
func ceilMillis(t time.Time) int64 { return t.Add(time.Millisecond - time.Nanosecond).UnixMilli() }

// stream is one shard of a status, read bit by bit, ascending by time.
type stream struct {
	query  *dynamodb.QueryInput // nil once there is no more
	buffer []entry
}

// stream starts a shard's. The index is never strongly consistent.
func (s *Sessions) stream(status session.Status, shard int, in span, perQuery int) *stream {
	if in.low > in.high {
		return &stream{}
	}
	q := &dynamodb.QueryInput{
		TableName: &s.table.name, IndexName: aws.String(statusIndex),
		KeyConditionExpression: aws.String("statusShard = :shard AND statusAt BETWEEN :low AND :high"),
		ExpressionAttributeValues: item{
			":shard": textOf(shardKey(status, shard)), ":low": numberOf(in.low), ":high": numberOf(in.high),
		},
	}
	if perQuery > 0 {
		q.Limit = aws.Int32(int32(perQuery)) //nolint:gosec // G115: at most a page's limit
	}
	return &stream{query: q}
}

// fill makes sure that the buffer holds the stream's next entry, if there is one.
func (st *stream) fill(ctx context.Context, client *dynamodb.Client) error {
	for len(st.buffer) == 0 && st.query != nil {
		out, err := client.Query(ctx, st.query)
		if err != nil {
			return fault(err)
		}
		for _, i := range out.Items {
			if e, ok := entryOf(i); ok {
				st.buffer = append(st.buffer, e)
			}
		}
		st.follow(out)
	}
	return nil
}

// follow moves on to the next answer, if there is one.
func (st *stream) follow(out *dynamodb.QueryOutput) {
	st.query.ExclusiveStartKey = out.LastEvaluatedKey
	if len(out.LastEvaluatedKey) == 0 {
		st.query = nil
	}
}

// Count implements [session.Store]: Queries of all shards at once that return nothing
// but numbers. It lags.
func (s *Sessions) Count(ctx context.Context, q session.StatusRange) (int, error) {
	var counts [shards]int
	err := parallel(ctx, shards, func(ctx context.Context, i int) error {
		st := s.stream(q.Status, i, spanOf(q), 0)
		for st.query != nil {
			st.query.Select = types.SelectCount
			out, err := s.table.client.Query(ctx, st.query)
			if err != nil {
				return fault(err)
			}
			counts[i] += int(out.Count)
			st.follow(out)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return total, nil
}
