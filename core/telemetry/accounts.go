package telemetry

import (
	"context"

	"coatcheck/core/signin"
)

// Accounts is [Sessions] for accounts.
func Accounts(next signin.Accounts, sink Sink, opts *CallOptions) signin.Accounts {
	return accounts{next, meterOf(sink, StoreAccounts, opts)}
}

type accounts struct {
	next signin.Accounts
	meter
}

func (a accounts) Create(ctx context.Context, account signin.Account) error {
	began := a.now()
	err := a.next.Create(ctx, account)
	a.done(ctx, "create", began, err)
	return err
}

func (a accounts) Subject(ctx context.Context, name string) (string, error) {
	began := a.now()
	got, err := a.next.Subject(ctx, name)
	a.done(ctx, "subject", began, err)
	return got, err
}

func (a accounts) Get(ctx context.Context, subject string) (signin.Account, error) {
	began := a.now()
	got, err := a.next.Get(ctx, subject)
	a.done(ctx, "get", began, err)
	return got, err
}

func (a accounts) Update(ctx context.Context, account signin.Account) error {
	began := a.now()
	err := a.next.Update(ctx, account)
	a.done(ctx, "update", began, err)
	return err
}

func (a accounts) Delete(ctx context.Context, subject string) error {
	began := a.now()
	err := a.next.Delete(ctx, subject)
	a.done(ctx, "delete", began, err)
	return err
}

func (a accounts) List(ctx context.Context, after string, limit int) ([]signin.Account, error) {
	began := a.now()
	got, err := a.next.List(ctx, after, limit)
	a.done(ctx, "list", began, err)
	return got, err
}
