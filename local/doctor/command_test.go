package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

// TestCommand runs "coatcheck doctor" as an operator does, AWS's answers coming from
// testdata.
func TestCommand(t *testing.T) {
	exe := program.Build(t)
	home := t.TempDir()
	f := healthy(t)
	f.now = time.Now()
	inOrder := httptest.NewServer(f)
	t.Cleanup(inOrder.Close)
	g := healthy(t)
	g.now = f.now
	g.edit(restList, `"authorizerResultTtlInSeconds": 0`, `"authorizerResultTtlInSeconds": 300`)
	g.fail("secretsmanager.DescribeSecret", 400, "AccessDeniedException")
	broken := httptest.NewServer(g)
	t.Cleanup(broken.Close)
	leaky := filepath.Join(home, "leaky")
	if err := os.WriteFile(leaky, []byte("[default]\ncredential_process = echo SECRET-SESSION-TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := []string{"AWS_ACCESS_KEY_ID=AKIDTEST", "AWS_SECRET_ACCESS_KEY=test"}
	region := []string{"--region", "eu-central-1"}

	for _, c := range []struct {
		name        string
		url         string
		env, args   []string
		code        int
		out, errOut string // parts of what is printed
	}{
		{"in order", inOrder.URL, keys, region, 0, "ok       authorizer-ttl    " + reports + ": TTL 0: the function is asked with every call\n", ""},
		{"in order, as JSON", inOrder.URL, keys, append(region, "--json"), 0, `"check": "authorizer-ttl"`, ""},
		{
			"not in order", broken.URL, keys, region, 1,
			"FAIL     authorizer-ttl    " + reports + ": TTL 300 s: what was ended is let in for so long. To do: set AuthorizerResultTtlInSeconds (in SAM: Identity.ReauthorizeEvery) to 0 and deploy the API's stages\n",
			"1 failed and 1 could not be answered",
		},
		{"not in order, as JSON", broken.URL, keys, append(region, "--json"), 1, `"status": "FAIL"`, "1 failed and 1 could not be answered"},
		{"no Region", inOrder.URL, keys, nil, 2, "", "give --region, or set AWS_REGION"},
		{"a Region that is none", inOrder.URL, keys, []string{"--region", "evil.example/#"}, 2, "", "want an AWS Region"},
		{"a stack that is none", inOrder.URL, keys, append(region, "--stack", "a b"), 2, "", "want the name of a CloudFormation stack"},
		{"no time", inOrder.URL, keys, append(region, "--timeout", "0s"), 2, "", "want a duration"},
		{"time that is none", inOrder.URL, keys, append(region, "--timeout", "soon"), 2, "", "--timeout"},
		{"no credentials", inOrder.URL, nil, region, 1, "", "AWS credentials: there are none that can be used"},
		{"credentials from a process that prints what is none", inOrder.URL, []string{"AWS_CONFIG_FILE=" + leaky}, region, 1, "", "AWS credentials: there are none that can be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), exe, append([]string{"doctor"}, c.args...)...)
			cmd.Env = append([]string{
				"AWS_ENDPOINT_URL=" + c.url, "AWS_EC2_METADATA_DISABLED=true", "HOME=" + home, "PATH=" + os.Getenv("PATH"),
			}, c.env...)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errOut) {
				t.Errorf("exit %d, printed\n%s\nand\n%s\nwant exit %d, %q, %q", got, &out, &errs, c.code, c.out, c.errOut)
			}
			if strings.Contains(out.String()+errs.String(), "SECRET-SESSION-TOKEN") {
				t.Errorf("it shows a secret:\n%s%s", &out, &errs)
			}
			var report Report
			if strings.HasSuffix(c.name, "as JSON") && (json.Unmarshal(out.Bytes(), &report) != nil || len(report.Findings) < 40) {
				t.Errorf("no report: %s", &out)
			}
		})
	}
}
