package bench_test

import (
	"testing"
	"time"
)

// starts is how often each function is started at least.
const starts = 30

// BenchmarkColdStart is the time from just before exec until the first answer has come,
// and the CPU time of that. The function has an empty environment but for what Lambda
// sets and its own settings, and the stand-in speaks plain HTTP: no TLS.
func BenchmarkColdStart(b *testing.B) {
	v := newVisitor(b)
	both := functions(b, v, newStandIn(b, v))
	event := v.event(v.token)
	b.Run("wall", func(b *testing.B) {
		compare(b, "ms", time.Millisecond, starts, func(ours bool) time.Duration {
			start := time.Now()
			f := both[index(ours)].start(b)
			mustAllow(b, f, event)
			took := time.Since(start)
			f.Close()
			return took
		})
	})
	b.Run("cpu", func(b *testing.B) {
		compare(b, "cpu-ms", time.Millisecond, starts, func(ours bool) time.Duration {
			f := both[index(ours)].start(b)
			mustAllow(b, f, event)
			took := cpu(b, f.PID())
			f.Close()
			return took
		})
	})
	// What is left to the first invocation, which Lambda throttles as it does no start.
	b.Run("first-invocation", func(b *testing.B) {
		compare(b, "cpu-ms", time.Millisecond, starts, func(ours bool) time.Duration {
			f := both[index(ours)].start(b)
			ready(b, f)
			pid := f.PID()
			start := cpu(b, pid)
			mustAllow(b, f, event)
			took := cpu(b, pid) - start
			f.Close()
			return took
		})
	})
}
