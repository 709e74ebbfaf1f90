package doctor

import (
	"net/http"
	"strings"
	"testing"
)

const (
	noCall   = "the function's policy does not let it in: every call is a 500"
	ended300 = "TTL 300 s: what was ended is let in for so long"
)

func TestAuthorizers(t *testing.T) {
	run(t, []findingCase{
		{"TTL 300 on a page that comes second", func(f *fakeAWS) {
			f.edit(ordersList, `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": 300`)
		}, []string{"FAIL authorizer-ttl " + orders + ": " + ended300}},
		{
			"TTL not set on REST", func(f *fakeAWS) { f.drop(restList, "authorizerResultTtlInSeconds") },
			[]string{"FAIL authorizer-ttl " + reports + ": TTL is not set, which is 300 s: what was ended is let in for so long"},
		},
		{
			"TTL not set on HTTP", func(f *fakeAWS) { f.drop(ownList, "authorizerResultTtlInSeconds") },
			[]string{"unknown authorizer-ttl " + own + ": TTL is not set, and AWS does not document what that means here"},
		},
		{"TTL null", func(f *fakeAWS) {
			f.edit(restList, `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": null`)
		}, []string{"FAIL authorizer-ttl " + reports + ": TTL is not set, which is 300 s: what was ended is let in for so long"}},
		{"TTL on a WebSocket", func(f *fakeAWS) {
			f.edit("apigatewayv2.GetAuthorizers.w1e2b3s4k5", `"name": "connect"`, `"name": "connect", "authorizerResultTtlInSeconds": 5`)
		}, []string{"warn authorizer-ttl " + live + ": TTL 5 s, which AWS documents for HTTP APIs only"}},
		{"TTL on GraphQL and Event APIs", func(f *fakeAWS) {
			f.edit("appsync.ListGraphqlApis", `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": 300`)
			f.edit("appsync.ListApis", `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": 300`)
		}, []string{
			"FAIL authorizer-ttl AppSync GraphQL API graph (graphqlapi1): " + ended300,
			"FAIL authorizer-ttl AppSync Event API events (eventapi1): " + ended300,
		}},
		{"one identity source on HTTP", func(f *fakeAWS) {
			f.edit(ownList, `"identitySource": []`, `"identitySource": ["$request.header.Cookie"]`)
		}, []string{"FAIL identity-source " + own + ": calls without $request.header.Cookie never reach the function"}},
		{"one on REST", func(f *fakeAWS) {
			f.edit(restList, `"type": "REQUEST"`, `"type": "REQUEST", "identitySource": "method.request.header.Cookie"`)
		}, []string{"warn identity-source " + reports + ": calls without method.request.header.Cookie never reach the function"}},
		{"two on REST", func(f *fakeAWS) {
			f.edit(restList, `"type": "REQUEST"`, `"type": "REQUEST", "identitySource": "method.request.header.Cookie, method.request.header.Authorization"`)
		}, []string{"FAIL identity-source " + reports + ": calls without method.request.header.Cookie, method.request.header.Authorization never reach the function"}},
		{"type TOKEN", func(f *fakeAWS) {
			f.edit(restList, `"type": "REQUEST"`, `"type": "TOKEN", "identitySource": "method.request.header.Cookie"`)
		}, []string{"warn identity-source " + reports + ": type TOKEN: only what method.request.header.Cookie holds reaches the function"}},
		{"a token's expression", func(f *fakeAWS) {
			f.edit("appsync.ListGraphqlApis", `"identityValidationExpression": null`, `"identityValidationExpression": "^abc$"`)
		}, []string{`warn identity-source AppSync GraphQL API graph (graphqlapi1): only a token that fits "^abc$" reaches the function`}},
		{"no API asks it", func(f *fakeAWS) {
			for name := range f.answers {
				if strings.Contains(name, "GetAuthorizers") || strings.HasPrefix(name, "appsync.") {
					a := f.answers[name]
					a.body = strings.ReplaceAll(a.body, "coatcheck-Authorize-9sKq2LmPz0Ab", "coatcheck-Authorize-9sKq2LmPz0Abc")
					f.answers[name] = a
				}
			}
		}, []string{"warn authorizers this account and Region: 7 APIs looked at, none asks function coatcheck-Authorize-9sKq2LmPz0Ab"}},
		{"a version of the function", func(f *fakeAWS) {
			f.edit(ownList, "9sKq2LmPz0Ab/", "9sKq2LmPz0Ab:live/")
			a := f.answers[f.match(policy)]
			a.body = strings.ReplaceAll(a.body, `9sKq2LmPz0Ab\"`, `9sKq2LmPz0Ab:live\"`)
			f.answers[f.match(policy)+"@live"] = a
		}, []string{"warn authorizers " + own + ": it asks version live of the function; what is said here of the function is of its newest"}},
		{"a stage variable in its place", func(f *fakeAWS) {
			f.edit(ownList, "function:coatcheck-Authorize-9sKq2LmPz0Ab", "function:${stageVariables.authorizer}")
			f.edit("apigatewayv2.GetAuthorizers.u1n2r3e4l5", "function:other", "function:other-${stageVariables.x}")
		}, []string{"unknown authorizers " + own + ": which function it asks depends on a stage variable; it may be this one"}},
	})
}

func TestAnswers(t *testing.T) {
	const configuration = functionUnder + "Authorize"
	set := func(f *fakeAWS, value string) {
		f.edit(configuration, `"COATCHECK_SAME_SITE": "lax"`, `"COATCHECK_SAME_SITE": "lax", "COATCHECK_HTTP_API_ANSWERS": "`+value+`"`)
	}
	const both500 = ": every call is a 500"
	run(t, []findingCase{
		{"policies are wanted", func(f *fakeAWS) {
			f.edit(ordersList, `"enableSimpleResponses": true`, `"enableSimpleResponses": false`)
		}, []string{"FAIL answers " + orders + ": it wants policies, the function gives simple answers" + both500}},
		{"policies are given", func(f *fakeAWS) {
			set(f, "policy")
			f.edit(ordersList, `"enableSimpleResponses": true`, `"enableSimpleResponses": false`)
		}, []string{"FAIL answers " + own + ": it wants simple answers, the function gives policies" + both500}},
		{"simple, said so", func(f *fakeAWS) { set(f, "simple") }, nil},
		{"a word that is none", func(f *fakeAWS) { set(f, "both") }, []string{
			`FAIL answers ` + own + `: COATCHECK_HTTP_API_ANSWERS is "both"`, `FAIL answers ` + orders + `: COATCHECK_HTTP_API_ANSWERS is "both"`,
		}},
		{
			"payload 1.0 with simple answers", func(f *fakeAWS) { f.edit(ownList, `"2.0"`, `"1.0"`) },
			[]string{"FAIL answers " + own + ": payload format 1.0 has no simple answers"},
		},
		{"payload 1.0 with policies", func(f *fakeAWS) {
			f.edit(ownList, `"2.0"`, `"1.0"`)
			f.edit(ownList, `"enableSimpleResponses": true`, `"enableSimpleResponses": false`)
		}, nil},
		{
			"payload not told", func(f *fakeAWS) { f.drop(ownList, "authorizerPayloadFormatVersion") },
			[]string{"unknown answers " + own + `: payload format "" is not known`},
		},
	})
}

func TestPermission(t *testing.T) {
	const role = "iam.GetRolePolicy.coatcheck-LoginRole"
	byRole := func(f *fakeAWS, arn string) {
		f.edit(ownList, `"name": "session"`, `"name": "session", "authorizerCredentialsArn": "`+arn+`"`)
	}
	run(t, []findingCase{
		{"no policy", func(f *fakeAWS) { f.fail(policy, http.StatusNotFound, "ResourceNotFoundException") }, everyAuthorizer("FAIL permission %s: the function has no policy: every call is a 500")},
		{
			"for another authorizer", func(f *fakeAWS) { f.edit(policy, "authorizers/x7y8z9", "authorizers/x7y8z8") },
			[]string{"FAIL permission " + own + ": " + noCall},
		},
		{"for another action", func(f *fakeAWS) { f.edit(policy, "lambda:InvokeFunction", "lambda:GetFunction") }, everyAuthorizer("FAIL permission %s: " + noCall)},
		{"for another service", func(f *fakeAWS) { f.edit(policy, "appsync.amazonaws.com", "events.amazonaws.com") }, []string{
			"FAIL permission AppSync GraphQL API graph (graphqlapi1): " + noCall, "FAIL permission AppSync Event API events (eventapi1): " + noCall,
		}},
		{"denied", func(f *fakeAWS) {
			f.edit(policy, `{\"Sid\":\"appsync\",\"Effect\":\"Allow\"`, `{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"lambda:*\",\"Resource\":\"*\"},{\"Sid\":\"appsync\",\"Effect\":\"Allow\"`)
		}, everyAuthorizer("FAIL permission %s: " + noCall)},
		{"in another account only", func(f *fakeAWS) {
			f.edit(policy, `\"Sid\":\"appsync\"`, `\"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"999999999999\"}}`)
		}, []string{
			"FAIL permission AppSync GraphQL API graph (graphqlapi1): " + noCall, "FAIL permission AppSync Event API events (eventapi1): " + noCall,
		}},
		{"a condition of another kind", func(f *fakeAWS) {
			f.edit(policy, `{\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/authorizers/x7y8z9\"}}`, `{\"Bool\":{\"aws:SecureTransport\":true}}`)
		}, []string{"unknown permission " + own + ": the function's policy has conditions that are not understood here"}},
		{"no JSON", func(f *fakeAWS) { f.edit(policy, `"Policy": "{`, `"Policy": "`) }, everyAuthorizer("unknown permission %s: lambda:GetPolicy: the answer is not understood")},
		{"a role that may", func(f *fakeAWS) {
			byRole(f, "arn:aws:iam::123456789012:role/path/coatcheck-LoginRole-1AB2C3D4E5F6G")
			f.edit(role, "dynamodb%3AQuery", "lambda%3AInvokeFunction")
			f.edit(role, "arn%3Aaws%3Adynamodb%3Aeu-central-1%3A123456789012%3Atable%2Fcoatcheck-SessionsTable-1QW2ER3TY4U5I", "arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Acoatcheck-Authorize-9sKq2LmPz0Ab")
		}, nil},
		{
			"a role that may not", func(f *fakeAWS) { byRole(f, "arn:aws:iam::123456789012:role/coatcheck-LoginRole-1AB2C3D4E5F6G") },
			[]string{"FAIL permission " + own + ": role coatcheck-LoginRole-1AB2C3D4E5F6G may not call the function: every call is a 500"},
		},
		{
			"a role of another account", func(f *fakeAWS) { byRole(f, "arn:aws:iam::999999999999:role/invoke") },
			[]string{`unknown permission ` + own + `: it calls by "arn:aws:iam::999999999999:role/invoke", which cannot be looked at from here`},
		},
		{"no role", func(f *fakeAWS) { byRole(f, "arn") }, []string{`unknown permission ` + own + `: it calls by "arn", which cannot be looked at from here`}},
	})
}

// everyAuthorizer is a finding about each authorizer in testdata.
func everyAuthorizer(form string) []string {
	var all []string
	for _, a := range []string{own, orders, live, reports, "AppSync GraphQL API graph (graphqlapi1)", "AppSync Event API events (eventapi1)"} {
		all = append(all, strings.ReplaceAll(form, "%s", a))
	}
	return all
}
