package doctor

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// templated is a resource of template.yaml. CloudFormation's short functions (!Ref x)
// read as their argument.
type templated struct {
	Type       string    `yaml:"Type"`
	Properties yaml.Node `yaml:"Properties"`
}

func readTemplate(t *testing.T) map[string]templated {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]templated `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template.Resources
}

// TestTemplate: what is looked for by name is in the template.
func TestTemplate(t *testing.T) {
	resources := readTemplate(t)
	for _, want := range expected {
		got := strings.Replace(resources[want.id].Type, "AWS::Serverless::Function", typeFunction, 1)
		if got != want.kind {
			t.Errorf("%s is a %q in the template, want %s", want.id, got, want.kind)
		}
	}
}

// TestTemplateRoles: what the template allows its functions is judged to be right.
func TestTemplateRoles(t *testing.T) {
	resources := readTemplate(t)
	e := &examination{stack: stack{
		place:     place{"aws", "eu-central-1", "123456789012"},
		resources: map[string]resource{sessionsTable: {"AWS::DynamoDB::Table", sessionsTable}},
	}}
	for _, id := range []string{login, authorize, admin} {
		role := resources[id+"Role"].Properties
		found := statementsIn(t, &role)
		if len(found) < 2 {
			t.Errorf("%sRole has %d statements in the template", id, len(found))
		}
		if faults := e.roleFaults(function{id: id}, []rolePolicy{{id, document{found}}}); len(faults) > 0 {
			t.Errorf("%s: %q", id, faults)
		}
	}
}

// statementsIn are all statements with a resource below a node.
func statementsIn(t *testing.T, n *yaml.Node) (found []statement) {
	t.Helper()
	var s struct {
		Effect, Action, Resource any
	}
	fields := map[string]any{}
	if n.Kind == yaml.MappingNode && n.Decode(&fields) == nil && fields["Effect"] != nil && fields["Resource"] != nil {
		s.Effect, s.Action, s.Resource = fields["Effect"], fields["Action"], fields["Resource"]
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var one statement
		if err := json.Unmarshal([]byte(deployed(string(text))), &one); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return []statement{one}
	}
	for _, child := range n.Content {
		found = append(found, statementsIn(t, child)...)
	}
	return found
}

// deployed puts ARNs in the place of references.
func deployed(text string) string {
	text = regexp.MustCompile(`(?:\$\{)?(\w+)Table\.Arn\}?`).ReplaceAllString(text, "arn:aws:dynamodb:eu-central-1:123456789012:table/${1}Table")
	text = regexp.MustCompile(`(?:\$\{)?(\w+Log)\.Arn\}?`).ReplaceAllString(text, "arn:aws:logs:eu-central-1:123456789012:log-group:$1:*")
	return strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::Region}", "eu-central-1", "${AWS::AccountId}", "123456789012").Replace(text)
}

// TestPermissions: docs/operations.md allows exactly the calls that are made.
func TestPermissions(t *testing.T) {
	f := healthy(t)
	f.examine(t)
	made := map[string]bool{}
	for name := range f.calls {
		service, rest, _ := strings.Cut(name, ".")
		operation, _, _ := strings.Cut(strings.ReplaceAll(rest, "@", "."), ".")
		action := service + ":" + operation
		if strings.HasPrefix(service, "apigateway") {
			action = "apigateway:GET"
		}
		made[action] = true
	}
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Checking a deployment\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([a-z]+:[A-Z]\w+)"`).FindAllStringSubmatch(section, -1) {
		documented[m[1]] = true
		if !made[m[1]] {
			t.Errorf("docs/operations.md allows %s, which is never called", m[1])
		}
	}
	for action := range made {
		if !documented[action] {
			t.Errorf("docs/operations.md does not allow %s", action)
		}
	}
}
