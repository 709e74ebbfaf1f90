package bench_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/session"
	"coatcheck/functions/bench/plain/lookup"
	"coatcheck/functions/internal/lambdatest"
)

// BenchmarkLookup is one look-up: by the Manager and the adapter, and by the SDK's
// defaults with attributevalue. "cpu" is both in turn, in this process's CPU time.
func BenchmarkLookup(b *testing.B) {
	v := newVisitor(b)
	s := newStandIn(b, v)
	pin(b, []int{os.Getpid()}, s.pid)
	ours, plain := ourLookup(b, v, s), plainLookup(b, v, s)
	b.Run("ours", func(b *testing.B) { benchLookup(b, s, ours) })
	b.Run("plain", func(b *testing.B) { benchLookup(b, s, plain) })
	b.Run("cpu", func(b *testing.B) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // testing sets it for each sub-benchmark
		const lookups = 100
		before, n := s.requests(b), 0
		compare(b, "cpu-us", lookups*time.Microsecond, 60, func(isOurs bool) time.Duration {
			look := plain
			if isOurs {
				look = ours
			}
			start := cpu(b, os.Getpid())
			repeat(b, lookups, look)
			n += lookups
			return cpu(b, os.Getpid()) - start
		})
		mustHaveSent(b, s, before, n)
	})
}

func benchLookup(b *testing.B, s *standIn, look func(context.Context) error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	repeat(b, 10, look) // the connection, and what is made once
	before := s.requests(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := look(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	mustHaveSent(b, s, before, b.N)
	b.ReportMetric(float64(s.requests(b)-before)/float64(b.N), "requests/op")
}

func repeat(b *testing.B, n int, look func(context.Context) error) {
	b.Helper()
	for range n {
		if err := look(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// mustHaveSent fails unless the stand-in was asked exactly so often.
func mustHaveSent(b *testing.B, s *standIn, before, want int) {
	b.Helper()
	if n := s.requests(b) - before; n != want {
		b.Fatalf("%d requests, want exactly %d", n, want)
	}
}

func ourLookup(b *testing.B, v *visitor, s *standIn) func(context.Context) error {
	manager := v.manager(b, s)
	return func(ctx context.Context) error {
		_, err := manager.Lookup(ctx, session.Presented{Token: v.token})
		return err
	}
}

func plainLookup(b *testing.B, v *visitor, s *standIn) func(context.Context) error {
	b.Helper()
	for _, line := range lambdatest.Environment() {
		if name, text, _ := strings.Cut(line, "="); strings.HasPrefix(name, "AWS_") {
			b.Setenv(name, text)
		}
	}
	nowhere := filepath.Join(b.TempDir(), "none") // the machine's own settings stay out
	b.Setenv("AWS_CONFIG_FILE", nowhere)
	b.Setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
	b.Setenv("AWS_ENDPOINT_URL_DYNAMODB", s.url)
	c, err := config.LoadDefaultConfig(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	table := lookup.Table{Client: dynamodb.NewFromConfig(c), Name: tableName}
	return func(ctx context.Context) error {
		_, err := table.Session(ctx, v.token)
		return err
	}
}
