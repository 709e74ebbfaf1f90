package xray

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tableOf is the one table that an operation is about; "" where there are several.
func tableOf(input any) string {
	tables := tablesOf(input)
	for _, table := range tables {
		if table != tables[0] || len(table) > maxText {
			return ""
		}
	}
	if len(tables) == 0 {
		return ""
	}
	return tables[0]
}

func tablesOf(input any) []string {
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		return []string{aws.ToString(in.TableName)}
	case *dynamodb.QueryInput:
		return []string{aws.ToString(in.TableName)}
	case *dynamodb.PutItemInput:
		return []string{aws.ToString(in.TableName)}
	case *dynamodb.UpdateItemInput:
		return []string{aws.ToString(in.TableName)}
	case *dynamodb.DeleteItemInput:
		return []string{aws.ToString(in.TableName)}
	case *dynamodb.BatchGetItemInput:
		return slices.Collect(maps.Keys(in.RequestItems))
	case *dynamodb.TransactWriteItemsInput:
		return tablesOfItems(in.TransactItems)
	}
	return nil
}

func tablesOfItems(items []types.TransactWriteItem) (tables []string) {
	for _, i := range items {
		switch {
		case i.Put != nil:
			tables = append(tables, aws.ToString(i.Put.TableName))
		case i.Update != nil:
			tables = append(tables, aws.ToString(i.Update.TableName))
		case i.Delete != nil:
			tables = append(tables, aws.ToString(i.Delete.TableName))
		case i.ConditionCheck != nil:
			tables = append(tables, aws.ToString(i.ConditionCheck.TableName))
		}
	}
	return tables
}
