package template_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// Without an event bus nothing of all this is made: whatever refers to the events'
// parts without one, on whatever other conditions, is one of them, and each is there on the
// one condition.
func TestWithoutBusNothingIsMade(t *testing.T) {
	template := stack.Read(t, file)
	parts := []string{
		"Events", "SessionsEvents", "AccountsEvents", "EventsLost", "EventsLog", "EventsRole", "EventsBehind", "EventsGivenUp",
	}
	for name, r := range template.Resources {
		others := slices.DeleteFunc(stack.Choices(r.Properties), func(condition string) bool { return condition == "TellsEvents" })
		needs := slices.ContainsFunc(stack.References(stack.Where(r.Properties, others...)), func(other string) bool { return slices.Contains(parts, other) })
		part := slices.Contains(parts, name)
		if (needs || strings.Contains(name, "Event")) && !part {
			t.Errorf("%s is a part of the events, and not among %q", name, parts)
		}
		if part != (r.Condition == "TellsEvents") {
			t.Errorf("%s is there on condition %q", name, r.Condition)
		}
	}
	for _, table := range template.Of("AWS::DynamoDB::Table") {
		got := stack.At(template.Resources[table].Properties, "StreamSpecification", "Fn::If")
		want := []any{"TellsEvents", properties{"StreamViewType": "NEW_AND_OLD_IMAGES"}, properties{"Ref": "AWS::NoValue"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the stream is %v, want %v", table, got, want)
		}
	}
	if got, want := stack.Text(template.Conditions["TellsEvents"]), "map[Fn::Not:[map[Fn::Equals:[map[Ref:EventBus] ]]]]"; got != want {
		t.Errorf("the condition is %s, want %s", got, want)
	}
}

// Both streams are read in order, from their beginning, and what is not taken is tried
// again by itself.
func TestMappings(t *testing.T) {
	template := stack.Read(t, file)
	for name, table := range map[string]string{"SessionsEvents": "SessionsTable", "AccountsEvents": "AccountsTable"} {
		p := template.Resources[name].Properties
		for path, want := range map[string]string{
			"FunctionName": "Events", "EventSourceArn": table + ".StreamArn", "StartingPosition": "TRIM_HORIZON",
			"FunctionResponseTypes": "[ReportBatchItemFailures]", "BisectBatchOnFunctionError": "true", "MaximumRetryAttempts": "-1",
			"MaximumRecordAgeInSeconds": "43200", "DestinationConfig.OnFailure.Destination": "EventsLost.Arn", "BatchSize": "100",
		} {
			if got := stack.Text(stack.At(p, strings.Split(path, ".")...)); got != want {
				t.Errorf("%s: %s is %s, want %s", name, path, got, want)
			}
		}
		if parallel := p["ParallelizationFactor"]; parallel != nil {
			t.Errorf("%s: several batches at once: %v", name, parallel)
		}
	}
	if got := len(template.Of("AWS::Lambda::EventSourceMapping")); got != 2 {
		t.Errorf("%d mappings, want 2", got)
	}
}

// The function has neither the tag keys nor anything of a session.
func TestEventsEnvironment(t *testing.T) {
	got := stack.Read(t, file).Environment("Events")
	want := properties{"COATCHECK_EVENT_BUS": properties{"Ref": "EventBus"}, "COATCHECK_LOG_LEVEL": properties{"Ref": "LogLevel"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is given %v, want %v", got, want)
	}
}

func TestPatternOfBuses(t *testing.T) {
	template := stack.Read(t, file)
	for text, want := range map[string]bool{
		"": true, "default": true, "apps.example-1_x/y": true, "arn:aws:events:eu-central-1:123456789012:event-bus/apps": true,
		"arn:aws-cn:events:cn-north-1:123456789012:event-bus/default": true,
		"arn:aws:events:eu-central-1:123456789012:rule/apps":          false, "arn:aws:sns:eu-central-1:123456789012:apps": false,
		"two buses": false, "*": false, "arn:aws:events:eu-central-1:1234:event-bus/apps": false,
	} {
		if got := stack.Accepts(template.Parameters["EventBus"], text); got != want {
			t.Errorf("%q: accepted %t, want %t", text, got, want)
		}
	}
}
