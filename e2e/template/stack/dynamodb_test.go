package stack_test

import (
	"fmt"
	"testing"

	"coatcheck/e2e/template/stack"
)

func TestUses(t *testing.T) {
	for name, c := range map[string]struct{ operation, body, want string }{
		"get": {"GetItem", `{"TableName":"s","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}`, "[{dynamodb:GetItem s  [pk sk]}]"},
		"batch": {
			"BatchGetItem", `{"RequestItems":{"s":{"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"b"}}]}}}`,
			"[{dynamodb:BatchGetItem s  [pk]}]",
		},
		"update": {
			"UpdateItem", `{"TableName":"s","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET #a = :a, b = :b REMOVE #c",` +
				`"ConditionExpression":"attribute_exists(#pk) AND (attribute_not_exists(#d) OR NOT attribute_type(#d, :n))",` +
				`"ExpressionAttributeNames":{"#a":"x","#c":"y","#pk":"pk","#d":"z"}}`,
			"[{dynamodb:UpdateItem s  [b pk x y z]}]",
		},
		"index": {
			"Query", `{"TableName":"s","IndexName":"status","KeyConditionExpression":"statusShard = :shard AND statusAt BETWEEN :low AND :high"}`,
			"[{dynamodb:Query s status [statusAt statusShard]}]",
		},
		"transaction": {
			"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"a","Item":{"pk":{"S":"x"},"name":{"S":"y"}}}},` +
				`{"ConditionCheck":{"TableName":"b","Key":{"pk":{"S":"x"}},"ConditionExpression":"attribute_exists(pk)"}}]}`,
			"[{dynamodb:PutItem a  [name pk]} {dynamodb:ConditionCheckItem b  [pk]}]",
		},
	} {
		got, err := stack.Uses(c.operation, []byte(c.body))
		if fmt.Sprintf("%+v", got) == "" || err != nil || plain(got) != c.want {
			t.Errorf("%s: got %s, %v; want %s", name, plain(got), err, c.want)
		}
	}
	for name, body := range map[string]string{
		"no table":         `{}`,
		"undefined name":   `{"TableName":"s","UpdateExpression":"SET #a = :a"}`,
		"older parameters": `{"TableName":"s","Expected":{"a":{"Exists":false}}}`,
		"no JSON":          `{`,
	} {
		if got, err := stack.Uses("UpdateItem", []byte(body)); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// plain prints uses field by field.
func plain(uses []stack.Use) string {
	type fields stack.Use
	out := make([]fields, len(uses))
	for i, u := range uses {
		out[i] = fields(u)
	}
	return fmt.Sprint(out)
}

const twoStatements = `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - { Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query], Resource: [!GetAtt T.Arn, !Sub "${T.Arn}/index/i"] }
              - Effect: Allow
                Action: dynamodb:UpdateItem
                Resource: !GetAtt T.Arn
                Condition: { "ForAllValues:StringEquals": { "dynamodb:Attributes": [pk, a] } }
              - Effect: Allow
                Action: dynamodb:PutItem
                Resource: !GetAtt T.Arn
                Condition: { StringEquals: { "aws:PrincipalTag/x": y } }
              - { Effect: Deny, Action: dynamodb:DeleteItem, Resource: !GetAtt T.Arn }
`

func TestAllows(t *testing.T) {
	template, err := stack.Parse([]byte(twoStatements))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		use  stack.Use
		want bool
	}{
		"named":                        {stack.Use{"dynamodb:GetItem", "t", "", []string{"pk", "z"}}, true},
		"not named":                    {stack.Use{"dynamodb:Scan", "t", "", nil}, false},
		"another table":                {stack.Use{"dynamodb:GetItem", "u", "", nil}, false},
		"index":                        {stack.Use{"dynamodb:Query", "t", "i", nil}, true},
		"another index":                {stack.Use{"dynamodb:Query", "t", "j", nil}, false},
		"attributes":                   {stack.Use{"dynamodb:UpdateItem", "t", "", []string{"a", "pk"}}, true},
		"one attribute too many":       {stack.Use{"dynamodb:UpdateItem", "t", "", []string{"a", "b"}}, false},
		"condition of another kind":    {stack.Use{"dynamodb:PutItem", "t", "", nil}, false},
		"statement that allows nobody": {stack.Use{"dynamodb:DeleteItem", "t", "", nil}, false},
	} {
		if got := template.Allows("Role", c.use, map[string]string{"t": "T"}); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
