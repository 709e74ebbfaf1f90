package samlocal_test

import (
	"os/exec"
	"strings"
	"testing"

	"coatcheck/e2e/program"
)

// The canary finds from outside what the other tests find from within: not one call is
// allowed after an end was acknowledged. What it calls an outage decides nothing, and is
// asked again: a container takes its time to start.
func TestCanary(t *testing.T) {
	a := served(t, "deployment")
	exe := program.Build(t)
	var out []byte
	for try := 1; try <= 5; try++ {
		cmd := exec.Command(exe, "canary", "--url", a.address, "--username", "demo", "--password-stdin", "--protected", "/demo", "--within", "30s")
		cmd.Stdin = strings.NewReader(password())
		var err error
		out, err = cmd.CombinedOutput()
		if err == nil {
			t.Logf("%s", out)
			break
		}
		if try == 5 || !strings.Contains(string(out), "outage") || strings.Contains(string(out), "failed  ") {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("again, after try %d:\n%s", try, out)
	}
	for _, secret := range []string{password(), "__Host-sid"} {
		if strings.Contains(string(out), secret) {
			t.Errorf("the canary prints %q", secret)
		}
	}
}
