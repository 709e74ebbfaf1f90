//go:build !race

package session

import "testing"

// The race detector makes sync.Pool forget on purpose, so allocations are counted
// without it.
func TestParseAllocatesNothingOnRefusal(t *testing.T) {
	keys := testKeys(t, 1, 2)
	forged := testKeys(t, 3).mint(PartitionOf("alice"), testTime).Reveal()
	for name, text := range map[string]string{"forged": forged, "malformed": forged[1:], "version": "B" + forged[1:]} {
		if n := testing.AllocsPerRun(200, func() { _, _ = keys.parse(text) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}
