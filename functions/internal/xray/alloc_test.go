//go:build !race

package xray_test

import (
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/xray"
)

// With tracing on, a call costs what docs/operations.md#traces says. The race detector
// makes sync.Pool forget on purpose, so allocations are counted without it.
func TestTracingAllocatesNoMoreThanItSays(t *testing.T) {
	allocated := func(o dynamo.ClientOptions, header string) float64 {
		store := dynamo.NewSessions(dynamo.NewClient(o), "sessions-table")
		ctx := traced(t.Context(), header)
		return testing.AllocsPerRun(500, func() { _, _ = store.Read(ctx, session.Query{Sessions: []session.ID{{1}}}) })
	}
	for name, c := range map[string]struct {
		header string
		most   float64
	}{
		"sampled":     {sampled, 10},
		"not sampled": {"Root=" + trace + ";Parent=" + parent + ";Sampled=0", 4},
	} {
		t.Run(name, func(t *testing.T) {
			off, on := allocated(options(database{200, `{}`}), c.header), allocated(xray.Trace(options(database{200, `{}`}), newDaemon(t).at), c.header)
			t.Logf("%v allocations off, %v on", off, on)
			if on > off+c.most {
				t.Errorf("%v allocations, %v without tracing: want %v more at most", on, off, c.most)
			}
		})
	}
}
