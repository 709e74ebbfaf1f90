package accountstest

import (
	"context"
	"errors"
	"fmt"

	"coatcheck/core/signin"
)

func deleteChecks() []Check {
	return []Check{
		{"delete removes", "Delete removes a disabled account and its name, both or neither.", deleteRemoves},
		{"delete enabled", "Delete of an account that is not disabled returns ErrConflict, and it stays.", deleteEnabled},
		{"delete repeated", "Where there is no account of that subject Delete is success.", deleteRepeated},
		{"delete frees the name", "Delete frees the name, for another subject.", deleteFrees},
		{"delete race", "Of a Delete and an Update that enables the account one wins, and a name never leads to nobody.", deleteRace},
	}
}

// deleted wants an account deleted.
func deleted(ctx context.Context, s signin.Accounts, subject string) error {
	if err := s.Delete(ctx, subject); err != nil {
		return fmt.Errorf("Delete(%q) = %w, want success", subject, err)
	}
	return nil
}

func deleteRemoves(ctx context.Context, s signin.Accounts) error {
	a, other := largest("usr_1", "anne"), largest("usr_2", "bert")
	if err := create(ctx, s, a, other); err != nil {
		return err
	}
	if err := deleted(ctx, s, a.Subject); err != nil {
		return err
	}
	return errors.Join(noAccount(ctx, s, a.Subject), noName(ctx, s, a.Name), kept(ctx, s, other))
}

func deleteEnabled(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	for _, disabled := range []bool{false, true, false} {
		a.Disabled = disabled
		if err := update(ctx, s, a); err != nil {
			return err
		}
		a.Version++
	}
	if err := s.Delete(ctx, a.Subject); !errors.Is(err, signin.ErrConflict) {
		return mismatch("Delete of an enabled account: error %v, want ErrConflict", err)
	}
	return kept(ctx, s, a)
}

func deleteRepeated(ctx context.Context, s signin.Accounts) error {
	a := largest("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	for _, subject := range []string{"usr_never", a.Subject, a.Subject, "anne", ""} {
		if err := deleted(ctx, s, subject); err != nil {
			return err
		}
	}
	return noAccount(ctx, s, a.Subject)
}

func deleteFrees(ctx context.Context, s signin.Accounts) error {
	a, next := largest("usr_1", "anne"), largest("usr_2", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	if err := errors.Join(deleted(ctx, s, a.Subject), create(ctx, s, next)); err != nil {
		return err
	}
	// What is repeated late leaves the name to who has it now.
	return errors.Join(deleted(ctx, s, a.Subject), kept(ctx, s, next), noAccount(ctx, s, a.Subject))
}

// deleteRounds is how often the two meet.
const deleteRounds = 8

func deleteRace(ctx context.Context, s signin.Accounts) error {
	for i := range deleteRounds {
		a := largest(fmt.Sprintf("usr_%d", i), fmt.Sprintf("anne%d", i))
		if err := create(ctx, s, a); err != nil {
			return err
		}
		enabled := a
		enabled.Disabled = false
		errs := race(func(i int) error {
			if i%2 == 0 {
				return s.Update(ctx, enabled)
			}
			return s.Delete(ctx, a.Subject)
		})
		for _, err := range errs {
			if err != nil && !errors.Is(err, signin.ErrConflict) && !errors.Is(err, signin.ErrNotFound) {
				return fmt.Errorf("Delete and Update at once: %w", err)
			}
		}
		if err := whole(ctx, s, enabled); err != nil {
			return err
		}
	}
	return nil
}

// whole wants an account there with its name, enabled, or neither of them.
func whole(ctx context.Context, s signin.Accounts, enabled signin.Account) error {
	if _, err := s.Get(ctx, enabled.Subject); errors.Is(err, signin.ErrNotFound) {
		return noName(ctx, s, enabled.Name)
	}
	enabled.Version = 2
	return kept(ctx, s, enabled)
}
