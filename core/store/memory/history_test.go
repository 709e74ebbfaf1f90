package memory_test

import (
	"testing"

	"coatcheck/core/store/historytest"
	"coatcheck/core/store/memory"
)

func TestHistory(t *testing.T) {
	historytest.Run(t, memory.New(), historytest.LoadOf(1_000_000, 20_000))
}
