package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// Sessions is a table's [session.Store]. Its Page and Count lag.
type Sessions struct{ table table }

var _ session.Store = (*Sessions)(nil)

// NewSessions returns the store of a table that has the shape of [SessionsTable]. It
// makes no call.
func NewSessions(client *dynamodb.Client, name string) *Sessions {
	return &Sessions{table{client, name}}
}

// Create implements [session.Store]: one PutItem. Where the client repeats a request
// whose answer was lost, it meets its own write: [session.ErrExists] with the record
// as offered.
func (s *Sessions) Create(ctx context.Context, r session.Record) (session.Record, error) {
	i := encodeRecord(&r)
	_, err := s.table.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table.name, Item: i,
		ConditionExpression:                 aws.String("attribute_not_exists(" + attrPartition + ")"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if there, taken := refused(err); taken {
		return answer(there, session.ErrExists)
	}
	if err != nil {
		return session.Record{}, fault(err)
	}
	return decodeRecord(i) // what a read will find, sharing nothing with r
}

// answer decodes the record that a write was answered with, and returns it with the
// outcome; [session.ErrDamaged] takes its place where it is no record.
func answer(i item, outcome error) (session.Record, error) {
	r, err := decodeRecord(i)
	if err != nil {
		return session.Record{}, err
	}
	return r, outcome
}

// Update implements [session.Store]: one UpdateItem, which moves the index keys along.
//
// What cannot be decoded is written all the same where the change is an end and nothing
// else: should somebody mend the record, it is ended. Any other change names attributes
// that only a record has, and an item that has them all and is none (an attribute too
// many) is written too; it stays damaged.
func (s *Sessions) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	e := changeExpression(id, c)
	out, err := s.table.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table.name, Key: sessionKey(id),
		UpdateExpression: e.update(), ConditionExpression: e.condition(),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if there, no := refused(err); no {
		if len(there) == 0 {
			return session.Record{}, session.ErrNotFound
		}
		return orEnded(there, session.ErrConflict)
	}
	if err != nil {
		return session.Record{}, fault(err)
	}
	return orEnded(out.Attributes, nil)
}

// orEnded is answer where what is no record may have been ended: then its ID and its
// end, as far as that can be read, come with [session.ErrDamaged].
func orEnded(i item, outcome error) (session.Record, error) {
	r, err := answer(i, outcome)
	if !errors.Is(err, session.ErrDamaged) {
		return r, err
	}
	id, known := idOf(i)
	part := reader{item: i}
	end := session.End{
		At: part.time(attrEndedAt), Reason: session.EndReason(part.text(attrEndReason)),
		By: session.By(part.text(attrEndedBy)), From: part.text(attrEndedFrom), ReplacedBy: part.id(attrReplacedBy),
	}
	if known && !end.At.IsZero() {
		return session.Record{ID: id, End: end}, err
	}
	return session.Record{}, err
}

// changeExpression writes a change down: [session.Change.Apply] in DynamoDB's words.
func changeExpression(id session.ID, c session.Change) *expression {
	var e expression
	e.exists(attrPartition)
	e.notEnded(c.EndsOnly())
	if !c.If.ExpiresAfter.IsZero() {
		e.when(attrExpiresAt, ">", timeOrNone(c.If.ExpiresAfter))
	}
	if !c.If.LastSeenAt.IsZero() {
		e.when(attrLastSeenAt, "=", timeOrNone(c.If.LastSeenAt))
	}
	if c.If.Secrets != nil {
		e.is(attrSecretHash, hashOrNone(c.If.Secrets.Current))
		e.is(attrNextHash, hashOrNone(c.If.Secrets.Next))
	}
	if c.Touch != nil {
		e.set(attrLastSeenAt, timeOrNone(c.Touch.LastSeenAt))
		e.set(attrExpiresAt, timeOrNone(c.Touch.ExpiresAt))
	}
	if c.Secrets != nil {
		e.setAll(secretsOf(c.Secrets))
	}
	if c.End != nil {
		e.setAll(endOf(c.End))
	}
	switch {
	case c.End != nil:
		e.setAll(indexKeys(id, session.StatusEnded, c.End.At))
	case c.Touch != nil:
		e.setAll(indexKeys(id, session.StatusLive, c.Touch.ExpiresAt)[1:])
	}
	return &e
}

// Delete implements [session.Store]: one DeleteItem. A time of end that is none does not
// count as one, as with an end.
func (s *Sessions) Delete(ctx context.Context, id session.ID) error {
	var e expression
	e.ended()
	_, err := s.table.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.table.name, Key: sessionKey(id), ConditionExpression: e.condition(),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	switch there, no := refused(err); {
	case !no:
		return fault(err)
	case len(there) > 0:
		return session.ErrConflict
	}
	return nil
}

// SetFence implements [session.Store]: one UpdateItem, so that who may end sessions
// needs no leave to put items, and one attempt.
func (s *Sessions) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	var e expression
	e.set(attrFence, &types.AttributeValueMemberB{Value: f[:]})
	_, err := s.table.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table.name, Key: fenceKey(p),
		UpdateExpression: e.update(), ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}, once)
	return fault(err)
}

// once keeps the SDK from sending a request again.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// RaiseEndedBefore implements [session.Store]: one UpdateItem.
func (s *Sessions) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	if t.IsZero() {
		return ctx.Err()
	}
	var e expression
	e.set(attrEndedBefore, timeOrNone(t))
	e.conditions = []string{"attribute_not_exists(#endedBefore) OR #endedBefore < :endedBefore"}
	_, err := s.table.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table.name, Key: controlItemKey(),
		UpdateExpression: e.update(), ConditionExpression: e.condition(),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	there, late := refused(err)
	if !late {
		return fault(err)
	}
	// The condition fails on what is no number too, and then nothing was raised.
	switch was, err := decodeControl(there); {
	case err != nil:
		return fmt.Errorf("raise: %w", err)
	case was.UnixMilli() < t.UnixMilli():
		return errors.New("raise: refused without a reason")
	}
	return nil
}
