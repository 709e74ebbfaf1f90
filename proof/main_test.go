package proof_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain sets how much rapid draws.
func TestMain(m *testing.M) {
	checks := "500"
	if whole() {
		checks = "25000"
	}
	_ = flag.Set("rapid.checks", checks)
	_ = flag.Set("rapid.steps", "60") // on average; enough for somebody to act, and to be used
	_ = flag.Set("rapid.nofailfile", "true")
	flag.Parse()
	os.Exit(m.Run())
}
