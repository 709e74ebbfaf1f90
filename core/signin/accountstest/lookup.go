package accountstest

import (
	"context"
	"errors"
	"fmt"

	"coatcheck/core/signin"
)

func lookupChecks() []Check {
	return []Check{
		{"missing", "Subject and Get return ErrNotFound for what is not there.", missing},
		{"exact", "Names and subjects are compared byte by byte.", exact},
		{"two spaces", "Names and subjects are two spaces: one user's name may be another's subject.", twoSpaces},
		{"reads its writes", "What returned nil is seen by every later call.", readsItsWrites},
		{"shares no memory", "An account shares no memory with the caller's.", sharesNoMemory},
	}
}

func missing(ctx context.Context, s signin.Accounts) error {
	if err := errors.Join(noAccount(ctx, s, "usr_1"), noName(ctx, s, "anne")); err != nil {
		return err
	}
	if err := create(ctx, s, sample("usr_1", "anne")); err != nil {
		return err
	}
	return errors.Join(noAccount(ctx, s, "usr_2"), noName(ctx, s, "bert"), noAccount(ctx, s, ""), noName(ctx, s, ""))
}

func exact(ctx context.Context, s signin.Accounts) error {
	if err := create(ctx, s, sample("Usr|1", "anne"), sample("usr|1", "anne.b")); err != nil {
		return err
	}
	var errs []error
	for _, subject := range []string{"USR|1", "usr|", "usr|10", "usr|1 "} {
		errs = append(errs, noAccount(ctx, s, subject))
	}
	for _, name := range []string{"ann", "Anne", "anne.", "anne.b ", "anne_b"} {
		errs = append(errs, noName(ctx, s, name))
	}
	return errors.Join(errs...)
}

func twoSpaces(ctx context.Context, s signin.Accounts) error {
	a, b := sample("anne", "bert"), sample("bert", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	if err := errors.Join(noAccount(ctx, s, "bert"), noName(ctx, s, "anne")); err != nil {
		return err
	}
	if err := create(ctx, s, b); err != nil {
		return err
	}
	return errors.Join(kept(ctx, s, a), kept(ctx, s, b))
}

func readsItsWrites(ctx context.Context, s signin.Accounts) error {
	for i := range 20 {
		a := sample(fmt.Sprintf("usr_%d", i), fmt.Sprintf("user%d", i))
		if err := create(ctx, s, a); err != nil {
			return err
		}
		if err := kept(ctx, s, a); err != nil {
			return err
		}
		a.Disabled = true
		if err := update(ctx, s, a); err != nil {
			return err
		}
		a.Version++
		if err := kept(ctx, s, a); err != nil {
			return err
		}
	}
	return nil
}

func sharesNoMemory(ctx context.Context, s signin.Accounts) error {
	given, want := sample("usr_1", "anne"), sample("usr_1", "anne")
	if err := create(ctx, s, given); err != nil {
		return err
	}
	scribble(&given)
	if err := kept(ctx, s, want); err != nil {
		return fmt.Errorf("after what Create was given changed: %w", err)
	}
	given = sample("usr_1", "anne")
	if err := update(ctx, s, given); err != nil {
		return err
	}
	scribble(&given)
	want.Version = 2
	if err := kept(ctx, s, want); err != nil {
		return fmt.Errorf("after what Update was given changed: %w", err)
	}
	got, err := s.Get(ctx, "usr_1")
	all, listErr := s.List(ctx, "", 1)
	if err != nil || listErr != nil || len(all) != 1 {
		return mismatch("Get: error %v; List: %d accounts, error %v; want the account from both", err, len(all), listErr)
	}
	scribble(&got)
	scribble(&all[0])
	return errors.Join(kept(ctx, s, want), listed(ctx, s, want))
}

// scribble overwrites what the account's slices point to.
func scribble(a *signin.Account) {
	for i := range a.Roles {
		a.Roles[i] = "scribbled"
	}
	for i := range a.Changes {
		a.Changes[i].What = "scribbled"
	}
}
