package accountstest

import (
	"context"
	"errors"
	"slices"

	"coatcheck/core/signin"
)

// deletes replaces what Delete does.
func deletes(do func(ctx context.Context, b *broken, subject string) error) func(b *broken) {
	return func(b *broken) {
		b.delete = func(ctx context.Context, subject string) error { return do(ctx, b, subject) }
	}
}

// takes deletes an account whether or not it is disabled.
func (b *broken) takes(ctx context.Context, subject string) error {
	a, err := b.Accounts.Get(ctx, subject)
	if err == nil {
		a.Disabled = true
		_ = b.force(a)
	}
	return b.Accounts.Delete(ctx, subject)
}

func deleteBreakages() []breakage {
	return []breakage{
		{"delete removes", "does nothing", deletes(func(context.Context, *broken, string) error { return nil })},
		{"delete removes", "leaves the name", deletes(func(ctx context.Context, b *broken, subject string) error {
			if a, err := b.Accounts.Get(ctx, subject); err == nil {
				defer b.maps(a.Name, subject)
			}
			return b.Accounts.Delete(ctx, subject)
		})},
		{"delete removes", "leaves it in the list", func(b *broken) {
			var gone []signin.Account
			b.delete = func(ctx context.Context, subject string) error {
				if a, err := b.Accounts.Get(ctx, subject); err == nil {
					gone = append(gone, a)
				}
				return b.Accounts.Delete(ctx, subject)
			}
			spoilsList(func(page []signin.Account) []signin.Account { return slices.Concat(gone, page) })(b)
		}},
		{"delete enabled", "takes any account", deletes(func(ctx context.Context, b *broken, subject string) error {
			return b.takes(ctx, subject)
		})},
		{"delete enabled", "refuses and takes it", deletes(func(ctx context.Context, b *broken, subject string) error {
			err := b.Accounts.Delete(ctx, subject)
			_ = b.takes(ctx, subject)
			return err
		})},
		{"delete repeated", "wants it there", deletes(func(ctx context.Context, b *broken, subject string) error {
			if _, err := b.Accounts.Get(ctx, subject); err != nil {
				return err
			}
			return b.Accounts.Delete(ctx, subject)
		})},
		{"delete frees the name", "keeps the name taken", func(b *broken) {
			taken := map[string]bool{}
			b.create = func(ctx context.Context, a signin.Account) error {
				if taken[a.Name] {
					return signin.ErrNameTaken
				}
				taken[a.Name] = true
				return b.Accounts.Create(ctx, a)
			}
		}},
		{"delete race", "looks first and deletes then", deletes(func(ctx context.Context, b *broken, subject string) error {
			a, err := b.Accounts.Get(ctx, subject)
			switch {
			case errors.Is(err, signin.ErrNotFound):
				return nil
			case err != nil:
				return err
			case !a.Disabled:
				return signin.ErrConflict
			}
			enabled := a
			enabled.Disabled = false
			_ = b.Accounts.Update(ctx, enabled) // the other, in between
			b.maps(a.Name, subject)
			return b.takes(ctx, subject)
		})},
		{"done context", "is ignored by Delete", deletes(func(ctx context.Context, b *broken, subject string) error {
			return b.Accounts.Delete(context.WithoutCancel(ctx), subject)
		})},
	}
}
