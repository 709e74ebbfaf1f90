package servertest_test

import (
	"testing"

	"coatcheck/core/store/historytest"
)

func TestLocalHistory(t *testing.T) {
	historytest.Run(t, local.sessions(t), historytest.LoadOf(100_000, 3_000))
}
