package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"coatcheck/core/events"
	"coatcheck/core/session"
)

const (
	source = "coatcheck"
	// mostEntries is what one PutEvents takes.
	mostEntries = 10
	// margin is left of the function's time to say how far it came.
	margin = 2 * time.Second
)

// detailTypes are what rules of an event bus match.
var detailTypes = map[events.Type]string{
	events.SessionEnded: "Session Ended",
	events.UserChanged:  "User Changed",
}

// teller puts events to a bus.
type teller struct {
	bus string
	put func(context.Context, *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error)
	log *slog.Logger
}

// pending is an event and the record of the stream that it is of.
type pending struct {
	events.Event
	number string // of the record, in its stream
}

// handle puts the events of a batch of records in their order. Where one is not taken it
// names its record: Lambda hands that one and all after it over again. So an event may
// be put twice, and none of a user before the one before it was.
func (t *teller) handle(ctx context.Context, batch lambdaevents.DynamoDBEvent) (lambdaevents.DynamoDBEventResponse, error) {
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	left := t.read(ctx, batch.Records)
	for len(left) > 0 {
		call := left[:callOf(left)]
		if failed, err := t.send(ctx, call); err != nil {
			t.log.ErrorContext(ctx, "an event was not taken, and is tried again", "event", "event_not_put",
				"error", err.Error(), "id", call[failed].ID, "left", len(left)-failed)
			return lambdaevents.DynamoDBEventResponse{
				BatchItemFailures: []lambdaevents.DynamoDBBatchItemFailure{{ItemIdentifier: call[failed].number}},
			}, nil
		}
		left = left[len(call):]
	}
	return lambdaevents.DynamoDBEventResponse{}, nil
}

// read returns the events of records. An account that is none is nobody's event, and
// must not hold up the others'.
func (t *teller) read(ctx context.Context, records []lambdaevents.DynamoDBEventRecord) (all []pending) {
	for i := range records {
		e, is, err := eventOf(&records[i])
		if err != nil {
			t.log.ErrorContext(ctx, "a changed account is damaged, and nobody is told of it", "event", "account_damaged", "error", err.Error())
		}
		if is {
			all = append(all, pending{e, records[i].Change.SequenceNumber})
		}
	}
	return all
}

// callOf is how many events go into the next call: no two of one user, since of one call
// some may be taken and others not.
func callOf(left []pending) int {
	seen := map[session.Partition]bool{}
	for i := range left {
		if i == mostEntries || seen[left[i].User] {
			return i
		}
		seen[left[i].User] = true
	}
	return len(left)
}

// errOddAnswer says that the bus did not answer for each entry.
var errOddAnswer = errors.New("PutEvents: another number of answers than of entries")

// send puts events in one call. With an error comes the first one that was not taken.
func (t *teller) send(ctx context.Context, call []pending) (failed int, err error) {
	in := &eventbridge.PutEventsInput{}
	for i := range call {
		entry, err := t.entry(&call[i].Event)
		if err != nil {
			return i, err
		}
		in.Entries = append(in.Entries, entry)
	}
	out, err := t.put(ctx, in)
	if err != nil {
		return 0, err
	}
	if len(out.Entries) != len(call) {
		return 0, errOddAnswer
	}
	for i, answer := range out.Entries {
		if answer.ErrorCode != nil || answer.EventId == nil {
			return i, errors.New("PutEvents: " + aws.ToString(answer.ErrorCode) + ": " + aws.ToString(answer.ErrorMessage))
		}
	}
	return 0, nil
}

func (t *teller) entry(e *events.Event) (types.PutEventsRequestEntry, error) {
	detail, err := e.JSON()
	return types.PutEventsRequestEntry{
		EventBusName: &t.bus, Source: aws.String(source), DetailType: aws.String(detailTypes[e.Type]),
		Detail: aws.String(string(detail)), Time: &e.Timestamp,
	}, err
}
