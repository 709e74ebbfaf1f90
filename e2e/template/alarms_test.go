package template_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// Each alarm, what it watches, and that docs/operations.md says what to do.
func TestAlarms(t *testing.T) {
	want := map[string]string{
		"AuthorizeErrors":    "AWS/Lambda Errors FunctionName=Authorize",
		"AuthorizeThrottles": "AWS/Lambda Throttles FunctionName=Authorize",
		"AuthorizeSlow":      "AWS/Lambda Duration FunctionName=Authorize",
		"LoginErrors":        "AWS/Lambda Errors FunctionName=Login",
		"ApiFaults":          "AWS/ApiGateway 5xx ApiId=Api",
		"EventsBehind":       "AWS/Lambda IteratorAge FunctionName=Events",
		"EventsGivenUp":      "AWS/SQS ApproximateNumberOfMessagesVisible QueueName=EventsLost.QueueName",
		"SessionsThrottles": "SUM([reads, writes, status])" +
			"; reads: AWS/DynamoDB ReadThrottleEvents TableName=SessionsTable; writes: AWS/DynamoDB WriteThrottleEvents TableName=SessionsTable" +
			"; status: AWS/DynamoDB WriteThrottleEvents TableName=SessionsTable GlobalSecondaryIndexName=status",
		"AccountsThrottles": "SUM([reads, writes])" +
			"; reads: AWS/DynamoDB ReadThrottleEvents TableName=AccountsTable; writes: AWS/DynamoDB WriteThrottleEvents TableName=AccountsTable",
	}
	template, page := stack.Read(t, file), operations(t)
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		if got := watched(template.Resources[name].Properties); got != want[name] {
			t.Errorf("%s watches\n%s\nwant\n%s", name, got, want[name])
		}
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("docs/operations.md does not say what to do at %s", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("there is no alarm %s", name)
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
	text := fmt.Sprint(stack.At(of, "Namespace"), " ", stack.At(of, "MetricName"))
	for _, d := range stack.At(of, "Dimensions").([]any) {
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
