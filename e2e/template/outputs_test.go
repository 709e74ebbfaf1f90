package template_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// What other stacks need stands in Parameter Store under the output's name and with
// its value.
func TestParameterStore(t *testing.T) {
	template := stack.Read(t, file)
	found := map[string]any{}
	for _, name := range template.Of("AWS::SSM::Parameter") {
		p := template.Resources[name].Properties
		found[stack.Text(p["Name"])] = p["Value"]
		if p["Type"] != "String" {
			t.Errorf("%s is a %v", name, p["Type"])
		}
	}
	path := stack.Text(stack.At(template.Outputs, "ParameterPath", "Value"))
	names := []string{"ApiId", "AuthorizerId", "AuthorizeFunctionArn", "AuthorizeInvokeRoleArn"}
	for _, output := range names {
		value := stack.At(template.Outputs, output, "Value")
		if got := found[path+"/"+dashed(output)]; value == nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%s/%s is %v, and the output %s %v", path, dashed(output), got, output, value)
		}
		if says := stack.Text(stack.At(template.Outputs, "ParameterPath", "Description")); !strings.Contains(says, dashed(output)) {
			t.Errorf("%q does not name %s", says, dashed(output))
		}
	}
	if len(found) != len(names) || path != "/coatcheck/${AWS::StackName}" {
		t.Errorf("Parameter Store has %v under %s", found, path)
	}
}

// dashed turns ApiId into api-id.
func dashed(name string) string {
	return strings.ToLower(regexp.MustCompile(`(.)([A-Z])`).ReplaceAllString(name, "$1-$2"))
}
