package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// ours is the namespace of our own metrics.
const ours = "Coatcheck/${AWS::StackName}"

// Each alarm, and what it watches.
func TestAlarms(t *testing.T) {
	want := map[string]string{
		"AuthorizeErrors":    "AWS/Lambda Errors FunctionName=Authorize",
		"AuthorizeThrottles": "AWS/Lambda Throttles FunctionName=Authorize",
		"AuthorizeSlow":      "AWS/Lambda Duration FunctionName=Authorize",
		"LoginErrors":        "AWS/Lambda Errors FunctionName=Login",
		"ApiFaults":          "AWS/ApiGateway 5xx ApiId=Api",
		"EventsBehind":       "AWS/Lambda IteratorAge FunctionName=Events",
		"EventsGivenUp":      "AWS/SQS ApproximateNumberOfMessagesVisible QueueName=EventsLost.QueueName",
		"AuthorizeReached":   "AWS/Lambda ConcurrentExecutions FunctionName=Authorize",
		"LoginReached":       "AWS/Lambda ConcurrentExecutions FunctionName=Login",
		"LoginThrottles":     "AWS/Lambda Throttles FunctionName=Login",
		"TokenReuse":         ours + " SessionsEnded Reason=token_reuse",
		"SignInFailures":     ours + " SignIns Method=pwd Result=refused",
		"MonitorSilent":      ours + " MonitorRuns Result=ok",
		"PurgeLate":          ours + " TtlLag",
		"TagKeysOld":         ours + " TagKeyAge",
		"StoreErrors": "SUM([sessionsError, sessionsTimeout, accountsError, accountsTimeout])" +
			"; sessionsError: " + ours + " StoreCalls Store=sessions Result=error; sessionsTimeout: " + ours + " StoreCalls Store=sessions Result=timeout" +
			"; accountsError: " + ours + " StoreCalls Store=accounts Result=error; accountsTimeout: " + ours + " StoreCalls Store=accounts Result=timeout",
		"SessionsThrottles": "SUM([reads, writes, indexReads, indexWrites])" +
			"; reads: AWS/DynamoDB ReadThrottleEvents TableName=SessionsTable; writes: AWS/DynamoDB WriteThrottleEvents TableName=SessionsTable" +
			"; indexReads: AWS/DynamoDB ReadThrottleEvents TableName=SessionsTable GlobalSecondaryIndexName=status" +
			"; indexWrites: AWS/DynamoDB WriteThrottleEvents TableName=SessionsTable GlobalSecondaryIndexName=status",
		"AccountsThrottles": "SUM([reads, writes, indexReads, indexWrites])" +
			"; reads: AWS/DynamoDB ReadThrottleEvents TableName=AccountsTable; writes: AWS/DynamoDB WriteThrottleEvents TableName=AccountsTable" +
			"; indexReads: AWS/DynamoDB ReadThrottleEvents TableName=AccountsTable GlobalSecondaryIndexName=accounts" +
			"; indexWrites: AWS/DynamoDB WriteThrottleEvents TableName=AccountsTable GlobalSecondaryIndexName=accounts",
	}
	template := stack.Read(t, file)
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		if got := watched(template.Resources[name].Properties); got != want[name] {
			t.Errorf("%s watches\n%s\nwant\n%s", name, got, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("there is no alarm %s", name)
	}
}

// DynamoDB counts what it turns away by table and by index: each is watched, reads and writes.
func TestThrottlesOfEveryIndexAreWatched(t *testing.T) {
	template, all := stack.Read(t, file), ""
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		all += watched(template.Resources[name].Properties) + ";"
	}
	for _, table := range template.Of("AWS::DynamoDB::Table") {
		of := []string{"TableName=" + table}
		indexes, _ := template.Resources[table].Properties["GlobalSecondaryIndexes"].([]any)
		for _, index := range indexes {
			of = append(of, "TableName="+table+" GlobalSecondaryIndexName="+stack.Text(stack.At(index, "IndexName")))
		}
		for _, one := range of {
			for _, metric := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
				if !strings.Contains(all, "AWS/DynamoDB "+metric+" "+one+";") {
					t.Errorf("no alarm watches %s of %s", metric, one)
				}
			}
		}
	}
}

// watched is the metric of an alarm, or its expression and the metrics of that.
func watched(alarm properties) string {
	metrics, several := alarm["Metrics"].([]any)
	if !several {
		return metric(alarm)
	}
	var parts []string
	for _, m := range metrics {
		if expression := stack.At(m, "Expression"); expression != nil {
			parts = append(parts, stack.Text(expression))
			continue
		}
		parts = append(parts, stack.Text(stack.At(m, "Id"))+": "+metric(stack.At(m, "MetricStat", "Metric")))
	}
	return strings.Join(parts, "; ")
}

func metric(of any) string {
	text := stack.Text(stack.At(of, "Namespace")) + " " + stack.Text(stack.At(of, "MetricName"))
	dimensions, _ := stack.At(of, "Dimensions").([]any)
	for _, d := range dimensions {
		text += " " + stack.Text(stack.At(d, "Name")) + "=" + stack.Text(stack.At(d, "Value"))
	}
	return text
}

// A refusal that is said as 401 is an error to Lambda: that alarm would go off with
// every visitor who is not signed in.
func TestRefusalsSetOffNoAlarm(t *testing.T) {
	template := stack.Read(t, file)
	if got := template.Resources["AuthorizeErrors"].Condition; got != "RefusesWith403" {
		t.Errorf("AuthorizeErrors is there on condition %q", got)
	}
	got := stack.Text(stack.At(template.Conditions["RefusesWith403"], "Fn::Equals"))
	if want := "[map[Ref:DenyStatus] 403]"; got != want {
		t.Errorf("the condition is %s, want %s", got, want)
	}
}

func operations(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(t), "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
