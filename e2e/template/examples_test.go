package template_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"coatcheck/e2e/template/stack"
)

// examples are the templates of the examples, by their paths from the module's root.
func examples(t *testing.T, name string) (files []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(stack.Root(t), "examples", "*", name))
	if err != nil || len(found) < 4 {
		t.Fatalf("%d of %s: %v", len(found), name, err)
	}
	for _, file := range found {
		inside, err := filepath.Rel(stack.Root(t), file)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, inside)
	}
	return files
}

// A gateway that kept an answer would let an ended session in. sam local keeps none, so
// that a wrong setting shows here and not there.
func TestExamplesAskEachTime(t *testing.T) {
	for _, file := range append(examples(t, "template.yaml"), examples(t, "local.yaml")...) {
		for _, fault := range stack.AttachFaults(stack.Read(t, file)) {
			t.Errorf("%s: %s", file, fault)
		}
	}
}

// Each mistake at one of the five lines is seen.
func TestMistakesInTheFiveLinesAreSeen(t *testing.T) {
	for _, c := range []struct{ example, from, to, want string }{
		{"attach-http-api", "ReauthorizeEvery: 0", "ReauthorizeEvery: 300", "Identity is"},
		{"attach-http-api", "Identity: { ReauthorizeEvery: 0 }", "Identity: { Headers: [Cookie], ReauthorizeEvery: 0 }", "Identity is"},
		{"attach-http-api", ", Identity: { ReauthorizeEvery: 0 }", "", "Identity is"},
		{"attach-http-api", "EnableFunctionDefaultPermissions: true, ", "", "EnableFunctionDefaultPermissions"},
		{"attach-http-api", "EnableSimpleResponses: true", "EnableSimpleResponses: false", "EnableSimpleResponses"},
		{"attach-rest-api", ", Identity: { ReauthorizeEvery: 0 }", "", "Identity is"},
		{"attach-rest-api", "FunctionPayloadType: REQUEST, ", "", "it would be TOKEN"},
		{"attach-rest-api", "AddDefaultAuthorizerToCorsPreflight: false", "AddDefaultAuthorizerToCorsPreflight: true", "OPTIONS"},
		{"machine-client", "ReauthorizeEvery: 0", "ReauthorizeEvery: 60", "Identity is"},
	} {
		raw, err := os.ReadFile(filepath.Join(stack.Root(t), "examples", c.example, "template.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(raw), c.from, c.to, 1)
		template, err := stack.Parse([]byte(changed))
		if err != nil || changed == string(raw) {
			t.Errorf("%s: %q was not changed: %v", c.example, c.from, err)
			continue
		}
		if faults := fmt.Sprint(stack.AttachFaults(template)); !strings.Contains(faults, c.want) {
			t.Errorf("%s with %q: faults %s, want %s", c.example, c.to, faults, c.want)
		}
	}
}

// A REST API says that nothing was decided, and what a session would have to be.
func TestRESTExampleTellsRefusalsApart(t *testing.T) {
	template := stack.Read(t, "examples/attach-rest-api/template.yaml")
	responses := stack.At(template.Resources["Api"].Properties, "GatewayResponses")
	for kind, want := range map[string]struct {
		status        int
		header, value string
	}{
		"AUTHORIZER_FAILURE":             {503, "Retry-After", "'1'"},
		"AUTHORIZER_CONFIGURATION_ERROR": {503, "Retry-After", "'1'"},
		"ACCESS_DENIED":                  {403, "WWW-Authenticate", "context.authorizer.challenge"},
		"UNAUTHORIZED":                   {401, "WWW-Authenticate", `'Coatcheck realm="session"'`},
	} {
		headers := stack.At(responses, kind, "ResponseParameters", "Headers")
		status, value := stack.At(responses, kind, "StatusCode"), stack.At(headers, want.header)
		if status != want.status || value != want.value || stack.At(headers, "Cache-Control") != "'no-store'" {
			t.Errorf("%s: %v %v, want %d with %s %s and no-store", kind, status, headers, want.status, want.header, want.value)
		}
		var problem struct{ Status int }
		body := stack.Text(stack.At(responses, kind, "ResponseTemplates", "application/json"))
		if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Status != want.status {
			t.Errorf("%s: the body %s says %d, %v", kind, body, problem.Status, err)
		}
	}
}

// What the examples import is what a stack called coatcheck writes into Parameter Store.
func TestExamplesImportWhatIsExported(t *testing.T) {
	var exported []string
	template := stack.Read(t, file)
	for _, name := range template.Of("AWS::SSM::Parameter") {
		path := stack.Text(template.Resources[name].Properties["Name"])
		exported = append(exported, strings.ReplaceAll(path, "${AWS::StackName}", "coatcheck"))
	}
	for _, example := range examples(t, "template.yaml") {
		imports := 0
		for name, p := range stack.Read(t, example).Parameters {
			if p["Type"] != "AWS::SSM::Parameter::Value<String>" {
				continue
			}
			imports++
			if !slices.Contains(exported, stack.Text(p["Default"])) {
				t.Errorf("%s: %s is %v, and there are %q", example, name, p["Default"], exported)
			}
		}
		if imports == 0 {
			t.Errorf("%s imports nothing", example)
		}
	}
}

// What sam local serves is what is deployed, but for where the authorizer's function is.
func TestLocalTemplatesAreTheDeployedOnes(t *testing.T) {
	for _, example := range []string{"attach-http-api", "attach-rest-api", "machine-client"} {
		deployed := stack.Read(t, filepath.Join("examples", example, "template.yaml"))
		local := stack.Read(t, filepath.Join("examples", example, "local.yaml"))
		for path, of := range map[string]string{"Events": "Orders", "GatewayResponses": "Api", "StageName": "Api"} {
			got, want := local.Resources[of].Properties[path], deployed.Resources[of].Properties[path]
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s of %s is\n%v\nwant\n%v", example, path, of, got, want)
			}
		}
		auth := stack.At(deployed.Resources["Api"].Properties, "Auth").(stack.Map)
		session := stack.At(auth, "Authorizers", "Session").(stack.Map)
		session["FunctionArn"] = stack.Map{"Fn::GetAtt": []any{"Authorize", "Arn"}}
		if got := stack.At(local.Resources["Api"].Properties, "Auth"); !reflect.DeepEqual(got, auth) {
			t.Errorf("%s: Auth is\n%v\nwant\n%v", example, got, auth)
		}
	}
}

// The lines that attach the authorizer are five, and the pages print them as they are.
func TestPagesPrintTheFiveLines(t *testing.T) {
	for example, pages := range map[string][]string{
		"attach-http-api": {"README.md", "examples/attach-http-api/README.md"},
		"attach-rest-api": {"examples/attach-rest-api/README.md"},
		"machine-client":  {"examples/machine-client/README.md"},
	} {
		lines := attaching(t, filepath.Join("examples", example, "template.yaml"))
		if len(lines) != 5 {
			t.Errorf("%s: %d lines attach the authorizer: %q", example, len(lines), lines)
		}
		for _, page := range pages {
			raw, err := os.ReadFile(filepath.Join(stack.Root(t), page))
			if err != nil {
				t.Fatal(err)
			}
			if block := "```yaml\n" + strings.Join(lines, "\n") + "\n```"; !strings.Contains(string(raw), block) {
				t.Errorf("%s does not print\n%s", page, block)
			}
		}
	}
}

// attaching returns the lines of a template's Auth property, without comments.
func attaching(t *testing.T, file string) (lines []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(stack.Root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	const indent = "      "
	inside := false
	for line := range strings.SplitSeq(string(raw), "\n") {
		text, _ := strings.CutPrefix(line, indent)
		inside = text == "Auth:" || inside && strings.HasPrefix(text, " ")
		if inside {
			text, _, _ = strings.Cut(text, " #")
			lines = append(lines, text)
		}
	}
	return lines
}
