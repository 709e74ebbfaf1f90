package doctor

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/store/dynamo"
)

// examineTables judges the tables that are there against the shape that the store
// makes of them.
func (e *examination) examineTables(ctx context.Context) []Finding {
	var all []Finding
	for _, t := range []struct {
		id    string
		shape func(name string) *dynamodb.CreateTableInput
	}{{sessionsTable, dynamo.SessionsTable}, {accountsTable, dynamo.AccountsTable}} {
		if name := e.physical(t.id); name != "" {
			all = append(all, e.examineTable(ctx, t.shape(name))...)
			all = append(all, e.examineTTL(ctx, name), e.examineBackups(ctx, name))
		}
	}
	return all
}

func (e *examination) examineTable(ctx context.Context, shape *dynamodb.CreateTableInput) []Finding {
	name := *shape.TableName
	out, err := e.describeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err == nil && out.Table == nil {
		err = errOdd
	}
	if err != nil {
		return []Finding{check{"table", name}.unanswered(asked("dynamodb:DescribeTable", err))}
	}
	t := out.Table
	return []Finding{judgeTable(name, t, shape), judgeProtection(name, t), judgeBilling(name, t), judgeIndex(name, t, shape)}
}

func judgeTable(name string, t *types.TableDescription, shape *dynamodb.CreateTableInput) Finding {
	is := check{"table", name}
	switch {
	case t.TableStatus != types.TableStatusActive && t.TableStatus != types.TableStatusUpdating:
		return is.fail("wait until it is ACTIVE, or restore it", "status %s", t.TableStatus)
	case !reflect.DeepEqual(keyNames(t.KeySchema), keyNames(shape.KeySchema)):
		return is.fail("a key cannot be changed: make the table anew", "its key is %v, not %v", keyNames(t.KeySchema), keyNames(shape.KeySchema))
	}
	return is.ok("%s, key %v", t.TableStatus, keyNames(t.KeySchema))
}

// keyNames are a key's attributes, the partition's first.
func keyNames(key []types.KeySchemaElement) []string {
	var names []string
	for _, k := range key {
		names = append(names, aws.ToString(k.AttributeName))
	}
	return names
}

func judgeProtection(name string, t *types.TableDescription) Finding {
	is := check{"table-protection", name}
	if !aws.ToBool(t.DeletionProtectionEnabled) {
		return is.fail("set DeletionProtectionEnabled to true", "it can be deleted by one call")
	}
	return is.ok("deletion protection is on")
}

func judgeBilling(name string, t *types.TableDescription) Finding {
	is := check{"table-billing", name}
	if t.BillingModeSummary == nil || t.BillingModeSummary.BillingMode != types.BillingModePayPerRequest {
		return is.fail("set BillingMode to PAY_PER_REQUEST", "provisioned throughput: past it, look-ups are answered 503")
	}
	return is.ok("by request")
}

// judgeIndex judges the one index that lists across users go by.
func judgeIndex(name string, t *types.TableDescription, shape *dynamodb.CreateTableInput) Finding {
	want := shape.GlobalSecondaryIndexes[0]
	is := check{"table-index", name + "/" + *want.IndexName}
	for _, got := range t.GlobalSecondaryIndexes {
		if aws.ToString(got.IndexName) != *want.IndexName {
			continue
		}
		switch {
		case got.IndexStatus != types.IndexStatusActive:
			return is.fail("wait until it is ACTIVE; lists are not whole before", "status %s", got.IndexStatus)
		case !reflect.DeepEqual(keyNames(got.KeySchema), keyNames(want.KeySchema)):
			return is.fail("make the index anew, as in template.yaml", "its key is %v, not %v", keyNames(got.KeySchema), keyNames(want.KeySchema))
		}
		return is.ok("ACTIVE, key %v", keyNames(got.KeySchema))
	}
	return is.fail("make the index, as in template.yaml", "there is no such index: lists across users fail")
}

func (e *examination) examineTTL(ctx context.Context, name string) Finding {
	is := check{"table-ttl", name}
	const set = "turn TTL on for the attribute " + dynamo.TTLAttribute + ": without it no record is ever forgotten"
	out, err := e.describeTTL(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err == nil && out.TimeToLiveDescription == nil {
		err = errOdd
	}
	if err != nil {
		return is.unanswered(asked("dynamodb:DescribeTimeToLive", err))
	}
	ttl := out.TimeToLiveDescription
	switch attribute := aws.ToString(ttl.AttributeName); {
	case ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabling && attribute == dynamo.TTLAttribute:
		return is.warn("examine it again in an hour", "TTL on %s is being turned on", attribute)
	case ttl.TimeToLiveStatus != types.TimeToLiveStatusEnabled:
		return is.fail(set, "TTL is %s", ttl.TimeToLiveStatus)
	case attribute != dynamo.TTLAttribute:
		return is.fail(set, "TTL is on another attribute, %q", attribute)
	}
	return is.ok("on, by %s", dynamo.TTLAttribute)
}

func (e *examination) examineBackups(ctx context.Context, name string) Finding {
	is := check{"table-backups", name}
	out, err := e.describeBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if err == nil && out.ContinuousBackupsDescription == nil {
		err = errOdd
	}
	if err != nil {
		return is.unanswered(asked("dynamodb:DescribeContinuousBackups", err))
	}
	recovery := out.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	if recovery == nil || recovery.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled {
		return is.fail("set PointInTimeRecoveryEnabled to true", "no point-in-time recovery: what is lost stays lost")
	}
	if days := aws.ToInt32(recovery.RecoveryPeriodInDays); days > 0 {
		return is.ok("point-in-time recovery is on, %d days", days)
	}
	return is.ok("point-in-time recovery is on")
}
