package bolt_test

import (
	"testing"

	"coatcheck/core/store/lifetest"
)

func TestLife(t *testing.T) {
	t.Parallel()
	lifetest.Run(t, func(t *testing.T) lifetest.Stores {
		db := open(t)
		return lifetest.Stores{Sessions: db.Sessions(), Accounts: db.Accounts()}
	})
}
