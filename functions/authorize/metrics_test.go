package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"coatcheck/functions/internal/lambdatest"
)

// The binary's metrics stand beside its log, each in a line of its own: that the store is
// down at once, what is ordinary when Lambda ends the process at the latest.
func TestBinaryTellsMetrics(t *testing.T) {
	f := start(t, broken(t))
	cookie := genuine(t)
	forged := get([]string{cookie[:len(cookie)-2] + "AA"}, nil)
	invoke(t, f, forged)
	if !waited(f, "ColdStarts") {
		t.Errorf("the first answer tells nothing:\n%s", f.Output())
	}
	invoke(t, f, get([]string{cookie}, nil))
	if !waited(f, `"Outcome":"unavailable"`) {
		t.Fatalf("nothing says that the store is down:\n%s", f.Output())
	}
	for range 5 {
		invoke(t, f, forged)
	}
	if err := syscall.Kill(f.PID(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-f.Exited():
	case <-time.After(10 * time.Second):
		t.Fatal("SIGTERM does not end it")
	}
	got := sums(t, f)
	for name, want := range map[string]float64{
		"ColdStarts Function=authorize": 1, "Lookups Outcome=forged": 6, "Lookups Outcome=unavailable": 1,
		"StoreCalls Store=sessions Result=error": 2, // the start's and the look-up's
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v, in\n%s", name, got[name], want, f.Output())
		}
	}
	if strings.Contains(f.Output(), strings.TrimPrefix(cookie, "__Host-sid=")) {
		t.Error("the token stands in the output")
	}
}

// waited waits until the output has a text, for the lines are written behind the answers.
func waited(f *lambdatest.Function, text string) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if strings.Contains(f.Output(), text) {
			return true
		}
		<-time.After(5 * time.Millisecond)
	}
	return false
}

// sums adds up what the lines of metrics say.
func sums(t *testing.T, f *lambdatest.Function) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for line := range strings.Lines(f.Output()) {
		var d struct {
			AWS struct {
				Directives []struct {
					Dimensions [][]string
					Metrics    []struct{ Name string }
				} `json:"CloudWatchMetrics"`
			} `json:"_aws"`
			Level string
		}
		root := map[string]any{}
		if json.Unmarshal([]byte(line), &d) != nil || json.Unmarshal([]byte(line), &root) != nil || d.Level == "" {
			t.Errorf("no line of JSON with a level: %s", line)
		}
		for _, one := range d.AWS.Directives {
			for _, m := range one.Metrics {
				name := m.Name
				for _, dimension := range one.Dimensions[0] {
					name += " " + dimension + "=" + root[dimension].(string)
				}
				if n, ok := root[m.Name].(float64); ok {
					out[name] += n
				}
			}
		}
	}
	return out
}
