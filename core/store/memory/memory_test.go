package memory_test

import (
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) session.Store { return memory.New() })
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	storetest.RunDamaged(t, func(*testing.T) (session.Store, func(session.ID) error) {
		s := memory.New()
		return s, s.Damage
	})
}

func BenchmarkLookup(b *testing.B) {
	storetest.BenchmarkLookup(b, func(*testing.B) session.Store { return memory.New() })
}
