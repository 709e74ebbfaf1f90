package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// The templates that are deployed are refused, at the line that imports the authorizer;
// those for local trials are not.
func TestTemplates(t *testing.T) {
	for file, want := range map[string][]string{
		"template.yaml":                            nil,
		"examples/attach-http-api/local.yaml":      nil,
		"examples/attach-rest-api/local.yaml":      nil,
		"examples/single-page-app/local.yaml":      nil,
		"examples/machine-client/local.yaml":       nil,
		"examples/attach-http-api/template.yaml":   {"authorizer Session of Api is no function of this template"},
		"examples/attach-rest-api/template.yaml":   {"authorizer Session of Api is no function of this template"},
		"examples/machine-client/template.yaml":    {"authorizer Session of Api is no function of this template"},
		"examples/single-page-app/template.yaml":   {"authorizer AuthorizerId of MeRoute is not in this template", "authorizer AuthorizerId of PaymentsRoute is not in this template"},
		"functions/demo/resources.yaml":            {"not a template"},
		"examples/attach-http-api/nowhere.yaml":    {"no such file"},
		"e2e/template/closed/closed_test.go":       {"closed_test.go"},
		"examples/single-page-app/page/index.html": {"index.html"},
	} {
		t.Run(file, func(t *testing.T) {
			var out strings.Builder
			path := filepath.Join(stack.Root(t), file)
			status := run(path, &out)
			if (status == 0) != (want == nil) {
				t.Fatalf("status %d: %s", status, out.String())
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if want == nil && out.Len() > 0 || want != nil && len(lines) != len(want) {
				t.Fatalf("printed %q, want %q", lines, want)
			}
			for i, text := range want {
				if !strings.Contains(lines[i], text) {
					t.Errorf("printed %q, want %q", lines[i], text)
				}
				wantLine(t, path, lines[i])
			}
		})
	}
}

// wantLine wants a message that names a line of a template to name the one that imports
// the authorizer.
func wantLine(t *testing.T, path, message string) {
	t.Helper()
	named, _, found := strings.Cut(strings.TrimPrefix(message, path+":"), ":")
	number, err := strconv.Atoi(named)
	if !found || err != nil {
		return // it says that the file is none
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(string(raw), "\n")[number-1]; !strings.Contains(line, ": !Ref Authorizer") {
		t.Errorf("%s names the line %q", message, line)
	}
}

// Each way to name an authorizer, as a whole template of one.
func TestWaysToNameAnAuthorizer(t *testing.T) {
	const frame = `
Parameters: { Arn: { Type: "AWS::SSM::Parameter::Value<String>" } }
Resources:
  Authorize: { Type: AWS::Serverless::Function }
  Table: { Type: AWS::DynamoDB::Table }
  Api:
    Type: AWS::Serverless::%s
    Properties:
      %s
`
	for _, c := range []struct{ name, kind, properties, want string }{
		{"attribute", "HttpApi", `Auth: { DefaultAuthorizer: S, Authorizers: { S: { FunctionArn: !GetAtt Authorize.Arn } } }`, ""},
		{"attribute, as a list", "HttpApi", `Auth: { Authorizers: { S: { FunctionArn: { "Fn::GetAtt": [Authorize, Arn] } } } }`, ""},
		{"substituted", "Api", `Auth: { Authorizers: { S: { FunctionArn: !Sub "${Authorize.Arn}" } } }`, ""},
		{"nobody's", "Api", `Auth: { DefaultAuthorizer: NONE }`, ""},
		{"none", "Api", `StageName: live`, ""},
		{"parameter", "HttpApi", `Auth: { Authorizers: { S: { FunctionArn: !Ref Arn } } }`, "9: authorizer S of Api is no function"},
		{"another stack's", "Api", `Auth: { Authorizers: { S: { FunctionArn: !ImportValue arn } } }`, "9: authorizer S of Api is no function"},
		{"resolved", "Api", `Auth: { Authorizers: { S: { FunctionArn: "{{resolve:ssm:/arn}}" } } }`, "is no function"},
		{"text", "Api", `Auth: { Authorizers: { S: { FunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:Authorize" } } }`, "is no function"},
		{"substituted parameter", "Api", `Auth: { Authorizers: { S: { FunctionArn: !Sub "${Arn}" } } }`, "is no function"},
		{"no function", "Api", `Auth: { Authorizers: { S: { FunctionArn: !GetAtt Table.Arn } } }`, "is no function"},
		{"not its ARN", "Api", `Auth: { Authorizers: { S: { FunctionArn: !GetAtt Authorize.Version } } }`, "is no function"},
		{"misspelt", "Api", `Auth: { Authorizers: { S: { FunctionArn: !GetAtt Authorise.Arn } } }`, "is no function"},
		{"of another kind", "HttpApi", `Auth: { Authorizers: { S: { JwtConfiguration: {} } } }`, "has no function"},
		{"IAM", "Api", `Auth: { DefaultAuthorizer: AWS_IAM }`, "authorizer AWS_IAM of Api is not in this template"},
		{"default misspelt", "Api", `Auth: { DefaultAuthorizer: Sesion, Authorizers: { Session: { FunctionArn: !GetAtt Authorize.Arn } } }`, "authorizer Sesion of Api is not in this template"},
		{"definition", "Api", `DefinitionBody: { securityDefinitions: { S: { x-amazon-apigateway-authorizer: { authorizerUri: !Ref Arn } } } }`, "authorizer S of Api is no function"},
		{"definition, 3", "HttpApi", `DefinitionBody: { components: { securitySchemes: { S: { x-amazon-apigateway-authorizer: { authorizerUri: !Sub "x/${Authorize.Arn}/y" } } } } }`, ""},
	} {
		t.Run(c.name, func(t *testing.T) { wantOpen(t, fmt.Sprintf(frame, c.kind, c.properties), c.want) })
	}
}

// The same for resources of CloudFormation's own, for events and for Globals.
func TestOtherPlaces(t *testing.T) {
	const authorize = "Resources:\n  Authorize: { Type: AWS::Lambda::Function }\n"
	for _, c := range []struct{ name, template, want string }{
		{"authorizer", authorize + `  A: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { AuthorizerUri: !Sub "x/${Authorize.Arn}/y" } }
  R: { Type: AWS::ApiGatewayV2::Route, Properties: { AuthorizerId: !Ref A } }`, ""},
		{"authorizer of a parameter", authorize + `  A: { Type: AWS::ApiGateway::Authorizer, Properties: { AuthorizerUri: !Sub "x/${Arn}/y" } }`, "3: authorizer A is no function"},
		{"route of a parameter", authorize + `  R: { Type: AWS::ApiGatewayV2::Route, Properties: { AuthorizerId: !Ref Imported } }`, "authorizer Imported of R is not in this template"},
		{"method of an import", authorize + `  M: { Type: AWS::ApiGateway::Method, Properties: { AuthorizerId: !ImportValue x } }`, "of M is not in this template"},
		{"event", "Resources:\n" + `  F: { Type: AWS::Serverless::Function, Properties: { Events: { E: { Type: HttpApi, Properties: { Auth: { Authorizer: Sesion } } } } } }`, "authorizer Sesion of F.E is not"},
		{"Globals", "Globals: { HttpApi: { Auth: { DefaultAuthorizer: S, Authorizers: { S: { FunctionArn: !Ref Arn } } } } }\n" + authorize, "1: authorizer S of Globals.HttpApi is no function"},
		{"Globals, closed", "Globals: { HttpApi: { Auth: { DefaultAuthorizer: S, Authorizers: { S: { FunctionArn: !GetAtt Authorize.Arn } } } } }\n" + authorize, ""},
		{"body", authorize + `  A: { Type: AWS::ApiGateway::RestApi, Properties: { Body: { securityDefinitions: { S: { x-amazon-apigateway-authorizer: { type: request } } } } } }`, "authorizer S of A has no function"},
	} {
		t.Run(c.name, func(t *testing.T) { wantOpen(t, c.template, c.want) })
	}
}

func wantOpen(t *testing.T, template, want string) {
	t.Helper()
	faults, err := open([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, f := range faults {
		got += fmt.Sprintf("%d: %s\n", f.line, f.what)
	}
	if (got == "") != (want == "") || !strings.Contains(got, want) || len(faults) > 1 {
		t.Errorf("open is %q, want %q", got, want)
	}
}
