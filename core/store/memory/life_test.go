package memory_test

import (
	"testing"

	"coatcheck/core/store/lifetest"
	"coatcheck/core/store/memory"
)

func TestLife(t *testing.T) {
	t.Parallel()
	lifetest.Run(t, func(*testing.T) lifetest.Stores {
		return lifetest.Stores{Sessions: memory.New(), Accounts: memory.NewAccounts()}
	})
}
