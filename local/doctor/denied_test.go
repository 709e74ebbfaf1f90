package doctor

import (
	"strings"
	"testing"
)

// TestDenied: what may not be read is said to be unknown, with the permission that is
// lacking, and what else may be read is examined all the same.
func TestDenied(t *testing.T) {
	run(t, []findingCase{
		{
			"the stack", func(f *fakeAWS) { f.fail("cloudformation.DescribeStacks", 403, "AccessDenied") },
			[]string{"unknown stack coatcheck: cloudformation:DescribeStacks: access denied"},
		},
		{
			"its resources", func(f *fakeAWS) { f.fail("cloudformation.ListStackResources.coatcheck@second", 403, "AccessDenied") },
			[]string{"unknown stack coatcheck: cloudformation:ListStackResources: access denied"},
		},
		{
			"HTTP APIs", func(f *fakeAWS) { f.fail("apigatewayv2.GetApis", 403, "AccessDeniedException") },
			[]string{"unknown authorizers HTTP and WebSocket APIs: apigateway:GET on /apis: access denied"},
		},
		{
			"REST APIs", func(f *fakeAWS) { f.fail("apigateway.GetRestApis", 403, "AccessDeniedException") },
			[]string{"unknown authorizers REST APIs: apigateway:GET on /restapis: access denied"},
		},
		{
			"the authorizers of one API", func(f *fakeAWS) { f.fail(ordersList, 403, "AccessDeniedException") },
			[]string{"unknown authorizers HTTP API orders (f6g7h8i9j0): apigateway:GET on /apis/*/authorizers: access denied"},
		},
		{"AppSync", func(f *fakeAWS) {
			f.fail("appsync.ListGraphqlApis", 403, "AccessDeniedException")
			f.fail("appsync.ListApis", 401, "UnauthorizedException")
		}, []string{
			"unknown authorizers AppSync GraphQL APIs: appsync:ListGraphqlApis: access denied",
			"unknown authorizers AppSync Event APIs: appsync:ListApis: access denied",
		}},
		{"a function", func(f *fakeAWS) { f.fail(functionUnder+"Authorize", 403, "AccessDeniedException") }, []string{
			"unknown answers " + own + ": how the function answers is not known",
			"unknown answers " + orders + ": how the function answers is not known",
			"unknown function Authorize: lambda:GetFunctionConfiguration: access denied",
		}},
		{"its policy", func(f *fakeAWS) { f.fail(policy, 403, "AccessDeniedException") }, everyAuthorizer("unknown permission %s: lambda:GetPolicy: access denied")},
		{
			"its concurrency", func(f *fakeAWS) { f.fail("lambda.GetFunctionConcurrency", 403, "AccessDeniedException") },
			[]string{"unknown concurrency Authorize: lambda:GetFunctionConcurrency: access denied"},
		},
		{
			"a role's policies", func(f *fakeAWS) { f.fail("iam.ListRolePolicies.coatcheck-LoginRole", 403, "AccessDenied") },
			[]string{"unknown role Login: iam:ListRolePolicies: access denied"},
		},
		{"one of them", func(f *fakeAWS) { f.fail(rolePolicy1, 403, "AccessDenied") }, []string{"unknown role Authorize: iam:GetRolePolicy: access denied"}},
		{
			"those attached", func(f *fakeAWS) { f.fail("iam.ListAttachedRolePolicies.coatcheck-AuthorizeRole", 403, "AccessDenied") },
			[]string{"unknown role Authorize: iam:ListAttachedRolePolicies: access denied"},
		},
		{"an attached one", func(f *fakeAWS) { f.fail("iam.GetPolicy.", 403, "AccessDenied") }, []string{"unknown role Authorize: iam:GetPolicy: access denied"}},
		{"its version", func(f *fakeAWS) { f.fail("iam.GetPolicyVersion", 403, "AccessDenied") }, []string{"unknown role Authorize: iam:GetPolicyVersion: access denied"}},
		{"a table", func(f *fakeAWS) {
			f.fail("dynamodb.DescribeTable."+sessionsName, 400, "AccessDeniedException")
			f.fail("dynamodb.DescribeTimeToLive."+sessionsName, 400, "AccessDeniedException")
			f.fail("dynamodb.DescribeContinuousBackups."+sessionsName, 400, "AccessDeniedException")
		}, []string{
			"unknown table " + sessionsName + ": dynamodb:DescribeTable: access denied",
			"unknown table-ttl " + sessionsName + ": dynamodb:DescribeTimeToLive: access denied",
			"unknown table-backups " + sessionsName + ": dynamodb:DescribeContinuousBackups: access denied",
		}},
		{
			"the secret", func(f *fakeAWS) { f.fail("secretsmanager.DescribeSecret", 400, "AccessDeniedException") },
			[]string{"unknown key-age TagKeys: secretsmanager:DescribeSecret: access denied"},
		},
	})
}

// TestGone: what the stack made and is not there fails, rather than being unknown.
func TestGone(t *testing.T) {
	const was = "it is not there any more ("
	run(t, []findingCase{
		{"a table", func(f *fakeAWS) {
			f.fail("dynamodb.DescribeTable."+sessionsName, 400, "ResourceNotFoundException")
			f.fail("dynamodb.DescribeTimeToLive."+sessionsName, 400, "ResourceNotFoundException")
			f.fail("dynamodb.DescribeContinuousBackups."+sessionsName, 400, "TableNotFoundException")
		}, []string{
			"FAIL table " + sessionsName + ": " + was + "dynamodb:DescribeTable: AWS answered ResourceNotFoundException)",
			"FAIL table-ttl " + sessionsName + ": " + was + "dynamodb:DescribeTimeToLive: AWS answered ResourceNotFoundException)",
			"FAIL table-backups " + sessionsName + ": " + was + "dynamodb:DescribeContinuousBackups: AWS answered TableNotFoundException)",
		}},
		{
			"a function", func(f *fakeAWS) { f.fail(functionUnder+"Login", 404, "ResourceNotFoundException") },
			[]string{"FAIL function Login: " + was + "lambda:GetFunctionConfiguration: AWS answered ResourceNotFoundException)"},
		},
		{
			"a role", func(f *fakeAWS) { f.fail("iam.ListRolePolicies.coatcheck-LoginRole", 404, "NoSuchEntity") },
			[]string{"FAIL role Login: " + was + "iam:ListRolePolicies: AWS answered NoSuchEntity)"},
		},
		{
			"an API, just now", func(f *fakeAWS) { f.fail(ownList, 404, "NotFoundException") },
			[]string{"unknown authorizers HTTP API coatcheck (a1b2c3d4e5): apigateway:GET on /apis/*/authorizers: AWS answered NotFoundException"},
		},
	})
}

// TestRefused: AWS's own words on a refused signature may hold the credentials'.
func TestRefused(t *testing.T) {
	run(t, []findingCase{
		{
			"the signature", func(f *fakeAWS) { f.fail("cloudformation.DescribeStacks", 403, "SignatureDoesNotMatch") },
			[]string{"unknown stack coatcheck: cloudformation:DescribeStacks: AWS does not accept the credentials (SignatureDoesNotMatch)"},
		},
		{
			"old credentials", func(f *fakeAWS) { f.fail("secretsmanager.DescribeSecret", 400, "ExpiredTokenException") },
			[]string{"unknown key-age TagKeys: secretsmanager:DescribeSecret: AWS does not accept the credentials (ExpiredTokenException)"},
		},
		{
			"something else", func(f *fakeAWS) { f.fail("secretsmanager.DescribeSecret", 400, "InvalidRequestException") },
			[]string{"unknown key-age TagKeys: secretsmanager:DescribeSecret: AWS answered InvalidRequestException"},
		},
		{"a code to break a terminal with", func(f *fakeAWS) {
			a := failure("x", 400, "x")
			a.body = `{"__type":"x#\u001b[2J` + strings.Repeat("A", 300) + `"}`
			a.kind = ""
			f.answers[f.match("secretsmanager.DescribeSecret")] = a
		}, []string{"unknown key-age TagKeys: secretsmanager:DescribeSecret: AWS answered \ufffd[2J" + strings.Repeat("A", 75) + "…"}},
	})
}

func TestThrottled(t *testing.T) {
	twice := func(f *fakeAWS, call string, status int, code string) {
		name := f.match(call)
		a := failure(name, status, code)
		a.times, a.then = 2, f.answers[name].body
		f.answers[name] = a
	}
	run(t, []findingCase{
		{"for a while", func(f *fakeAWS) {
			twice(f, restList, 429, "TooManyRequestsException")
			twice(f, "cloudformation.DescribeStacks", 400, "Throttling")
			twice(f, "lambda.GetPolicy", 429, "TooManyRequestsException")
			twice(f, "dynamodb.DescribeTable."+sessionsName, 400, "ThrottlingException")
			twice(f, rolePolicy1, 400, "Throttling")
		}, nil},
		{"without end", func(f *fakeAWS) {
			f.fail(restList, 429, "TooManyRequestsException")
			f.fail("iam.ListRolePolicies.coatcheck-AdminRole", 400, "Throttling")
		}, []string{
			"unknown authorizers REST API reports (r1e2p3o4r5): apigateway:GET on /restapis/*/authorizers: throttled by AWS",
			"unknown role Admin: iam:ListRolePolicies: throttled by AWS",
		}},
	})
}
