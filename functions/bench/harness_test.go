// Package bench_test measures what the functions cost: one look-up, a whole warm
// invocation, a cold start, a binary's size. Beside each stands "plain", the same in the
// shape that everybody writes (functions/bench/plain), measured in the same run and in
// turn, against a DynamoDB that answers at once (standin_test.go). Only the ratios carry
// over to another machine. Times are reported and never judged; counts of requests are
// exact, and judged.
package bench_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/functions/internal/lambdatest"
)

func TestMain(m *testing.M) {
	if canned := os.Getenv(standInVariable); canned != "" {
		if err := serveStandIn(canned); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	code := m.Run()
	if builds.folder != "" {
		_ = os.RemoveAll(builds.folder)
	}
	os.Exit(code)
}

// builds are the binaries built so far, by package; TestMain removes them.
var builds struct {
	sync.Mutex
	folder string
	paths  map[string]string
}

// bootstrap returns the binary of a package, built once.
func bootstrap(tb testing.TB, pkg string) string {
	tb.Helper()
	builds.Lock()
	defer builds.Unlock()
	if path := builds.paths[pkg]; path != "" {
		return path
	}
	if builds.folder == "" {
		folder, err := os.MkdirTemp("", "bench")
		if err != nil {
			tb.Fatal(err)
		}
		builds.folder, builds.paths = folder, map[string]string{}
	}
	path, err := lambdatest.Build(builds.folder, pkg)
	if err != nil {
		tb.Fatal(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil { // as /proc tells it
		tb.Fatal(err)
	}
	builds.paths[pkg] = path
	return path
}

// The packages that are compared, in this order everywhere.
const (
	oursPackage  = "coatcheck/functions/authorize"
	plainPackage = "coatcheck/functions/bench/plain"
)

// function is a built function and its environment beside what Lambda sets.
type function struct {
	bootstrap string
	env       []string
}

// functions returns ours and plain, which ask the same stand-in.
func functions(tb testing.TB, v *visitor, s *standIn, env ...string) [2]function {
	tb.Helper()
	env = append(append(v.settings(), "AWS_ENDPOINT_URL_DYNAMODB="+s.url), env...)
	return [2]function{{bootstrap(tb, oursPackage), env}, {bootstrap(tb, plainPackage), env}}
}

func (f function) start(tb testing.TB) *lambdatest.Function {
	tb.Helper()
	running, err := lambdatest.Start(f.bootstrap, f.env...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(running.Close)
	return running
}

// invocationTime bounds what is waited for.
const invocationTime = 20 * time.Second

func ready(tb testing.TB, f *lambdatest.Function) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), invocationTime)
	defer cancel()
	if _, err := f.Ready(ctx); err != nil {
		tb.Fatal(err)
	}
}

// invoke reports whether the function lets an event in; it must answer.
func invoke(tb testing.TB, f *lambdatest.Function, event []byte) (allowed bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), invocationTime)
	defer cancel()
	answer, err := f.Invoke(ctx, event)
	if err != nil || answer.Failure != nil {
		tb.Fatalf("%v, %+v; it wrote: %s", err, answer.Failure, f.Output())
	}
	return strings.HasPrefix(string(answer.Body), `{"isAuthorized":true,`)
}

// mustAllow invokes a function with an event that it must let in.
func mustAllow(tb testing.TB, f *lambdatest.Function, event []byte) {
	tb.Helper()
	if !invoke(tb, f, event) {
		tb.Fatalf("a genuine session was denied; it wrote: %s", f.Output())
	}
}
