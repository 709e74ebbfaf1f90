// Package template_test holds template.yaml against the code it deploys. What must hold
// of it whatever the code is like package stack knows; what SAM's translator makes of
// it is package translated's. No tool is needed here; SAM's own checks are make
// template's.
package template_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"coatcheck/e2e/template/stack"
)

// file is the template's path from the module's root.
const file = "template.yaml"

func TestFaults(t *testing.T) {
	for _, fault := range stack.Faults(stack.Read(t, file)) {
		t.Error(fault)
	}
}

// functions/demo/resources.yaml is added at the end for a local trial. sam local takes
// the first API or function for the kind of all.
func TestOrder(t *testing.T) {
	template := stack.Read(t, file)
	if last := template.Sections[len(template.Sections)-1]; last != "Resources" {
		t.Errorf("%s stands last, want Resources", last)
	}
	if first := template.Order[0]; first != "Api" {
		t.Errorf("%s stands first, want Api", first)
	}
}

// What is for a trial on one machine is not deployed.
func TestNoDemo(t *testing.T) {
	for name := range stack.Read(t, file).Resources {
		if strings.Contains(strings.ToLower(name), "demo") {
			t.Errorf("%s is in the deployed template", name)
		}
	}
}

// There is one authorizer, and how it is answered and what it expects go together.
func TestAuthorizer(t *testing.T) {
	template := stack.Read(t, file)
	names := template.Of("AWS::ApiGatewayV2::Authorizer")
	if len(names) != 1 {
		t.Fatalf("authorizers %q, want one", names)
	}
	simple := template.Resources[names[0]].Properties["EnableSimpleResponses"]
	if got, want := stack.Text(simple), "map[Fn::If:[SimpleAnswers true false]]"; got != want {
		t.Errorf("EnableSimpleResponses is %s, want %s", got, want)
	}
	condition := stack.At(template.Conditions["SimpleAnswers"], "Fn::Equals")
	if got, want := stack.Text(condition), "[map[Ref:HttpApiAnswers] simple]"; got != want {
		t.Errorf("SimpleAnswers is %s, want %s", got, want)
	}
}

// mayBeLogged are the variables that say nothing of who calls: neither cookies and other
// headers, queries and paths nor addresses.
var mayBeLogged = []string{
	"requestTimeEpoch", "requestId", "routeKey", "status", "responseLatency", "authorizer.status", "authorizer.error",
	"error.message", "integrationErrorMessage",
}

func TestAccessLog(t *testing.T) {
	settings := stack.At(stack.Read(t, file).Resources["Stage"].Properties, "AccessLogSettings")
	format := stack.Text(stack.At(settings, "Format"))
	names := regexp.MustCompile(`\$(context\.)?([A-Za-z.]+)`).FindAllStringSubmatch(format, -1)
	for _, name := range names {
		if !slices.Contains(mayBeLogged, name[2]) {
			t.Errorf("%s is logged", name[0])
		}
	}
	if len(names) == 0 || stack.Text(stack.At(settings, "DestinationArn")) != "ApiLog.Arn" {
		t.Errorf("the access log is %v", settings)
	}
}

// Routes that check a password let less through than the others.
func TestThrottling(t *testing.T) {
	template := stack.Read(t, file)
	stage := template.Resources["Stage"].Properties
	for of, parameter := range map[string]string{"ThrottlingRateLimit": "RateLimit", "ThrottlingBurstLimit": "BurstLimit"} {
		if got := stack.Text(stack.At(stage, "DefaultRouteSettings", of)); got != parameter {
			t.Errorf("%s is %s, want the parameter %s", of, got, parameter)
		}
		usual := template.Parameters[parameter]["Default"].(int)
		for _, route := range []string{"POST /login", "POST /login/reauth", "POST /account/password"} {
			if got, set := stack.At(stage, "RouteSettings", route, of).(int); !set || got < 1 || got*10 > usual {
				t.Errorf("%s: %s is %d, want at most a tenth of %d", route, of, got, usual)
			}
		}
	}
}

// Each check of checkov that is left out has its reason beside it.
func TestSuppressionsHaveReasons(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(stack.Root(t), ".checkov.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Skipped yaml.Node `yaml:"skip-check"`
	}
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		t.Fatal(err)
	}
	for _, check := range settings.Skipped.Content {
		if len(check.LineComment) < len("# a reason") {
			t.Errorf("%s is left out without a reason", check.Value)
		}
	}
	if len(settings.Skipped.Content) == 0 {
		t.Error("nothing is left out: this test reads something else")
	}
}
