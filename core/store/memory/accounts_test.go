package memory_test

import (
	"testing"

	"coatcheck/core/signin"
	"coatcheck/core/signin/accountstest"
	"coatcheck/core/store/memory"
)

func TestAccounts(t *testing.T) {
	accountstest.Run(t, func(*testing.T) signin.Accounts { return memory.NewAccounts() })
}
