package site_test

import (
	"errors"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
	"coatcheck/core/settings"
	"coatcheck/e2e/template/stack"
	"coatcheck/functions/internal/site"
)

// Every setting that is wrong is named in one error, and no secret is repeated.
func TestFaults(t *testing.T) {
	given := map[string]string{
		"COATCHECK_TAG_KEYS": "hunter2", "COATCHECK_ORIGIN": "app.example.com", "COATCHECK_SAME_SITE": "none",
		"COATCHECK_PER_USER": "none", "AWS_ENDPOINT_URL_DYNAMODB": "here",
	}
	err := site.Run(t.Context(), func(name string) string { return given[name] }, "login", (*httpapi.API).PublicHandler)
	if !errors.Is(err, settings.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`COATCHECK_TAG_KEYS is "[redacted]": want`, `COATCHECK_ORIGIN is "app.example.com": want scheme://host`,
		`COATCHECK_SAME_SITE is "none": want lax or strict`, `COATCHECK_PER_USER is "none": want`,
		`COATCHECK_SESSIONS_TABLE is "": want`, `COATCHECK_ACCOUNTS_TABLE is "": want`,
		`AWS_REGION is "": want`, `AWS_ENDPOINT_URL_DYNAMODB is "here": want a URL`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is repeated: %v", err)
	}
}

// The template gives login and admin the variables that they read, and no others.
func TestTemplatesVariables(t *testing.T) {
	var asked []string
	err := site.Run(t.Context(), func(name string) string { asked = append(asked, name); return "" }, "admin", (*httpapi.API).AdminHandler)
	if err == nil || len(asked) == 0 {
		t.Fatalf("it starts without settings, having asked for %q", asked)
	}
	for _, function := range []string{"Login", "Admin"} {
		for _, fault := range stack.Read(t, "template.yaml").VariableFaults(function, asked) {
			t.Error(fault)
		}
	}
}
