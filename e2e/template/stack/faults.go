package stack

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Faults returns what must not be so in a template of ours, written or translated, one
// sentence each.
func Faults(t *Template) (faults []string) {
	for _, rule := range []func(*Template) []string{
		authorizersAskEachTime, tablesKeepWhatTheyHold, noStars, permissionsNameTheirSource, functionsShareNothing,
		logsEnd, alarmsNotify, parametersAreUsed, parametersHaveFittingDefaults, parametersAreBounded,
		parametersAreGrouped, conditionsAreUsed, tracedFunctionsTellXRay,
	} {
		faults = append(faults, rule(t)...)
	}
	slices.Sort(faults)
	return faults
}

// authorizersAskEachTime: a cached yes would outlive an end, and the gateway wants every
// identity source that is named, while a session comes by cookie or as a bearer token.
func authorizersAskEachTime(t *Template) (faults []string) {
	for _, name := range t.Of("AWS::ApiGatewayV2::Authorizer") {
		want := Map{
			"AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 0, "IdentitySource": []any{},
			"AuthorizerPayloadFormatVersion": "2.0",
		}
		for property, value := range want {
			if got := t.Resources[name].Properties[property]; !reflect.DeepEqual(got, value) {
				faults = append(faults, fmt.Sprintf("%s: %s is %v: want %v, said in so many words", name, property, got, value))
			}
		}
	}
	return faults
}

// tablesKeepWhatTheyHold: neither an update, a deletion of the stack nor a mistake loses
// a table, and what is over leaves it by itself.
func tablesKeepWhatTheyHold(t *Template) (faults []string) {
	for _, name := range t.Of("AWS::DynamoDB::Table") {
		r := t.Resources[name]
		for what, ok := range map[string]bool{
			"DeletionPolicy Retain":      r.DeletionPolicy == "Retain",
			"UpdateReplacePolicy Retain": r.UpdateReplacePolicy == "Retain",
			"deletion protection":        r.Properties["DeletionProtectionEnabled"] == true,
			"point-in-time recovery":     At(r.Properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") == true,
			"a TTL":                      At(r.Properties, "TimeToLiveSpecification", "Enabled") == true,
		} {
			if !ok {
				faults = append(faults, name+": no "+what)
			}
		}
	}
	return faults
}

// functionsShareNothing: each has a role and a log group of its own, the role is for
// functions alone and writes to no other log group.
func functionsShareNothing(t *Template) (faults []string) {
	owner := map[string]string{}
	own := func(function, what, name string) {
		if other, taken := owner[name]; taken {
			faults = append(faults, function+": shares "+what+" "+name+" with "+other)
		}
		owner[name] = function
	}
	for _, name := range t.Functions() {
		role := textOfFirst(At(t.Resources[name].Properties, "Role", "Fn::GetAtt"))
		log := textAt(t.Resources[name].Properties, "LoggingConfig", "LogGroup", "Ref")
		if t.Resources[role].Type != "AWS::IAM::Role" || t.Resources[log].Type != "AWS::Logs::LogGroup" {
			faults = append(faults, fmt.Sprintf("%s: role %q and log group %q: want both in the template", name, role, log))
			continue
		}
		own(name, "role", role)
		own(name, "log group", log)
		faults = append(faults, t.roleFaults(name, role, log)...)
	}
	return faults
}

// textOfFirst is the first of a list, "" if there is none.
func textOfFirst(v any) string {
	if list := listAt(v); len(list) > 0 {
		return Text(list[0])
	}
	return ""
}

func (t *Template) roleFaults(function, role, log string) (faults []string) {
	const trust = "sts:AssumeRole on Service lambda.amazonaws.com"
	for _, s := range statementsOf(t.Resources[role].Properties["AssumeRolePolicyDocument"]) {
		if s.String() != trust {
			faults = append(faults, role+": may be taken by "+s.String())
		}
	}
	const write = "logs:CreateLogStream logs:PutLogEvents on "
	writes := 0
	for _, s := range t.Statements(role) {
		if s.Actions[0] == "logs:CreateLogStream" && s.String() == write+log+".Arn" {
			writes++
		} else if strings.HasPrefix(s.Actions[0], "logs:") {
			faults = append(faults, role+": "+s.String()+": want "+write+log+".Arn")
		}
	}
	if writes != 1 {
		faults = append(faults, function+": writes no log")
	}
	return faults
}

// logsEnd: every log group has its retention by the parameter.
func logsEnd(t *Template) (faults []string) {
	for _, name := range t.Of("AWS::Logs::LogGroup") {
		if got := Text(t.Resources[name].Properties["RetentionInDays"]); got != "LogRetentionDays" {
			faults = append(faults, name+": RetentionInDays is "+got+": want the parameter")
		}
	}
	return faults
}

// alarmsNotify: every alarm tells the topic, if there is one, when it goes off and when
// it is over, and is silent where nothing happens, unless it is there to say so: one that
// wants at least so much of something.
func alarmsNotify(t *Template) (faults []string) {
	want := Map{"Fn::If": []any{"Notifies", []any{Map{"Ref": "AlarmTopicArn"}}, Map{"Ref": "AWS::NoValue"}}}
	for _, name := range t.Of("AWS::CloudWatch::Alarm") {
		p := t.Resources[name].Properties
		if !reflect.DeepEqual(p["AlarmActions"], want) || !reflect.DeepEqual(p["OKActions"], want) {
			faults = append(faults, name+": does not notify the topic")
		}
		missing := "notBreaching"
		if p["ComparisonOperator"] == "LessThanThreshold" {
			missing = "breaching"
		}
		if p["TreatMissingData"] != missing || p["AlarmDescription"] == nil {
			faults = append(faults, name+": goes off where there is no data or stays silent where there should be, or does not say what to do")
		}
	}
	return faults
}
