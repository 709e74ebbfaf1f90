package stack_test

import (
	"slices"
	"testing"

	"coatcheck/e2e/template/stack"
)

// A dashboard with alarms that are there on conditions.
const substitution = `
Resources:
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      Plain: text
      Short: !Sub "${Board}-${AWS::Region}"
      Long: !Sub
        - '[${First}${Second}"${Board.Arn}"]'
        - First: !If [Red, !Sub '"${Rose.Arn}", ', ""]
          Second: !If [Red, "", !If [Blue, '"${First}", ', '"none", ']]
`

func TestSubstituted(t *testing.T) {
	template, err := stack.Parse([]byte(substitution))
	if err != nil {
		t.Fatal(err)
	}
	of := template.Resources["Board"].Properties
	for name, c := range map[string]struct {
		property string
		holding  []string
		want     string
	}{
		"a text":              {"Plain", nil, "text"},
		"without variables":   {"Short", nil, "${Board}-${AWS::Region}"},
		"the condition holds": {"Long", []string{"Red"}, `["${Rose.Arn}", "${Board.Arn}"]`},
		"another does":        {"Long", []string{"Blue"}, `["${First}", "${Board.Arn}"]`},
		"none does":           {"Long", nil, `["none", "${Board.Arn}"]`},
	} {
		if got := stack.Substituted(stack.Where(of[c.property], c.holding...)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	if got, want := stack.Choices(of), []string{"Blue", "Red"}; !slices.Equal(got, want) {
		t.Errorf("it depends on %q, want %q", got, want)
	}
}
