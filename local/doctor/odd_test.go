package doctor

import (
	"net/http"
	"strings"
	"testing"
)

// TestOddAnswers: what AWS does not say is unknown, and never a panic or a yes.
func TestOddAnswers(t *testing.T) {
	say := func(call, body string) func(*fakeAWS) {
		return func(f *fakeAWS) { f.answers[f.match(call)] = answer{status: http.StatusOK, body: body} }
	}
	const odd = ": the answer is not understood"
	run(t, []findingCase{
		{
			"a list that comes back to a page", func(f *fakeAWS) { f.edit("apigatewayv2.GetApis@more", `"items"`, `"nextToken": "more", "items"`) },
			[]string{"unknown authorizers HTTP and WebSocket APIs: apigateway:GET on /apis" + odd},
		},
		{
			"a list cut short without where it goes on", func(f *fakeAWS) { f.edit("iam.ListRolePolicies.coatcheck-LoginRole", ">false<", ">true<") },
			[]string{"unknown role Login: iam:ListRolePolicies" + odd},
		},
		{"half of an answer", func(f *fakeAWS) {
			a := f.answers[restList]
			a.body = a.body[:len(a.body)/2]
			f.answers[restList] = a
		}, []string{"unknown authorizers REST API reports (r1e2p3o4r5): apigateway:GET on /restapis/*/authorizers" + odd}},
		{"an empty table", say("dynamodb.DescribeTable."+accountsName, `{}`), []string{"unknown table " + accountsName + ": dynamodb:DescribeTable" + odd}},
		{"a table of nothing", say("dynamodb.DescribeTable."+accountsName, `{"Table":{"GlobalSecondaryIndexes":[{},null]}}`), []string{
			"FAIL table " + accountsName + ": status ",
			"FAIL table-protection " + accountsName + ": it can be deleted by one call",
			"FAIL table-billing " + accountsName + ": provisioned throughput: past it, look-ups are answered 503",
			"FAIL table-index " + accountsName + "/accounts: there is no such index: lists across users fail",
		}},
		{"no TTL description", say("dynamodb.DescribeTimeToLive."+accountsName, `{}`), []string{"unknown table-ttl " + accountsName + ": dynamodb:DescribeTimeToLive" + odd}},
		{"no backups' description", say("dynamodb.DescribeContinuousBackups."+accountsName, `{}`), []string{"unknown table-backups " + accountsName + ": dynamodb:DescribeContinuousBackups" + odd}},
		{
			"no stack", say("cloudformation.DescribeStacks", `<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>`),
			[]string{"unknown stack coatcheck: cloudformation:DescribeStacks" + odd},
		},
		{"APIs of nothing", say("apigateway.GetRestApis", `{"item":[{},null]}`), []string{
			"unknown authorizers REST API  (): apigateway:GET on /restapis/*/authorizers" + odd,
			"unknown authorizers REST API  (): apigateway:GET on /restapis/*/authorizers" + odd,
		}},
		{
			"a role's policy that is none", func(f *fakeAWS) { f.edit(rolePolicy1, "%22Statement%22", "%22Sentence%22") },
			[]string{"unknown role Authorize: iam:GetRolePolicy" + odd},
		},
		{
			"a role's policy badly encoded", func(f *fakeAWS) { f.edit(rolePolicy1, "%22Statement%22", "%2") },
			[]string{"unknown role Authorize: iam:GetRolePolicy" + odd},
		},
		{
			"an attached policy without a version", func(f *fakeAWS) { f.edit("iam.GetPolicy.", "<DefaultVersionId>v2</DefaultVersionId>", "") },
			[]string{"unknown role Authorize: iam:GetPolicyVersion" + odd},
		},
		{"a page of something else", func(f *fakeAWS) {
			f.answers[f.match("secretsmanager.DescribeSecret")] = answer{status: http.StatusBadGateway, body: "<html>Bad Gateway</html>"}
		}, []string{"unknown key-age TagKeys: secretsmanager:DescribeSecret" + odd}},
		{"a name to break a terminal with", func(f *fakeAWS) {
			f.edit("apigatewayv2.GetApis", `"name": "orders"`, `"name": "or\u001b[2J\u202eders`+strings.Repeat("s", 200)+`"`)
			f.edit(ordersList, `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": 1`)
		}, []string{"FAIL authorizer-ttl HTTP API or\ufffd[2J\ufffdders" + strings.Repeat("s", 68) + "… (f6g7h8i9j0), authorizer session (o1r2d3): TTL 1 s: what was ended is let in for so long"}},
	})
}
