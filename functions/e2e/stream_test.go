package e2e_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"coatcheck/e2e/template/stack"
)

// stream is one table's, read as Lambda's event source mapping does, one batch after
// the other.
type stream struct {
	t      *testing.T
	client *dynamodbstreams.Client
	arn    string
	filter string            // of the mapping
	next   map[string]string // shard -> iterator
	seen   map[string]bool   // shards
	// records and passed are how many there were, and how many the filter let through.
	records, passed int
}

// openStream gives a table a stream, as the template does, and reads it from its
// beginning through the filter of a mapping.
func openStream(t *testing.T, client *dynamodb.Client, table, mapping string) *stream {
	t.Helper()
	out, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName:           &table,
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if err != nil {
		t.Fatal(err)
	}
	filters := stack.At(stack.Read(t, "template.yaml").Resources[mapping].Properties, "FilterCriteria", "Filters").([]any)
	endpoint, err := url.Parse(address())
	if err != nil || len(filters) != 1 {
		t.Fatalf("%v, filters %v", err, filters)
	}
	return &stream{
		t: t, arn: *out.TableDescription.LatestStreamArn, filter: stack.Text(stack.At(filters[0], "Pattern")),
		next: map[string]string{}, seen: map[string]bool{},
		client: dynamodbstreams.New(dynamodbstreams.Options{
			Region: client.Options().Region, Credentials: client.Options().Credentials, BaseEndpoint: aws.String(endpoint.String()),
		}),
	}
}

// shards finds those that came in the meantime.
func (s *stream) shards(ctx context.Context) {
	out, err := s.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &s.arn})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, shard := range out.StreamDescription.Shards {
		if s.seen[*shard.ShardId] {
			continue
		}
		it, err := s.client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &s.arn, ShardId: shard.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			s.t.Fatal(err)
		}
		s.seen[*shard.ShardId], s.next[*shard.ShardId] = true, *it.ShardIterator
	}
}

// read returns the records that there are now and that pass the filter, as Lambda hands
// them over.
func (s *stream) read() (all []lambdaevents.DynamoDBEventRecord) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	s.shards(ctx)
	for shard, iterator := range s.next {
		for more := true; more; {
			out, err := s.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &iterator})
			if err != nil {
				s.t.Fatal(err)
			}
			for i := range out.Records {
				all = append(all, s.take(&out.Records[i])...)
			}
			iterator = aws.ToString(out.NextShardIterator)
			s.next[shard] = iterator
			more = len(out.Records) > 0 && iterator != ""
		}
	}
	return all
}

// take returns a record if it passes.
func (s *stream) take(r *streamtypes.Record) []lambdaevents.DynamoDBEventRecord {
	s.t.Helper()
	made := lambdaevents.DynamoDBEventRecord{
		EventID: *r.EventID, EventName: string(r.EventName), EventSource: "aws:dynamodb", EventVersion: aws.ToString(r.EventVersion),
		AWSRegion: "eu-central-1", EventSourceArn: s.arn,
		Change: lambdaevents.DynamoDBStreamRecord{
			ApproximateCreationDateTime: lambdaevents.SecondsEpochTime{Time: *r.Dynamodb.ApproximateCreationDateTime},
			Keys:                        imageOf(r.Dynamodb.Keys), OldImage: imageOf(r.Dynamodb.OldImage), NewImage: imageOf(r.Dynamodb.NewImage),
			SequenceNumber: *r.Dynamodb.SequenceNumber, SizeBytes: aws.ToInt64(r.Dynamodb.SizeBytes), StreamViewType: string(r.Dynamodb.StreamViewType),
		},
	}
	raw, err := json.Marshal(made)
	if err != nil {
		s.t.Fatal(err)
	}
	passes, err := stack.Passes(s.filter, raw)
	if err != nil {
		s.t.Fatal(err)
	}
	s.records++
	if !passes {
		return nil
	}
	s.passed++
	return []lambdaevents.DynamoDBEventRecord{made}
}

func imageOf(image map[string]streamtypes.AttributeValue) map[string]lambdaevents.DynamoDBAttributeValue {
	made := map[string]lambdaevents.DynamoDBAttributeValue{}
	for name, v := range image {
		made[name] = valueOf(v)
	}
	return made
}

func valueOf(v streamtypes.AttributeValue) lambdaevents.DynamoDBAttributeValue {
	switch v := v.(type) {
	case *streamtypes.AttributeValueMemberS:
		return lambdaevents.NewStringAttribute(v.Value)
	case *streamtypes.AttributeValueMemberN:
		return lambdaevents.NewNumberAttribute(v.Value)
	case *streamtypes.AttributeValueMemberB:
		return lambdaevents.NewBinaryAttribute(v.Value)
	case *streamtypes.AttributeValueMemberBOOL:
		return lambdaevents.NewBooleanAttribute(v.Value)
	case *streamtypes.AttributeValueMemberM:
		return lambdaevents.NewMapAttribute(imageOf(v.Value))
	case *streamtypes.AttributeValueMemberL:
		list := make([]lambdaevents.DynamoDBAttributeValue, len(v.Value))
		for i, one := range v.Value {
			list[i] = valueOf(one)
		}
		return lambdaevents.NewListAttribute(list)
	}
	return lambdaevents.NewNullAttribute()
}

// deliver hands records to the function as Lambda does: what it names and all after it
// comes again.
func (d *eventing) deliver(records []lambdaevents.DynamoDBEventRecord) {
	d.t.Helper()
	for tries := 0; len(records) > 0; tries++ {
		if tries == 1000 {
			d.t.Fatalf("%d records are never taken\n%s", len(records), d.events.Output())
		}
		event, err := json.Marshal(lambdaevents.DynamoDBEvent{Records: records})
		if err != nil {
			d.t.Fatal(err)
		}
		var answer lambdaevents.DynamoDBEventResponse
		d.invoke(d.events, event, &answer)
		if len(answer.BatchItemFailures) == 0 {
			return
		}
		records = records[indexOf(d.t, records, answer.BatchItemFailures[0].ItemIdentifier):]
	}
}

func indexOf(t *testing.T, records []lambdaevents.DynamoDBEventRecord, number string) int {
	t.Helper()
	for i := range records {
		if records[i].Change.SequenceNumber == number {
			return i
		}
	}
	t.Fatalf("the function names the record %s, which is none of %s", strconv.Quote(number), strings.Repeat(".", len(records)))
	return 0
}
