package memory_test

import (
	"testing"

	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry/truthtest"
)

func TestMetricsAreTrue(t *testing.T) {
	truthtest.Run(t, memory.New(), truthtest.Load{Operations: 100_000, Clients: 8, Seed: 1})
}
