package servertest_test

import (
	"testing"

	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/lifetest"
)

func TestLocalLife(t *testing.T) {
	t.Parallel()
	lifetest.Run(t, func(t *testing.T) lifetest.Stores {
		names := local.tables(t)
		return lifetest.Stores{
			Sessions: dynamo.NewSessions(local.client(), names.Sessions),
			Accounts: dynamo.NewAccounts(local.client(), names.Accounts),
		}
	})
}
