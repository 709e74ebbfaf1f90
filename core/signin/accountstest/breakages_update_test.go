package accountstest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"coatcheck/core/signin"
)

func updateBreakages() []breakage {
	return []breakage{
		{"update replaces", "keeps the old roles", func(b *broken) {
			b.update = func(ctx context.Context, a signin.Account) error {
				there, _ := b.Accounts.Get(ctx, a.Subject)
				a.Roles = there.Roles
				return b.Accounts.Update(ctx, a)
			}
		}},
		{"update replaces", "does not count the version", spoils(func(a *signin.Account) { a.Version = 1 })},
		{"update stale", "writes whatever the version", afterUpdate(func(b *broken, a signin.Account, _ error) error { return b.force(a) })},
		{"update stale", "writes and reports the conflict", afterUpdate(is(signin.ErrConflict, func(b *broken, a signin.Account) { _ = b.force(a) }))},
		{"update stale", "lets a later version write", afterUpdate(func(b *broken, a signin.Account, err error) error {
			if a.Version > 2 {
				return b.force(a)
			}
			return err
		})},
		{"update missing", "makes the account", afterUpdate(func(b *broken, a signin.Account, _ error) error { return b.Accounts.Create(context.Background(), a) })},
		{"update missing", "makes it and reports that it was missing", afterUpdate(is(signin.ErrNotFound, (*broken).leaves))},
		{"update missing", "says conflict", afterUpdate(func(*broken, signin.Account, error) error { return signin.ErrConflict })},
		{"update race", "looks before it writes", func(b *broken) {
			wait := barrier()
			b.update = func(ctx context.Context, a signin.Account) error {
				there, err := b.Accounts.Get(ctx, a.Subject)
				wait()
				if err != nil || there.Version != a.Version {
					return signin.ErrConflict
				}
				for b.force(a) != nil {
				}
				return nil
			}
		}},
		{"identity stays", "renames", func(b *broken) {
			b.update = func(ctx context.Context, a signin.Account) error {
				b.maps(a.Name, a.Subject)
				return b.Accounts.Update(ctx, a)
			}
		}},
		{"identity stays", "moves the creation time", func(b *broken) {
			b.update = func(ctx context.Context, a signin.Account) error {
				spoils(func(got *signin.Account) { got.CreatedAt = a.CreatedAt })(b)
				return b.Accounts.Update(ctx, a)
			}
		}},
	}
}

func listBreakages() []breakage {
	return []breakage{
		{"list in order", "lists backwards", spoilsList(func(page []signin.Account) []signin.Account {
			slices.Reverse(page)
			return page
		})},
		{"list in order", "sorts without case", spoilsList(func(page []signin.Account) []signin.Account {
			slices.SortStableFunc(page, func(a, b signin.Account) int {
				return strings.Compare(strings.ToLower(a.Subject), strings.ToLower(b.Subject))
			})
			return page
		})},
		{"list after", "begins with the one it comes after", func(b *broken) {
			b.list = func(ctx context.Context, after string, limit int) ([]signin.Account, error) {
				page, err := b.Accounts.List(ctx, after, limit)
				if a, getErr := b.Accounts.Get(ctx, after); getErr == nil {
					page = append([]signin.Account{a}, page...)
				}
				return page, err
			}
		}},
		{"list after", "needs the one it comes after", func(b *broken) {
			b.list = func(ctx context.Context, after string, limit int) ([]signin.Account, error) {
				if _, err := b.Accounts.Get(ctx, after); after != "" && err != nil {
					return nil, err
				}
				return b.Accounts.List(ctx, after, limit)
			}
		}},
		{"list limit", "ignores the limit", func(b *broken) {
			b.list = func(ctx context.Context, after string, _ int) ([]signin.Account, error) {
				return b.Accounts.List(ctx, after, 100)
			}
		}},
		{"list limit", "gives one too few", spoilsList(func(page []signin.Account) []signin.Account { return page[:max(0, len(page)-1)] })},
		{"list walk", "skips one at each page's end", func(b *broken) {
			b.list = func(ctx context.Context, after string, limit int) ([]signin.Account, error) {
				page, err := b.Accounts.List(ctx, after, limit+1)
				if after != "" && len(page) > 0 {
					page = page[1:]
				}
				return page[:min(limit, len(page))], err
			}
		}},
	}
}

func contextBreakages() []breakage {
	never := context.WithoutCancel
	return []breakage{
		{"done context", "gets", func(b *broken) {
			b.get = func(ctx context.Context, s string) (signin.Account, error) { return b.Accounts.Get(never(ctx), s) }
		}},
		{"done context", "finds", func(b *broken) {
			b.subject = func(ctx context.Context, n string) (string, error) { return b.Accounts.Subject(never(ctx), n) }
		}},
		{"done context", "creates", func(b *broken) {
			b.create = func(ctx context.Context, a signin.Account) error { return b.Accounts.Create(never(ctx), a) }
		}},
		{"done context", "updates", func(b *broken) {
			b.update = func(ctx context.Context, a signin.Account) error { return b.Accounts.Update(never(ctx), a) }
		}},
		{"done context", "lists", func(b *broken) {
			b.list = func(ctx context.Context, after string, n int) ([]signin.Account, error) {
				return b.Accounts.List(never(ctx), after, n)
			}
		}},
		{"done context", "says that nothing is there", func(b *broken) {
			b.get = func(ctx context.Context, s string) (signin.Account, error) {
				a, err := b.Accounts.Get(ctx, s)
				if err != nil {
					err = signin.ErrNotFound
				}
				return a, err
			}
		}},
		{"done context", "writes and reports the context", func(b *broken) {
			b.update = func(ctx context.Context, a signin.Account) error {
				return errors.Join(b.Accounts.Update(never(ctx), a), ctx.Err())
			}
		}},
	}
}
