package dynamo

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/session"
)

// List implements [session.Store]: one Query for every MB. The fence sorts above the
// sessions and so is its first item; only where Range.Before cuts it off is it read by
// a GetItem of its own.
func (s *Sessions) List(ctx context.Context, r session.Range) (session.Listing, error) {
	var out session.Listing
	low, high := sortBounds(r)
	if high != fenceSort {
		reading, err := s.Read(ctx, session.Query{Subject: r.Partition})
		if err != nil || low > high {
			return session.Listing{Fence: reading.Fence}, err
		}
		out.Fence = reading.Fence
	}
	q := s.listQuery(r, low, high)
	for {
		page, err := s.table.client.Query(ctx, q)
		if err != nil {
			return session.Listing{}, fault(err)
		}
		if err := addItems(&out, page.Items, r.Limit); err != nil {
			return session.Listing{}, err
		}
		if len(page.LastEvaluatedKey) == 0 || out.More {
			return out, nil
		}
		q.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

func (s *Sessions) listQuery(r session.Range, low, high string) *dynamodb.QueryInput {
	q := &dynamodb.QueryInput{
		TableName: &s.table.name, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :low AND :high"),
		ExpressionAttributeValues: item{
			":pk": textOf(partitionKey(r.Partition)), ":low": textOf(low), ":high": textOf(high),
		},
	}
	if r.Limit > 0 {
		// One more tells whether there are more; one is the fence.
		q.Limit = aws.Int32(int32(min(r.Limit, math.MaxInt16) + 2))
	}
	return q
}

// addItems takes the items of a page into a listing, up to its limit. An item under a
// key that spells no ID is no session, since no token can name it.
func addItems(out *session.Listing, items []item, limit int) error {
	for _, i := range items {
		if textIn(i, attrSort) == fenceSort {
			fence, err := decodeFence(i)
			if err != nil {
				return err
			}
			out.Fence = fence
			continue
		}
		id, ok := idOf(i)
		if !ok {
			continue
		}
		if limit > 0 && len(out.Records)+len(out.Damaged) == limit {
			out.More = true
			return nil
		}
		if r, err := decodeRecord(i); err != nil {
			out.Damaged = append(out.Damaged, id)
		} else {
			out.Records = append(out.Records, r)
		}
	}
	return nil
}

// sortBounds are the lowest and the highest sort key of a range, both inclusive; low
// is above high where it can hold nothing. High is the fence's unless Before is below.
func sortBounds(r session.Range) (low, high string) {
	low, high = sessionPrefix, fenceSort
	if since := r.Since.Unix(); since > math.MaxUint32 {
		low = afterSessions
	} else if !r.Since.IsZero() && since > 0 {
		var first local
		binary.BigEndian.PutUint32(first[:], uint32(since))
		low = first.sort()
	}
	before := r.Before.Partition()
	switch side := bytes.Compare(before[:], r.Partition[:]); {
	case r.Before.IsZero() || side > 0:
	case side < 0:
		high = ""
	default:
		high = below(localOf(r.Before))
	}
	return low, high
}

// below is the sort key of the ID just below one; "" if there is none.
func below(l local) string {
	for i := len(l) - 1; i >= 0; i-- {
		l[i]--
		if l[i] != math.MaxUint8 {
			return l.sort()
		}
	}
	return ""
}
