package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"coatcheck/core/settings"
	"coatcheck/e2e/template/stack"
)

// Every setting that is wrong is named in one error, and no secret is repeated.
func TestFaults(t *testing.T) {
	given := map[string]string{
		"COATCHECK_TAG_KEYS": "hunter2", "COATCHECK_ORIGIN": "https://app.example.com, http://app.example.com",
		"COATCHECK_IDLE": "soon", "COATCHECK_LOG_LEVEL": "loud", "AWS_ENDPOINT_URL_DYNAMODB": "here",
		"AWS_SECRET_ACCESS_KEY": "hunter3",
	}
	err := run(t.Context(), func(name string) string { return given[name] })
	if !errors.Is(err, settings.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`COATCHECK_TAG_KEYS is "[redacted]": want`, `COATCHECK_ORIGIN is "http://app.example.com": want https`,
		`COATCHECK_IDLE is "soon": want`, `COATCHECK_LOG_LEVEL is "loud": want`,
		`COATCHECK_SESSIONS_TABLE is "": want`, `AWS_REGION is "": want`, `AWS_ACCESS_KEY_ID is "": want`,
		`AWS_ENDPOINT_URL_DYNAMODB is "here": want a URL`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("a secret is repeated: %v", err)
	}
	err = run(t.Context(), func(string) string { return "" })
	for _, want := range []string{"COATCHECK_TAG_KEYS", "COATCHECK_ORIGIN"} {
		if !strings.Contains(err.Error(), want+` is "": want`) {
			t.Errorf("%s is missing in:\n%v", want, err)
		}
	}
}

// The template gives the function the variables that it reads, and no others; what a
// parameter lets through the function understands.
func TestTemplatesVariables(t *testing.T) {
	template := stack.Read(t, "template.yaml")
	var asked []string
	_, err := read(func(name string) string { asked = append(asked, name); return "" })
	if err == nil {
		t.Error("no settings are enough")
	}
	for _, fault := range template.VariableFaults("Authorize", asked) {
		t.Error(fault)
	}
	for parameter, variable := range map[string]string{"HttpApiAnswers": "COATCHECK_HTTP_API_ANSWERS", "DenyStatus": "COATCHECK_DENY_STATUS"} {
		for _, word := range stack.At(template.Parameters[parameter], "AllowedValues").([]any) {
			_, err := read(func(name string) string { return map[string]string{variable: stack.Text(word)}[name] })
			if strings.Contains(err.Error(), variable) {
				t.Error(err)
			}
		}
	}
}

// What makes a start slow stays out.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", "coatcheck/functions/authorize").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		pkg = strings.TrimSpace(pkg)
		for _, forbidden := range []string{
			"html/template", "text/template", "golang.org/x/crypto/argon2", "oidc", "net/rpc",
			"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials",
			"github.com/aws/aws-sdk-go-v2/service/s", "github.com/aws/aws-lambda-go/events",
			"aws-lambda-go-api-proxy", "coatcheck/core/signin/", "coatcheck/functions/internal/lambdatest",
		} {
			if strings.Contains(pkg, forbidden) {
				t.Errorf("links %s", pkg)
			}
		}
		if pkg == "coatcheck/core/httpapi" {
			t.Errorf("links %s, which has templates", pkg)
		}
	}
}
