package accountstest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"coatcheck/core/signin"
)

func listChecks() []Check {
	return []Check{
		{"list in order", "List returns accounts in the byte order of their subjects.", listOrder},
		{"list after", "List returns those after a subject, which need not be there.", listAfter},
		{"list limit", "List returns up to limit accounts.", listLimit},
		{"list walk", "A walk from each page's last subject sees every account once.", listWalk},
	}
}

// unordered are subjects whose byte order is neither that of creation nor of any
// locale.
var unordered = []string{"usr_b", "usr_a", "Usr_c", "usr", "usr_a.b", "usr_aa", "usr-z", "zoë", "10", "9"}

func ordered() []string { return slices.Sorted(slices.Values(unordered)) }

func createUnordered(ctx context.Context, s signin.Accounts) error {
	for i, subject := range unordered {
		if err := create(ctx, s, sample(subject, fmt.Sprintf("user%d", i))); err != nil {
			return err
		}
	}
	return nil
}

// lists reports where one List does not give just these subjects.
func lists(ctx context.Context, s signin.Accounts, after string, limit int, want []string) error {
	page, err := s.List(ctx, after, limit)
	if got := subjects(page); err != nil || !slices.Equal(got, want) {
		return mismatch("List(after %q, limit %d) = %q, %v, want %q", after, limit, got, err, want)
	}
	return nil
}

func listOrder(ctx context.Context, s signin.Accounts) error {
	if err := lists(ctx, s, "", 10, nil); err != nil {
		return err
	}
	if err := createUnordered(ctx, s); err != nil {
		return err
	}
	return lists(ctx, s, "", 100, ordered())
}

func listAfter(ctx context.Context, s signin.Accounts) error {
	if err := createUnordered(ctx, s); err != nil {
		return err
	}
	all := ordered()
	var errs []error
	for _, after := range append([]string{"0", "usr_a.", "usr_ab", "zzz"}, all...) {
		at, found := slices.BinarySearch(all, after)
		if found {
			at++
		}
		errs = append(errs, lists(ctx, s, after, 100, all[at:]))
	}
	return errors.Join(errs...)
}

func listLimit(ctx context.Context, s signin.Accounts) error {
	if err := createUnordered(ctx, s); err != nil {
		return err
	}
	all := ordered()
	var errs []error
	for _, limit := range []int{1, 2, len(all) - 1, len(all), len(all) + 1} {
		errs = append(errs, lists(ctx, s, "", limit, all[:min(limit, len(all))]))
	}
	return errors.Join(append(errs, lists(ctx, s, all[2], 3, all[3:6]))...)
}

func listWalk(ctx context.Context, s signin.Accounts) error {
	const accounts, limit = 25, 4
	var want, got []string
	for i := range accounts {
		a := sample(fmt.Sprintf("usr_%02d", i), fmt.Sprintf("user%d", i))
		want = append(want, a.Subject)
		if err := create(ctx, s, a); err != nil {
			return err
		}
	}
	after := ""
	for range accounts { // more pages than there can be
		page, err := s.List(ctx, after, limit)
		if err != nil {
			return fmt.Errorf("List = %w, want success", err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, subjects(page)...)
		after = page[len(page)-1].Subject
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the walk saw %q, want %q", got, want)
	}
	return nil
}
