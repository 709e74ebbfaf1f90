package dynamo

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DynamoDB refuses a table whose attributes are not just those of its keys.
func TestTables(t *testing.T) {
	for _, table := range []*dynamodb.CreateTableInput{SessionsTable("s"), AccountsTable("a")} {
		index := table.GlobalSecondaryIndexes[0]
		var keyed, defined []string
		for _, k := range append(slices.Clone(table.KeySchema), index.KeySchema...) {
			keyed = append(keyed, *k.AttributeName)
		}
		for _, a := range table.AttributeDefinitions {
			defined = append(defined, *a.AttributeName)
		}
		slices.Sort(keyed)
		slices.Sort(defined)
		if !slices.Equal(keyed, defined) {
			t.Errorf("%s: keys of %v, definitions of %v", *table.TableName, keyed, defined)
		}
		if table.BillingMode != types.BillingModePayPerRequest || index.Projection.ProjectionType != types.ProjectionTypeKeysOnly {
			t.Errorf("%s: billed %v, projects %v", *table.TableName, table.BillingMode, index.Projection.ProjectionType)
		}
	}
}
