package bench_test

import (
	"os"
	"testing"
	"time"

	"coatcheck/functions/internal/lambdatest"
)

// BenchmarkInvocation is a whole warm invocation of the built binary: next, one read,
// response. It reports the CPU time, user and system, of the function's process.
func BenchmarkInvocation(b *testing.B) {
	const invocations, warm = 100, 200
	v := newVisitor(b)
	s := newStandIn(b, v)
	event := v.event(v.token)
	var running [2]*lambdatest.Function
	var pids [2]int
	for i, f := range functions(b, v, s, "GOMAXPROCS=1") {
		running[i] = f.start(b)
		for range warm {
			mustAllow(b, running[i], event)
		}
		pids[i] = running[i].PID()
	}
	pin(b, pids[:], s.pid, os.Getpid())
	sent, n := s.requests(b), 0
	var connections [2]int
	compare(b, "cpu-us", invocations*time.Microsecond, 60, func(ours bool) time.Duration {
		i := index(ours)
		before, start := s.tally(b).Connections, cpu(b, pids[i])
		for range invocations {
			mustAllow(b, running[i], event)
		}
		took := cpu(b, pids[i]) - start
		connections[i] += s.tally(b).Connections - before
		n += invocations
		return took
	})
	mustHaveSent(b, s, sent, n)
	b.Logf("%d invocations; ours opened %d connections meanwhile, plain %d", n, connections[0], connections[1])
}

// index is where ours and plain stand.
func index(ours bool) int {
	if ours {
		return 0
	}
	return 1
}
