package site_test

import (
	"errors"
	"strings"
	"testing"

	"coatcheck/core/httpapi"
	"coatcheck/core/settings"
	"coatcheck/functions/internal/site"
)

// Every setting that is wrong is named in one error, and no secret is repeated.
func TestFaults(t *testing.T) {
	given := map[string]string{
		"COATCHECK_TAG_KEYS": "hunter2", "COATCHECK_ORIGIN": "app.example.com", "COATCHECK_SAME_SITE": "none",
		"COATCHECK_PER_USER": "none", "AWS_ENDPOINT_URL_DYNAMODB": "here",
	}
	err := site.Run(t.Context(), func(name string) string { return given[name] }, (*httpapi.API).PublicHandler)
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
