package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// stuck is accounts that never answer.
type stuck struct{}

func (stuck) Create(ctx context.Context, _ signin.Account) error { <-ctx.Done(); return ctx.Err() }
func (stuck) Update(ctx context.Context, _ signin.Account) error { <-ctx.Done(); return ctx.Err() }

func (stuck) Subject(ctx context.Context, _ string) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func (stuck) Get(ctx context.Context, _ string) (signin.Account, error) {
	<-ctx.Done()
	return signin.Account{}, ctx.Err()
}

func (stuck) Delete(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }

func (stuck) List(ctx context.Context, _ string, _ int) ([]signin.Account, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Accounts that hang are unavailable after the bound, retries and all within the
// patience of the request.
func TestBounded(t *testing.T) {
	ctx := session.WithPatience(t.Context(), 60*time.Millisecond)
	d := signin.NewDirectory(signin.Bounded(stuck{}, 20*time.Millisecond), nil, nil)
	began := time.Now()
	for name, call := range map[string]func() error{
		"add":     func() error { _, err := d.Add(ctx, signin.NewUser{Name: "alice"}, "operator"); return err },
		"resolve": func() error { _, err := d.Resolve(ctx, "alice"); return err },
		"get":     func() error { _, err := d.Get(ctx, "usr_x"); return err },
		"owner":   func() error { _, err := d.HasOwner(ctx); return err },
	} {
		if err := call(); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("took %v: want about 60 ms", took)
	}
}
