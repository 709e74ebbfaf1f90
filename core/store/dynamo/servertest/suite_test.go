package servertest_test

import (
	"strings"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/accountstest"
	"coatcheck/core/store/storetest"
)

func TestLocalSessions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) session.Store { return local.sessions(t) })
}

func TestLocalAccounts(t *testing.T) {
	t.Parallel()
	accountstest.Run(t, func(t *testing.T) signin.Accounts { return local.accounts(t) })
}

// What moto 5.2.5 does otherwise than DynamoDB documents.
const (
	noExpression = "moto answers 500 to an UpdateItem without an UpdateExpression, which the API calls optional"
	noAtoms      = "moto checks a condition and writes in two steps, so of two writers at once both may win"
)

func TestMotoSessions(t *testing.T) {
	t.Parallel()
	options := []storetest.Option{
		storetest.Without("update-of-no-part-changes-nothing", noExpression),
		storetest.Without("sharing-nothing-with-what-update-returns", noExpression),
	}
	for _, c := range storetest.Checks() {
		if strings.HasPrefix(c.Name, "race-of-") {
			options = append(options, storetest.Without(c.Name, noAtoms))
		}
	}
	storetest.Run(t, func(t *testing.T) session.Store { return moto.sessions(t) }, options...)
}

func TestMotoAccounts(t *testing.T) {
	t.Parallel()
	var options []accountstest.Option
	for _, c := range accountstest.Checks() {
		if strings.HasSuffix(c.Name, " race") {
			options = append(options, accountstest.Without(c.Name, noAtoms))
		}
	}
	accountstest.Run(t, func(t *testing.T) signin.Accounts { return moto.accounts(t) }, options...)
}

func BenchmarkLookup(b *testing.B) {
	storetest.BenchmarkLookup(b, func(b *testing.B) session.Store { return local.sessions(b) })
}
