package template_test

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/store/dynamo"
	"coatcheck/e2e/template/stack"
)

type properties = stack.Map

// The tables' shape stands once, in core/store/dynamo.
func TestTables(t *testing.T) {
	template := stack.Read(t, file)
	for name, want := range map[string]*dynamodb.CreateTableInput{
		"SessionsTable": dynamo.SessionsTable("x"), "AccountsTable": dynamo.AccountsTable("x"),
	} {
		table := template.Resources[name]
		if table.Type != "AWS::DynamoDB::Table" {
			t.Errorf("%s is %q", name, table.Type)
		}
		for property, value := range shapeOf(want) {
			if got := table.Properties[property]; !reflect.DeepEqual(got, value) {
				t.Errorf("%s: %s is\n%v\nwant\n%v", name, property, got, value)
			}
		}
	}
}

// shapeOf writes a table as the template does.
func shapeOf(in *dynamodb.CreateTableInput) properties {
	shape := properties{
		"BillingMode": string(in.BillingMode), "KeySchema": keySchema(in.KeySchema), "DeletionProtectionEnabled": true,
		"TimeToLiveSpecification":          properties{"AttributeName": dynamo.TTLAttribute, "Enabled": true},
		"PointInTimeRecoverySpecification": properties{"PointInTimeRecoveryEnabled": true},
	}
	var attributes, indexes []any
	for _, a := range in.AttributeDefinitions {
		attributes = append(attributes, properties{"AttributeName": *a.AttributeName, "AttributeType": string(a.AttributeType)})
	}
	for _, i := range in.GlobalSecondaryIndexes {
		indexes = append(indexes, properties{
			"IndexName": *i.IndexName, "KeySchema": keySchema(i.KeySchema),
			"Projection": properties{"ProjectionType": string(i.Projection.ProjectionType)},
		})
	}
	shape["AttributeDefinitions"], shape["GlobalSecondaryIndexes"] = attributes, indexes
	return shape
}

func keySchema(keys []types.KeySchemaElement) (out []any) {
	for _, k := range keys {
		out = append(out, properties{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
	}
	return out
}
