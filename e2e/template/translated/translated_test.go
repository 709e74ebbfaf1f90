// Package translated_test holds what SAM's translator makes of template.yaml to the
// same rules as the template itself: this is what is deployed. COATCHECK_TEST_SAM says
// where tools/sam installed the translator. Without that, the tests here are left out.
package translated_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/program"
	"coatcheck/e2e/template/stack"
)

const (
	samVariable = "COATCHECK_TEST_SAM"
	file        = "template.yaml"
)

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, samVariable, "what SAM makes of the template")) //nolint:forbidigo // a test's main
}

// made is what SAM makes of the template, once for all tests.
var made *stack.Template

func translated(t *testing.T) *stack.Template {
	t.Helper()
	if made == nil {
		made = stack.Translate(t, os.Getenv(samVariable), filepath.Join(stack.Root(t), file))
	}
	return made
}

func TestFaults(t *testing.T) {
	for _, fault := range stack.Faults(translated(t)) {
		t.Error(fault)
	}
}

// SAM adds nothing of its own: no role with AWS's policies, no permission, no API.
func TestNothingIsAdded(t *testing.T) {
	if added := added(stack.Read(t, file), translated(t)); len(added) > 0 {
		t.Errorf("SAM adds or leaves out %q", added)
	}
}

// added compares the resources by name and type, whichever has more.
func added(written, deployed *stack.Template) []string {
	count := map[string]int{}
	for name, r := range written.Resources {
		count[name+" "+strings.Replace(r.Type, "::Serverless::", "::Lambda::", 1)]++
	}
	for name, r := range deployed.Resources {
		count[name+" "+r.Type]--
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n == 0 })
	return slices.Sorted(maps.Keys(count))
}

// The test above would see it: a function without a role of ours gets one of SAM's.
func TestWhatIsAddedIsSeen(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(stack.Root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("      Role: !GetAtt LoginRole.Arn\n", "", "  LoginRole:\n", "  UnusedRole:\n").Replace(string(raw))
	changed := filepath.Join(t.TempDir(), file)
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	other := stack.Translate(t, os.Getenv(samVariable), changed)
	if got := added(stack.Read(t, file), other); len(got) == 0 {
		t.Error("a role that SAM adds is not seen")
	}
	if faults := fmt.Sprint(stack.Faults(other)); !strings.Contains(faults, "a managed policy") {
		t.Errorf("its policy is not seen in %s", faults)
	}
}

// The functions come out as they are written: what Globals say reaches each.
func TestFunctions(t *testing.T) {
	written, deployed := stack.Read(t, file), translated(t)
	for _, name := range written.Functions() {
		if got, want := deployed.Environment(name), written.Environment(name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: variables\n%v\nwant\n%v", name, got, want)
		}
		p := deployed.Resources[name].Properties
		for path, want := range map[string]string{
			"Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": "[map[Ref:Architecture]]",
			"LoggingConfig.LogFormat": "JSON", "LoggingConfig.ApplicationLogLevel": "TRACE",
			"TracingConfig.Mode": "map[Fn::If:[Traced Active PassThrough]]",
		} {
			if got := stack.Text(stack.At(p, strings.Split(path, ".")...)); got != want {
				t.Errorf("%s: %s is %s, want %s", name, path, got, want)
			}
		}
	}
	for name, parameter := range map[string]string{"Authorize": "AuthorizeConcurrency", "Login": "LoginConcurrency"} {
		got := stack.Text(deployed.Resources[name].Properties["ReservedConcurrentExecutions"])
		if !strings.Contains(got, "map[Ref:"+parameter+"] map[Ref:AWS::NoValue]") {
			t.Errorf("%s: reserved concurrency is %s", name, got)
		}
	}
}
