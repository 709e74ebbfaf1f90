package accountstest

import (
	"context"
	"strings"

	"coatcheck/core/signin"
)

func lookupBreakages() []breakage {
	return []breakage{
		{"missing", "gets an empty account", func(b *broken) {
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				a, _ := b.Accounts.Get(ctx, subject)
				return a, nil
			}
		}},
		{"missing", "finds an empty subject", func(b *broken) {
			b.subject = func(ctx context.Context, name string) (string, error) {
				s, _ := b.Accounts.Subject(ctx, name)
				return s, nil
			}
		}},
		{"exact", "finds a name by its beginning", findsName(func(name, asked string) bool { return strings.HasPrefix(name, asked) })},
		{"exact", "finds a name in any case", findsName(strings.EqualFold)},
		{"exact", "trims names", findsName(func(name, asked string) bool { return name == strings.TrimSpace(asked) })},
		{"exact", "gets a subject in any case", func(b *broken) {
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				all, err := b.Accounts.List(ctx, "", 100)
				for _, a := range all {
					if strings.EqualFold(a.Subject, subject) {
						return a, err
					}
				}
				return signin.Account{}, signin.ErrNotFound
			}
		}},
		{"two spaces", "keeps names and subjects under the same keys", func(b *broken) {
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				if found, err := b.Accounts.Subject(ctx, subject); err == nil {
					subject = found
				}
				return b.Accounts.Get(ctx, subject)
			}
		}},
		{"two spaces", "refuses a name that is a subject", func(b *broken) {
			b.create = func(ctx context.Context, a signin.Account) error {
				if _, err := b.Accounts.Get(ctx, a.Name); err == nil {
					return signin.ErrNameTaken
				}
				return b.Accounts.Create(ctx, a)
			}
		}},
	}
}

func memoryBreakages() []breakage {
	return []breakage{
		{"reads its writes", "reads a copy that lags", func(b *broken) {
			old := map[string]signin.Account{}
			b.update = func(ctx context.Context, a signin.Account) error {
				old[a.Subject], _ = b.Accounts.Get(ctx, a.Subject)
				return b.Accounts.Update(ctx, a)
			}
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				if a, ok := old[subject]; ok {
					return a, nil
				}
				return b.Accounts.Get(ctx, subject)
			}
		}},
		{"reads its writes", "finds names late", func(b *broken) {
			asked := map[string]bool{}
			b.subject = func(ctx context.Context, name string) (string, error) {
				if !asked[name] {
					asked[name] = true
					return "", signin.ErrNotFound
				}
				return b.Accounts.Subject(ctx, name)
			}
		}},
		{"shares no memory", "keeps what Create was given", func(b *broken) { b.create = keeps(b, b.create) }},
		{"shares no memory", "keeps what Update was given", func(b *broken) { b.update = keeps(b, b.update) }},
		{"shares no memory", "hands out what it keeps", func(b *broken) {
			cache := map[string]signin.Account{}
			b.get = func(ctx context.Context, subject string) (signin.Account, error) {
				fresh, err := b.Accounts.Get(ctx, subject)
				if kept, ok := cache[subject]; !ok || kept.Version != fresh.Version {
					cache[subject] = fresh
				}
				return cache[subject], err
			}
		}},
	}
}

// findsName makes Subject find the first name that is alike.
func findsName(alike func(name, asked string) bool) func(b *broken) {
	return func(b *broken) {
		b.subject = func(ctx context.Context, asked string) (string, error) {
			all, err := b.Accounts.List(ctx, "", 100)
			for _, a := range all {
				if asked != "" && alike(a.Name, asked) {
					return a.Subject, err
				}
			}
			return "", signin.ErrNotFound
		}
	}
}

// keeps makes Get return the very slices that a write was given.
func keeps(b *broken, write func(context.Context, signin.Account) error) func(context.Context, signin.Account) error {
	return func(ctx context.Context, given signin.Account) error {
		b.get = func(ctx context.Context, subject string) (signin.Account, error) {
			a, err := b.Accounts.Get(ctx, subject)
			a.Roles, a.Changes = given.Roles, given.Changes
			return a, err
		}
		return write(ctx, given)
	}
}
