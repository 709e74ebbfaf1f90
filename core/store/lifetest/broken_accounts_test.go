package lifetest_test

import "coatcheck/core/signin"

func brokenAccounts() []mistake {
	return []mistake{
		{what: "who is disabled is not kept", accounts: func(a *signin.Account) { a.Disabled = false }, caught: []string{"account-disabled"}},
		{what: "who was disabled stays so", accounts: func(a *signin.Account) {
			for _, c := range a.Changes {
				a.Disabled = a.Disabled || c.What == "disabled"
			}
		}, caught: []string{"account-enabled"}},
		{what: "a new password is not kept", accounts: func(a *signin.Account) { a.Password = "$plain$plum_otter_violet_kayak" }, caught: []string{"account-password-reset"}},
		{what: "new roles are not kept", accounts: func(a *signin.Account) { a.Roles = nil }, caught: []string{"account-roles-changed"}},
		{what: "the newest change alone is kept", accounts: func(a *signin.Account) { a.Changes = a.Changes[len(a.Changes)-1:] }, caught: []string{"account-changes-are-kept"}},
	}
}
