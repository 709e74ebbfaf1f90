package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// The attributes that the tables' keys and indexes are made of.
const (
	// TTLAttribute is the attribute by which DynamoDB deletes items, in both tables: a
	// number of seconds. Items without it stay.
	TTLAttribute = "purgeAt"

	attrPartition = "pk"
	attrSort      = "sk"

	// statusIndex orders all users' sessions by status and time.
	statusIndex     = "status"
	attrStatusShard = "statusShard" // live#NN or ended#NN
	attrStatusAt    = "statusAt"    // expiresAt or endedAt

	// accountsIndex orders all accounts by subject.
	accountsIndex = "accounts"
	attrListed    = "listed" // on accounts only
	attrSubject   = "subject"
)

// Names are the names of the two tables.
type Names struct{ Sessions, Accounts string }

// SessionsTable is the shape of the table of sessions but for its TTL, which
// [TTLAttribute] names: sessions, users' fences and the control.
func SessionsTable(name string) *dynamodb.CreateTableInput {
	return tableOf(name, []types.AttributeDefinition{
		attribute(attrPartition, types.ScalarAttributeTypeS), attribute(attrSort, types.ScalarAttributeTypeS),
		attribute(attrStatusShard, types.ScalarAttributeTypeS), attribute(attrStatusAt, types.ScalarAttributeTypeN),
	}, keys(attrPartition, attrSort), statusIndex, keys(attrStatusShard, attrStatusAt))
}

// AccountsTable is the shape of the table of accounts but for its TTL, which
// [TTLAttribute] names: accounts and user names.
func AccountsTable(name string) *dynamodb.CreateTableInput {
	return tableOf(name, []types.AttributeDefinition{
		attribute(attrPartition, types.ScalarAttributeTypeS),
		attribute(attrListed, types.ScalarAttributeTypeS), attribute(attrSubject, types.ScalarAttributeTypeS),
	}, keys(attrPartition), accountsIndex, keys(attrListed, attrSubject))
}

// tableOf is a table billed by request with one index of nothing but keys.
func tableOf(
	name string, attributes []types.AttributeDefinition, key []types.KeySchemaElement, index string, indexKey []types.KeySchemaElement,
) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: attributes, KeySchema: key,
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: &index, KeySchema: indexKey,
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}
}

func attribute(name string, t types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
}

// keys is a key schema: the partition key, then the sort key.
func keys(names ...string) []types.KeySchemaElement {
	var out []types.KeySchemaElement
	for i, t := range []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[:len(names)] {
		out = append(out, types.KeySchemaElement{AttributeName: &names[i], KeyType: t})
	}
	return out
}

// CreateTables makes the tables that are missing and turns their TTL on: for local
// stand-ins and tests; a deployment's template makes its own. On AWS, where a table
// takes a while, it waits as long as the context lets it.
func CreateTables(ctx context.Context, client *dynamodb.Client, names Names) error {
	for _, in := range []*dynamodb.CreateTableInput{SessionsTable(names.Sessions), AccountsTable(names.Accounts)} {
		_, err := client.CreateTable(ctx, in)
		var there *types.ResourceInUseException
		if err != nil && !errors.As(err, &there) {
			return fmt.Errorf("create table %s: %w", *in.TableName, fault(err))
		}
		if err := enableTTL(ctx, client, in.TableName); err != nil {
			return fmt.Errorf("TTL of table %s: %w", *in.TableName, fault(err))
		}
	}
	return nil
}

// enableTTL repeats the call while the table is being made, rather than describe it:
// no program of ours describes tables.
func enableTTL(ctx context.Context, client *dynamodb.Client, table *string) error {
	for {
		_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: table,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{
				AttributeName: aws.String(TTLAttribute), Enabled: aws.Bool(true),
			},
		})
		var answer smithy.APIError
		if !errors.As(err, &answer) {
			return err
		}
		switch answer.ErrorCode() {
		case "ResourceInUseException", "ResourceNotFoundException":
			if err := wait(ctx); err != nil {
				return err
			}
			continue
		case "ValidationException":
			if strings.Contains(answer.ErrorMessage(), "already enabled") {
				return nil
			}
		}
		return err
	}
}
