package stack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// Each change breaks template.yaml, and some fault names what is broken. A change that
// finds nothing to change fails: it would test nothing.
func TestBrokenTemplatesAreFound(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(stack.Root(t), "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range broken {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(raw), c.was) {
				t.Fatalf("the template has no %q", c.was)
			}
			template, err := stack.Parse([]byte(strings.ReplaceAll(string(raw), c.was, c.is)))
			if err != nil {
				t.Fatal(err)
			}
			faults := stack.Faults(template)
			if !slices.ContainsFunc(faults, func(fault string) bool { return strings.Contains(fault, c.want) }) {
				t.Errorf("found %q, want one with %q", faults, c.want)
			}
		})
	}
}

var broken = map[string]struct{ was, is, want string }{
	"authorizer cached":        {"TtlInSeconds: 0", "TtlInSeconds: 300", "AuthorizerResultTtlInSeconds is 300"},
	"TTL by default":           {"AuthorizerResultTtlInSeconds: 0\n", "\n", "AuthorizerResultTtlInSeconds is <nil>"},
	"identity source":          {"IdentitySource: []", "IdentitySource: [$request.header.Cookie]", "IdentitySource is"},
	"table not retained":       {"DeletionPolicy: Retain", "DeletionPolicy: Delete", "SessionsTable: no DeletionPolicy Retain"},
	"table replaced":           {"UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete", "no UpdateReplacePolicy Retain"},
	"no TTL":                   {"AttributeName: purgeAt, Enabled: true", "AttributeName: purgeAt, Enabled: false", "no a TTL"},
	"no recovery":              {"PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false", "no point-in-time recovery"},
	"deletion not protected":   {"DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false", "no deletion protection"},
	"star of a resource":       {"Resource: !GetAtt AccountsTable.Arn", `Resource: "*"`, "a star in"},
	"star in a resource":       {"Resource: !GetAtt Authorize.Arn", `Resource: !Sub "${Authorize.Arn}*"`, "a star in lambda:InvokeFunction"},
	"star of an action":        {"Action: dynamodb:UpdateItem", "Action: dynamodb:*", "a star in dynamodb:*"},
	"all actions but":          {"Action: dynamodb:UpdateItem", "NotAction: dynamodb:DeleteTable", "a star in NotAction"},
	"star of a principal":      {"Principal: { Service: apigateway.amazonaws.com }", `Principal: "*"`, "a star in"},
	"known star, more":         {"Action: [xray:PutTraceSegments,", "Action: [xray:GetTraceSummaries, xray:PutTraceSegments,", "a star in xray:GetTraceSummaries"},
	"no telling of X-Ray":      {"Statement: [{ Effect: Allow, Action: [xray", "Statement: [{ Effect: Deny, Action: [xray", `Authorize: role "AuthorizeRole" tells X-Ray 0 times`},
	"half a telling":           {"Action: [xray:PutTraceSegments, xray:PutTelemetryRecords]", "Action: xray:PutTelemetryRecords", "Monitor: role"},
	"told for another reason":  {"          - Traced\n", "          - Notifies\n", "and 1 times else"},
	"managed policy":           {"      Policies:\n", "      ManagedPolicyArns: [x]\n      Policies:\n", "a managed policy"},
	"no source":                {"SourceArn: !Sub", "SourceAccount: !Sub", "SourceArn is <nil>"},
	"any API":                  {"${Api}/authorizers", "*/authorizers", "SourceArn is arn"},
	"any caller":               {"Principal: apigateway.amazonaws.com", `Principal: "*"`, "Principal is *"},
	"shared role":              {"Role: !GetAtt AuthorizeRole.Arn", "Role: !GetAtt LoginRole.Arn", "shares role LoginRole"},
	"no role":                  {"      Role: !GetAtt LoginRole.Arn\n", "", `Login: role ""`},
	"shared log":               {"LogGroup: !Ref AdminLog", "LogGroup: !Ref LoginLog", "shares log group LoginLog"},
	"log of another":           {"Resource: !GetAtt AdminLog.Arn", "Resource: !GetAtt LoginLog.Arn", "AdminRole: logs:CreateLogStream"},
	"role of another service":  {"Service: lambda.amazonaws.com", "Service: ec2.amazonaws.com", "LoginRole: may be taken by"},
	"logs for ever":            {"Properties: { RetentionInDays: !Ref LogRetentionDays }", "Properties: {}", "LoginLog: RetentionInDays is <nil>"},
	"silent alarm":             {"      AlarmActions: !If [Notifies, [!Ref AlarmTopicArn], !Ref AWS::NoValue]\n", "", "does not notify"},
	"alarm that is never over": {"      OKActions: !If [Notifies, [!Ref AlarmTopicArn], !Ref AWS::NoValue]\n", "", "does not notify"},
	"alarm without data":       {"TreatMissingData: notBreaching", "TreatMissingData: breaching", "goes off where there is no data"},
	"silence is nothing":       {"TreatMissingData: breaching", "TreatMissingData: notBreaching", "MonitorSilent: goes off where there is no data or stays silent"},
	"unused parameter":         {"COATCHECK_GRACE: !Ref Grace", "COATCHECK_GRACE: 30s", "parameter Grace is not used"},
	"used in a rule only":      {"COATCHECK_REMEMBERED_IDLE: !Ref RememberedIdle", "COATCHECK_REMEMBERED_IDLE: 1h", "parameter RememberedIdle is not used"},
	"unused condition":         {"COATCHECK_ORIGIN: !If [OwnOrigin, ", "COATCHECK_ORIGIN: !If [Traced, ", "condition OwnOrigin is not used"},
	"unknown condition":        {"Condition: RefusesWith403", "Condition: RefusesWith401", "there is no condition RefusesWith401"},
	"no default":               {"    Default: 15m\n", "", "parameter Idle has no default"},
	"unfit default":            {"Default: 15m", "Default: soon", `parameter Idle refuses its own default "soon"`},
	"unlisted default":         {"Default: lax", "Default: none", "parameter SameSite refuses its own default"},
	"default out of bounds":    {"Default: 10\n", "Default: 1001\n", "parameter PerUser refuses its own default"},
	"unbounded":                {"    MaxLength: 2048 # all variables of a function together have 4 KB\n", "", "parameter Routes takes anything"},
	"no words":                 {"    ConstraintDescription: must be a duration such as 90s, 15m or 1h30m.\n", "", "parameter Idle has a pattern and no words"},
	"not in the form":          {"Parameters: [Origin, SameSite]", "Parameters: [Origin]", "parameter SameSite stands in 0 groups"},
	"twice in the form":        {"Parameters: [Origin, SameSite]", "Parameters: [Origin, SameSite, Idle]", "parameter Idle stands in 2 groups"},
	"no label":                 {"      Idle: { default: Idle timeout }\n", "", "parameter Idle stands in 1 groups, or has no label"},
	"label of nothing":         {"Idle: { default: Idle timeout }", "Idle: { default: Idle timeout }\n      Idol: { default: x }", "the form shows Idol"},
}

// What CloudFormation would refuse, or read in another way, is no template.
func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"alias":       "Resources:\n  A: &a { Type: x }\n  B: *a\n",
		"twice":       "Resources:\n  A: { Type: x }\n  A: { Type: y }\n",
		"nothing":     "Parameters: {}\n",
		"no mapping":  "- a\n",
		"not at all":  "{",
		"only a text": "Resources",
	} {
		if _, err := stack.Parse([]byte(text)); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}
