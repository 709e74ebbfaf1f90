package template_test

import (
	"encoding/json"
	"slices"
	"testing"

	"coatcheck/e2e/template/stack"
)

// board is a dashboard's body.
type board struct {
	Widgets []struct {
		Type       string
		Properties struct {
			Title, Region string
			Metrics       [][]any
			Alarms        []string
		}
	}
}

// boardWhere is the dashboard as it is made where these conditions hold.
func boardWhere(t *testing.T, template *stack.Template, holding ...string) (b board) {
	t.Helper()
	text := stack.Substituted(stack.Where(bodyOf(template), holding...))
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatalf("the dashboard's body, where %q hold: %v", holding, err)
	}
	return b
}

func bodyOf(template *stack.Template) any {
	return template.Resources["Dashboard"].Properties["DashboardBody"]
}

// The dashboard shows every alarm that is there, on whatever conditions it is, and none
// that is not: CloudFormation would make neither.
func TestDashboardShowsEveryAlarm(t *testing.T) {
	template := stack.Read(t, file)
	for _, holding := range subsets(stack.Choices(bodyOf(template))) {
		var want, got []string
		for _, name := range template.Of("AWS::CloudWatch::Alarm") {
			if on := template.Resources[name].Condition; on == "" || slices.Contains(holding, on) {
				want = append(want, "${"+name+".Arn}")
			}
		}
		for _, w := range boardWhere(t, template, holding...).Widgets {
			got = append(got, w.Properties.Alarms...)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("where %q hold it shows the alarms\n%q\nwant\n%q", holding, got, want)
		}
	}
}

// Every condition of an alarm is one of those tried above.
func TestConditionsOfAlarmsAreTried(t *testing.T) {
	template := stack.Read(t, file)
	tried := stack.Choices(bodyOf(template))
	for _, name := range template.Of("AWS::CloudWatch::Alarm") {
		if on := template.Resources[name].Condition; on != "" && !slices.Contains(tried, on) {
			t.Errorf("the dashboard does not depend on %s, on which %s is there", on, name)
		}
	}
	if got := len(subsets(tried)); got != 1<<len(tried) || got < 2 {
		t.Errorf("%d combinations of %q", got, tried)
	}
}

// subsets are all ways in which some of them hold.
func subsets(names []string) [][]string {
	if len(names) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for _, rest := range subsets(names[1:]) {
		all = append(all, rest, append([]string{names[0]}, rest...))
	}
	return all
}
