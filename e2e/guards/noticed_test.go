package guards_test

import (
	"regexp"
	"strings"
	"testing"
)

// noticed reports whether what the go command printed shows that the named test failed:
// it says so, which it does also of a test that panics, or the goroutine that panicked
// runs a function of the test. A test that is stopped for its time has noticed something
// only where the entry says that it hangs.
func (g *guard) noticed(out string) bool {
	if _, running, stopped := strings.Cut(out, "panic: test timed out after "); stopped {
		return g.hangs && regexp.MustCompile(`(?m)^\s+`+regexp.QuoteMeta(g.test)+` \(`).MatchString(running)
	}
	return regexp.MustCompile(`(?m)^\s*--- FAIL: `+regexp.QuoteMeta(g.test)+` \(`).MatchString(out) || g.panicked(out)
}

// panicked reports whether the goroutine that a panic ended runs a function of the test:
// it is the first one whose stack is printed.
func (g *guard) panicked(out string) bool {
	_, after, panicked := strings.Cut(out, "\npanic: ")
	_, stack, printed := strings.Cut(after, "\ngoroutine ")
	stack, _, _ = strings.Cut(stack, "\n\n")
	name, _, _ := strings.Cut(g.test, "/")
	return panicked && printed && regexp.MustCompile(`(?m)^\S+\.`+name+`[.(]`).MatchString(stack)
}

func TestNoticed(t *testing.T) {
	const stopped = "panic: test timed out after 3m0s\n\trunning tests:\n\t\tTestEnd (3m0s)\n\ngoroutine 9 [running]:\ntesting.(*M).startAlarm.func1()\n"
	const stack = "\ngoroutine 7 [running]:\n%s\n\t/a/b_test.go:1 +0x1\n\ngoroutine 8 [select]:\nx.TestEnd(0x1)\n"
	in := func(function string) string {
		return "=== x\npanic: runtime error\n" + strings.Replace(stack, "%s", function, 1) + "FAIL\tx\t0.1s\n"
	}
	for name, c := range map[string]struct {
		out   string
		hangs bool
		want  bool
	}{
		"it failed":                        {"--- FAIL: TestEnd (0.00s)\n    x_test.go:1: no\nFAIL\n", false, true},
		"it panicked":                      {"--- FAIL: TestEnd (0.00s)\n" + in("x.helper(...)"), false, true},
		"a subtest of another did":         {"--- FAIL: TestAll (0.00s)\n    --- FAIL: TestAll/TestEnd (0.00s)\n", false, false},
		"one whose name goes on did":       {"--- FAIL: TestEndAll (0.00s)\n", false, false},
		"one of its goroutines panicked":   {in("x.TestEnd.func1()"), false, true},
		"another goroutine panicked":       {in("x.serve(0x1)"), false, false},
		"a test with a longer name did":    {in("x.TestEndAll.func1()"), false, false},
		"it hung, as it should":            {stopped, true, true},
		"it hung":                          {stopped, false, false},
		"another hung":                     {strings.ReplaceAll(stopped, "TestEnd", "TestEndAll"), true, false},
		"it was to hang, and failed":       {"--- FAIL: TestEnd (0.00s)\n", true, true},
		"it prints what a panic prints":    {"x_test.go:1: panic: no\nFAIL\n", false, false},
		"the package's set-up came to end": {"FAIL\tx\t0.1s\n", false, false},
	} {
		g := guard{test: "TestEnd", hangs: c.hangs}
		if got := g.noticed(c.out); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}
