package accountstest

import (
	"context"
	"errors"
	"fmt"

	"coatcheck/core/signin"
)

func createChecks() []Check {
	return []Check{
		{"create keeps all", "An account is what was written, times to the millisecond.", keepsAll},
		{"create counts from 1", "Create keeps a new account with Version 1, whatever a.Version says.", countsFromOne},
		{"name unique", "Create returns ErrNameTaken and then changes nothing.", nameUnique},
		{"name race", "Of several Creates of one name at once exactly one succeeds; the others leave nothing.", nameRace},
		{"subject unique", "Create returns ErrSubjectTaken and then changes nothing.", subjectUnique},
		{"create repeated", "Repeating a Create returns ErrNameTaken or ErrSubjectTaken and changes nothing.", createRepeated},
	}
}

func keepsAll(ctx context.Context, s signin.Accounts) error {
	bare := signin.Account{Subject: "usr_bare", Name: "bare", Version: 1, CreatedAt: sample("", "").CreatedAt}
	accounts := []signin.Account{sample("usr_1", "some"), largest("größte|1/2#3", "a.b_c-d@e+f"), bare}
	if err := create(ctx, s, accounts...); err != nil {
		return err
	}
	for _, a := range accounts {
		if err := kept(ctx, s, a); err != nil {
			return err
		}
		if err := listed(ctx, s, a); err != nil {
			return err
		}
	}
	return nil
}

// listed reports where List does not give the account as wanted.
func listed(ctx context.Context, s signin.Accounts, want signin.Account) error {
	all, err := s.List(ctx, "", 100)
	if err != nil {
		return fmt.Errorf("List = %w, want success", err)
	}
	for _, a := range all {
		if a.Subject == want.Subject {
			return differs(a, want)
		}
	}
	return fmt.Errorf("List lacks %q", want.Subject)
}

func countsFromOne(ctx context.Context, s signin.Accounts) error {
	a, b := sample("usr_a", "anne"), sample("usr_b", "bert")
	a.Version, b.Version = 0, 7
	if err := create(ctx, s, a, b); err != nil {
		return err
	}
	a.Version, b.Version = 1, 1
	return errors.Join(kept(ctx, s, a), kept(ctx, s, b))
}

func nameUnique(ctx context.Context, s signin.Accounts) error {
	first, second := sample("usr_1", "anne"), largest("usr_2", "anne")
	if err := create(ctx, s, first); err != nil {
		return err
	}
	if err := s.Create(ctx, second); !errors.Is(err, signin.ErrNameTaken) {
		return mismatch("Create of a taken name: error %v, want ErrNameTaken", err)
	}
	return errors.Join(kept(ctx, s, first), noAccount(ctx, s, second.Subject))
}

func nameRace(ctx context.Context, s signin.Accounts) error {
	subject := func(i int) string { return fmt.Sprintf("usr_%d", i) }
	errs := race(func(i int) error { return s.Create(ctx, sample(subject(i), "anne")) })
	winners := 0
	for i, err := range errs {
		var wrong error
		switch {
		case err == nil:
			winners++
			wrong = kept(ctx, s, sample(subject(i), "anne"))
		case errors.Is(err, signin.ErrNameTaken):
			wrong = noAccount(ctx, s, subject(i))
		default:
			wrong = fmt.Errorf("Create: error %w, want success or ErrNameTaken", err)
		}
		if wrong != nil {
			return wrong
		}
	}
	if winners != 1 {
		return fmt.Errorf("%d of %d Creates succeeded, want 1", winners, racers)
	}
	return nil
}

func subjectUnique(ctx context.Context, s signin.Accounts) error {
	first, second := sample("usr_1", "anne"), largest("usr_1", "bert")
	if err := create(ctx, s, first); err != nil {
		return err
	}
	if err := s.Create(ctx, second); !errors.Is(err, signin.ErrSubjectTaken) {
		return mismatch("Create of a taken subject: error %v, want ErrSubjectTaken", err)
	}
	return errors.Join(kept(ctx, s, first), noName(ctx, s, second.Name))
}

func createRepeated(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	changed := a
	changed.Disabled = true
	if err := update(ctx, s, changed); err != nil {
		return err
	}
	err := s.Create(ctx, a)
	if !errors.Is(err, signin.ErrNameTaken) && !errors.Is(err, signin.ErrSubjectTaken) {
		return mismatch("Create again: error %v, want ErrNameTaken or ErrSubjectTaken", err)
	}
	changed.Version = 2
	return kept(ctx, s, changed)
}
