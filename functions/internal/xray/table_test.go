package xray

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A document names one table, or none: the guide has no place for two.
func TestTableOf(t *testing.T) {
	a, b, long := "a", "b", strings.Repeat("x", 251)
	put := types.TransactWriteItem{Put: &types.Put{TableName: &a}}
	for name, c := range map[string]struct {
		input any
		want  string
	}{
		"one":              {&dynamodb.GetItemInput{TableName: &a}, "a"},
		"none":             {&dynamodb.GetItemInput{}, ""},
		"too long":         {&dynamodb.GetItemInput{TableName: &long}, ""},
		"put":              {&dynamodb.PutItemInput{TableName: &a}, "a"},
		"delete":           {&dynamodb.DeleteItemInput{TableName: &a}, "a"},
		"another call":     {&dynamodb.ListTablesInput{}, ""},
		"read of one":      {&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"a": {}}}, "a"},
		"read of two":      {&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"a": {}, "b": {}}}, ""},
		"no transaction":   {&dynamodb.TransactWriteItemsInput{}, ""},
		"written together": {transaction(put, types.TransactWriteItem{Delete: &types.Delete{TableName: &a}}), "a"},
		"all kinds": {transaction(put, types.TransactWriteItem{Update: &types.Update{TableName: &a}},
			types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &a}}), "a"},
		"written in two": {transaction(put, types.TransactWriteItem{Update: &types.Update{TableName: &b}}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tableOf(c.input); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func transaction(items ...types.TransactWriteItem) *dynamodb.TransactWriteItemsInput {
	return &dynamodb.TransactWriteItemsInput{TransactItems: items}
}
