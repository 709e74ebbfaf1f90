package template_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// What each role may do, and nothing else; logs and traces aside, which package stack
// judges. That it suffices is shown by functions/e2e, whose database refuses what the
// function's role does not allow.
func TestPolicies(t *testing.T) {
	want := map[string][]string{
		"LoginRole": {
			"dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on SessionsTable.Arn",
			"dynamodb:GetItem dynamodb:UpdateItem on AccountsTable.Arn",
		},
		"AuthorizeRole": {
			"dynamodb:BatchGetItem dynamodb:GetItem on SessionsTable.Arn",
			"dynamodb:UpdateItem on SessionsTable.Arn",
		},
		"AdminRole": {
			"dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on SessionsTable.Arn",
			"dynamodb:Query on ${SessionsTable.Arn}/index/status",
			"dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on AccountsTable.Arn",
			"dynamodb:Query on ${AccountsTable.Arn}/index/accounts",
		},
		"MonitorRole": {
			"dynamodb:BatchGetItem dynamodb:GetItem on SessionsTable.Arn",
			"dynamodb:UpdateItem on SessionsTable.Arn",
			"dynamodb:Query on ${SessionsTable.Arn}/index/status",
			"secretsmanager:DescribeSecret on TagKeys",
		},
		"MonitorScheduleRole": {"lambda:InvokeFunction on Monitor.Arn"},
		"EventsRole": {
			"dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams on SessionsTable.StreamArn AccountsTable.StreamArn",
			"events:PutEvents on map[Fn::If:[BusByArn map[Ref:EventBus] map[Fn::Sub:arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBus}]]]",
			"sqs:SendMessage on EventsLost.Arn",
		},
		"InvokeRole": {"lambda:InvokeFunction on Authorize.Arn"},
	}
	template := stack.Read(t, file)
	for _, role := range template.Of("AWS::IAM::Role") {
		var got []string
		for _, s := range template.Statements(role) {
			if !strings.HasPrefix(s.Actions[0], "logs:") && !strings.HasPrefix(s.Actions[0], "xray:") {
				got = append(got, s.String())
			}
			if s.Effect != "Allow" {
				t.Errorf("%s: %s is %s", role, s, s.Effect)
			}
		}
		if !slices.Equal(got, want[role]) {
			t.Errorf("%s may\n%q\nwant\n%q", role, got, want[role])
		}
	}
}

// Nobody but API Gateway may take the role that other stacks give their APIs.
func TestInvokeRole(t *testing.T) {
	got := stack.At(stack.Read(t, file).Resources["InvokeRole"].Properties, "AssumeRolePolicyDocument", "Statement")
	want := []any{properties{
		"Effect": "Allow", "Principal": properties{"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole",
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it may be taken by %v, want %v", got, want)
	}
}
