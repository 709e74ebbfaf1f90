package main

import (
	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/events"
	"coatcheck/core/store/dynamo"
)

// eventOf returns what a record of a table's stream is an event of, and false where it
// is none: the use of a session, the rotation of its token, what the TTL removed. The
// event source mapping filters most of these out; what is left decides this function
// alone. Its error says that what is stored is no account.
func eventOf(r *lambdaevents.DynamoDBEventRecord) (events.Event, bool, error) {
	if r.EventName == string(lambdaevents.DynamoDBOperationTypeRemove) {
		return events.Event{}, false, nil
	}
	was, is := imageOf(r.Change.OldImage), imageOf(r.Change.NewImage)
	if ended, yes := dynamo.EndedIn(is); yes {
		_, before := dynamo.EndedIn(was)
		return events.OfSession(&ended), !before, nil
	}
	account, yes, err := dynamo.AccountIn(is)
	if !yes || err != nil {
		return events.Event{}, false, err
	}
	before, _, _ := dynamo.AccountIn(was) // one that was damaged has no version
	return events.OfAccount(&account), before.Version != account.Version, nil
}

func imageOf(image map[string]lambdaevents.DynamoDBAttributeValue) dynamo.Image {
	made := make(dynamo.Image, len(image))
	for name, v := range image {
		made[name] = valueOf(v)
	}
	return made
}

// valueOf turns a value as Lambda hands it over into the one that the store reads.
func valueOf(v lambdaevents.DynamoDBAttributeValue) types.AttributeValue {
	switch v.DataType() {
	case lambdaevents.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}
	case lambdaevents.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}
	case lambdaevents.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}
	case lambdaevents.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}
	case lambdaevents.DataTypeList:
		list := make([]types.AttributeValue, len(v.List()))
		for i, one := range v.List() {
			list[i] = valueOf(one)
		}
		return &types.AttributeValueMemberL{Value: list}
	case lambdaevents.DataTypeMap:
		return &types.AttributeValueMemberM{Value: imageOf(v.Map())}
	}
	return &types.AttributeValueMemberNULL{Value: true} // sets and nulls, which no item of ours has
}
