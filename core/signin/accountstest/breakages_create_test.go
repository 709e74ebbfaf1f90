package accountstest

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/signin"
)

func createBreakages() []breakage {
	return []breakage{
		{"create keeps all", "loses the roles", spoils(func(a *signin.Account) { a.Roles = nil })},
		{"create keeps all", "cuts times to seconds", spoils(func(a *signin.Account) { a.CreatedAt = a.CreatedAt.Truncate(time.Second) })},
		{"create keeps all", "cuts change times to seconds", spoils(func(a *signin.Account) {
			for i := range a.Changes {
				a.Changes[i].At = a.Changes[i].At.Truncate(time.Second)
			}
		})},
		{"create keeps all", "stores the redacted hash", spoils(func(a *signin.Account) {
			text, _ := a.Password.MarshalText()
			a.Password = signin.PasswordHash(text)
		})},
		{"create keeps all", "loses the oldest change", spoils(func(a *signin.Account) { a.Changes = a.Changes[min(1, len(a.Changes)):] })},
		{"create keeps all", "forgets where changes came from", spoils(func(a *signin.Account) {
			for i := range a.Changes {
				a.Changes[i].From = ""
			}
		})},
		{"create keeps all", "forgets who is disabled", spoils(func(a *signin.Account) { a.Disabled = false })},
		{"create keeps all", "lists without the hash", spoilsList(func(page []signin.Account) []signin.Account {
			for i := range page {
				page[i].Password = ""
			}
			return page
		})},
		{"create counts from 1", "keeps the caller's version", func(b *broken) {
			versions := map[string]int{}
			b.create = func(ctx context.Context, a signin.Account) error {
				versions[a.Subject] = a.Version
				return b.Accounts.Create(ctx, a)
			}
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				a, err := b.Accounts.Get(ctx, subject)
				a.Version = versions[subject]
				return a, err
			}
		}},
		{"name unique", "reports success", afterCreate(func(*broken, signin.Account, error) error { return nil })},
		{"name unique", "moves the name", afterCreate(is(signin.ErrNameTaken, func(b *broken, a signin.Account) { b.maps(a.Name, a.Subject) }))},
		{"name unique", "leaves the account", afterCreate(is(signin.ErrNameTaken, (*broken).leaves))},
		{"name race", "looks before it writes", func(b *broken) {
			wait := barrier()
			b.create = func(ctx context.Context, a signin.Account) error {
				if _, err := b.Accounts.Subject(ctx, a.Name); err == nil {
					return signin.ErrNameTaken
				}
				wait()
				b.leaves(a)
				return nil
			}
			b.maps("anne", "usr_0")
		}},
		{"name race", "leaves the losers' accounts", afterCreate(is(signin.ErrNameTaken, (*broken).leaves))},
		{"name race", "gives the losers no sentinel", afterCreate(func(*broken, signin.Account, error) error { return errors.New("collision") })},
		{"subject unique", "leaves the name", afterCreate(is(signin.ErrSubjectTaken, func(b *broken, a signin.Account) { b.maps(a.Name, a.Subject) }))},
		{"subject unique", "overwrites the account", afterCreate(is(signin.ErrSubjectTaken, func(b *broken, a signin.Account) { _ = b.force(a) }))},
		{"subject unique", "reports success", afterCreate(func(*broken, signin.Account, error) error { return nil })},
		{"create repeated", "writes again", afterCreate(is(signin.ErrNameTaken, func(b *broken, a signin.Account) { _ = b.force(a) }))},
		{"create repeated", "takes equal subjects for its own write", afterCreate(func(*broken, signin.Account, error) error { return nil })},
	}
}
