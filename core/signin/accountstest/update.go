package accountstest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coatcheck/core/signin"
)

func updateChecks() []Check {
	return []Check{
		{"update replaces", "Update replaces the account and keeps it under the next version.", updateReplaces},
		{"update stale", "Update of another version than is stored changes nothing and returns ErrConflict.", updateStale},
		{"update missing", "Update of what is not there makes nothing and returns ErrNotFound.", updateMissing},
		{"update race", "Of several Updates from one version at once exactly one succeeds.", updateRace},
		{"identity stays", "Subject, Name and CreatedAt never change.", identityStays},
	}
}

// update does an update that nothing stands against.
func update(ctx context.Context, s signin.Accounts, a signin.Account) error {
	if err := s.Update(ctx, a); err != nil {
		return fmt.Errorf("Update(%q, version %d) = %w, want success", a.Subject, a.Version, err)
	}
	return nil
}

func updateReplaces(ctx context.Context, s signin.Accounts) error {
	other := sample("usr_0", "zoe")
	if err := create(ctx, s, sample("usr_1", "anne"), other); err != nil {
		return err
	}
	bare := signin.Account{Subject: "usr_1", Name: "anne", CreatedAt: other.CreatedAt}
	for i, a := range []signin.Account{largest("usr_1", "anne"), bare, sample("usr_1", "anne")} {
		a.Version = i + 1
		if err := update(ctx, s, a); err != nil {
			return err
		}
		a.Version++
		if err := errors.Join(kept(ctx, s, a), kept(ctx, s, other)); err != nil {
			return err
		}
	}
	return nil
}

func updateStale(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	if err := update(ctx, s, a); err != nil {
		return err
	}
	a.Version = 2
	for _, version := range []int{1, 3, 0, -1} {
		other := largest("usr_1", "anne")
		other.Version = version
		if err := s.Update(ctx, other); !errors.Is(err, signin.ErrConflict) {
			return mismatch("Update with version %d where 2 is stored: error %v, want ErrConflict", version, err)
		}
		if err := kept(ctx, s, a); err != nil {
			return fmt.Errorf("after a refused update: %w", err)
		}
	}
	return nil
}

func updateMissing(ctx context.Context, s signin.Accounts) error {
	for _, version := range []int{0, 1} {
		a := sample("usr_1", "anne")
		a.Version = version
		if err := s.Update(ctx, a); !errors.Is(err, signin.ErrNotFound) {
			return mismatch("Update of a missing account, version %d: error %v, want ErrNotFound", version, err)
		}
	}
	return errors.Join(noAccount(ctx, s, "usr_1"), noName(ctx, s, "anne"))
}

func updateRace(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	variant := func(i int) signin.Account {
		v := sample("usr_1", "anne")
		v.Roles = []string{fmt.Sprintf("role%d", i)}
		return v
	}
	winner, winners := 0, 0
	for i, err := range race(func(i int) error { return s.Update(ctx, variant(i)) }) {
		switch {
		case err == nil:
			winner, winners = i, winners+1
		case !errors.Is(err, signin.ErrConflict):
			return fmt.Errorf("Update: error %w, want success or ErrConflict", err)
		}
	}
	if winners != 1 {
		return fmt.Errorf("%d of %d Updates from one version succeeded, want 1", winners, racers)
	}
	want := variant(winner)
	want.Version = 2
	return kept(ctx, s, want)
}

func identityStays(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	renamed := a
	renamed.Name, renamed.CreatedAt = "bert", a.CreatedAt.Add(time.Hour)
	if err := update(ctx, s, renamed); err != nil {
		return err
	}
	a.Version = 2
	return errors.Join(kept(ctx, s, a), noName(ctx, s, "bert"))
}
