//go:build !linux

package bench_test

import (
	"testing"
	"time"
)

func cpu(b *testing.B, _ int) time.Duration {
	b.Helper()
	b.Skip("the CPU time of another process is read on Linux only")
	return 0
}
