package signin

import (
	"context"
	"time"

	"coatcheck/core/session"
)

// CallTime is how long a call of accounts may take, as long as one of sessions.
const CallTime = 800 * time.Millisecond

// Bounded returns accounts whose every call is given up after a time, or when the
// patience of the request is over (session.WithPatience), so that a store that hangs
// is a store that is unavailable.
func Bounded(accounts Accounts, timeout time.Duration) Accounts {
	return bounded{accounts, timeout}
}

type bounded struct {
	accounts Accounts
	timeout  time.Duration
}

func (b bounded) Create(ctx context.Context, a Account) error {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.Create(ctx, a)
}

func (b bounded) Subject(ctx context.Context, name string) (string, error) {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.Subject(ctx, name)
}

func (b bounded) Get(ctx context.Context, subject string) (Account, error) {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.Get(ctx, subject)
}

func (b bounded) Update(ctx context.Context, a Account) error {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.Update(ctx, a)
}

func (b bounded) Delete(ctx context.Context, subject string) error {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.Delete(ctx, subject)
}

func (b bounded) List(ctx context.Context, after string, limit int) ([]Account, error) {
	ctx, cancel := session.Bound(ctx, b.timeout)
	defer cancel()
	return b.accounts.List(ctx, after, limit)
}
