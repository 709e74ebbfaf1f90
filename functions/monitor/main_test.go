package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"coatcheck/core/settings"
	"coatcheck/e2e/template/stack"
)

// Every setting that is wrong is named in one error.
func TestFaults(t *testing.T) {
	given := map[string]string{"COATCHECK_MONITOR_EVERY": "2h", "COATCHECK_PER_USER": "none", "AWS_ENDPOINT_URL_DYNAMODB": "here"}
	err := run(t.Context(), func(name string) string { return given[name] })
	if !errors.Is(err, settings.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`COATCHECK_MONITOR_EVERY is "2h": want 1s to 1h0m0s`, `COATCHECK_PER_USER is "none": want`, `COATCHECK_SESSIONS_TABLE is "": want`,
		`COATCHECK_TAG_KEYS_SECRET is "": want`, `AWS_REGION is "": want`, `AWS_ENDPOINT_URL_DYNAMODB is "here": want a URL`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

// The template gives it the variables that it reads, and no others: no tag key among them.
func TestTemplatesVariables(t *testing.T) {
	var asked []string
	if err := run(t.Context(), func(name string) string { asked = append(asked, name); return "" }); err == nil {
		t.Fatal("it starts without settings")
	}
	for _, fault := range stack.Read(t, "template.yaml").VariableFaults("Monitor", asked) {
		t.Error(fault)
	}
	if strings.Contains(strings.Join(asked, " ")+" ", "COATCHECK_TAG_KEYS ") {
		t.Error("it reads the tag keys")
	}
}

func TestKeyMade(t *testing.T) {
	created, changed := time.Unix(1000, 0), time.Unix(2000, 0)
	for name, c := range map[string]struct {
		answer *secretsmanager.DescribeSecretOutput
		err    error
		want   time.Time
		fails  string
	}{
		"changed":   {answer: &secretsmanager.DescribeSecretOutput{CreatedDate: &created, LastChangedDate: &changed}, want: changed},
		"never yet": {answer: &secretsmanager.DescribeSecretOutput{CreatedDate: &created}, want: created},
		"no date":   {answer: &secretsmanager.DescribeSecretOutput{}, fails: "the answer has no date"},
		"refused":   {err: errors.New("AccessDenied"), fails: "secretsmanager:DescribeSecret: AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked string
			s := secret{func(_ context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
				asked = *in.SecretId
				return c.answer, c.err
			}, "arn"}
			got, err := s.made(t.Context())
			if !got.Equal(c.want) || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) || asked != "arn" {
				t.Errorf("got %v, %v; asked for %q", got, err, asked)
			}
		})
	}
}

// It is linked to read a secret's dates and nothing else of Secrets Manager.
func TestReadsNoSecret(t *testing.T) {
	for _, name := range linked(t) {
		if name != "DescribeSecret" {
			t.Errorf("it links secretsmanager's %s", name)
		}
	}
}
