package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"coatcheck/local/canary"
)

// TestCanary runs the canary against the program itself, as CI runs it against a
// deployment.
func TestCanary(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	addUser(t, data, "canary")
	run := func(args ...string) (out, errs string, code int) {
		t.Helper()
		return operate(t, data, testPassword+"\n", append([]string{"canary", "--url", p.origin, "--username", "canary", "--password-stdin"}, args...)...)
	}

	for _, path := range []string{"/session", "/authorize", "/account/sessions?limit=1"} {
		out, errs, code := run("--protected", path)
		if code != exitOK || strings.Count(out, "passed ") != 2 || strings.Count(out, "no call allowed after it") != 2 {
			t.Errorf("%s: exit %d\n%s%s", path, code, out, errs)
		}
		for _, want := range []string{"POST /login ", "POST /logout ", "POST /account/sessions/end-others ", "GET " + path, "refused (5 times)"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", path, want, out)
			}
		}
		if strings.Contains(out+errs, testPassword) {
			t.Errorf("it shows the password:\n%s%s", out, errs)
		}
	}

	out, errs, code := run("--json", "--count", "3", "--every", "1ms")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(lines) != 3 {
		t.Errorf("exit %d, %d lines\n%s%s", code, len(lines), out, errs)
	}
	for _, line := range lines {
		var r canary.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Verdict != canary.Passed || len(r.Rounds) != 2 || r.URL != p.origin {
			t.Errorf("%v: %s", err, line)
		}
	}

	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"a path that no session is needed for", "calls were allowed after the end was acknowledged, none was refused within 2s", []string{"--protected", "/healthz", "--within", "2s"}},
		{"a path that is none", "/nowhere answers status 404 before the end", []string{"--protected", "/nowhere"}},
		{"a role that is lacking", "/admin/sessions is refused before the end (status 403)", []string{"--protected", "/admin/sessions"}},
		{"somebody who is not known", "see that name and password are right", []string{"--username", "nobody"}},
	} {
		out, errs, code := run(c.args...)
		if code != exitFailed || !strings.Contains(out, c.want) || !strings.Contains(errs, "1 of 1 runs did not pass") {
			t.Errorf("%s: exit %d\n%s%s", c.name, code, out, errs)
		}
	}

	p.stop()
	if out, errs, code := run("--within", "1s"); code != exitFailed || strings.Count(out, "outage") < 2 || strings.Contains(out, "passed") {
		t.Errorf("of a server that is down: exit %d\n%s%s", code, out, errs)
	}
}

// TestCanaryAsMonitor: an interrupt ends it, and what passed until then has passed.
func TestCanaryAsMonitor(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	addUser(t, data, "canary")
	cmd := asProgram(t.Context(), "canary", "--url", p.origin, "--username", "canary", "--every", "1h", "--json")
	cmd.Env = append(cmd.Env, "COATCHECK_CANARY_PASSWORD="+testPassword)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, `"verdict":"passed"`) {
		t.Errorf("%v: %q", err, line)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &errs)
	}
}

func TestCanaryUsage(t *testing.T) {
	good := []string{"--url", "https://app.example.com", "--username", "canary"}
	for _, c := range []struct {
		name, stdin, want string
		args              []string
	}{
		{"no URL", "x\n", "--url", []string{"--username", "canary", "--password-stdin"}},
		{"no name", "x\n", "--username", []string{"--url", "https://app.example.com", "--password-stdin"}},
		{"plain http", "x\n", "--url: want https://host", []string{"--url", "http://app.example.com", "--username", "canary", "--password-stdin"}},
		{"a password in the URL", "x\n", "--url: want https://host", []string{"--url", "https://u:SECRET@app.example.com", "--username", "canary", "--password-stdin"}},
		{"another host", "x\n", "--protected: want a path", append(good, "--password-stdin", "--protected", "//evil.example")},
		{"no time", "x\n", "--within: want a duration", append(good, "--password-stdin", "--within", "0s")},
		{"a time that runs backwards", "x\n", "--every: want a duration", append(good, "--password-stdin", "--every=-1s")},
		{"a count of less than none", "x\n", "--count: want a number", append(good, "--password-stdin", "--count=-1")},
		{"no password", "", "COATCHECK_CANARY_PASSWORD is not set", good},
		{"no line", "", "standard input must hold the password", append(good, "--password-stdin")},
	} {
		out, errs, code := operate(t, dataFolder(t), c.stdin, append([]string{"canary"}, c.args...)...)
		if code != exitUsage || !strings.Contains(errs, c.want) || strings.Contains(out+errs, "SECRET") {
			t.Errorf("%s: exit %d, %s%s; want %s", c.name, code, out, errs, c.want)
		}
	}
}
