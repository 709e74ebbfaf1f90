package stack_test

import (
	"fmt"
	"testing"

	"coatcheck/e2e/template/stack"
)

const twoVariables = `
Globals: { Function: { Environment: { Variables: { COATCHECK_A: x, AWS_ENDPOINT_URL_DYNAMODB: "" } } } }
Resources:
  Login: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { COATCHECK_B: y } } } }
`

func TestVariableFaults(t *testing.T) {
	template, err := stack.Parse([]byte(twoVariables))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		asked []string
		want  string
	}{
		"the same":      {[]string{"COATCHECK_A", "COATCHECK_B", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_REGION"}, "[]"},
		"not given":     {[]string{"COATCHECK_A", "COATCHECK_B", "COATCHECK_C", "AWS_ENDPOINT_URL_DYNAMODB"}, "[Login is not given COATCHECK_C]"},
		"not asked for": {[]string{"COATCHECK_A", "AWS_ENDPOINT_URL_DYNAMODB"}, "[Login does not read COATCHECK_B]"},
	} {
		if got := fmt.Sprint(template.VariableFaults("Login", c.asked)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
