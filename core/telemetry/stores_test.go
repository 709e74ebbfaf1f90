package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/accountstest"
	"coatcheck/core/store/memory"
	"coatcheck/core/store/storetest"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/request"
)

// A store that is measured keeps the whole contract.
func TestMeasuredSessions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) session.Store { return telemetry.Sessions(memory.New(), &notes{}, nil) })
}

func TestMeasuredSessionsDamaged(t *testing.T) {
	t.Parallel()
	storetest.RunDamaged(t, func(*testing.T) (session.Store, func(session.ID) error) {
		s := memory.New()
		return telemetry.Sessions(s, &notes{}, nil), s.Damage
	})
}

func TestMeasuredAccounts(t *testing.T) {
	t.Parallel()
	accountstest.Run(t, func(*testing.T) signin.Accounts { return telemetry.Accounts(memory.NewAccounts(), &notes{}, nil) })
}

// Every call is counted once, under its own name and with how long it took.
func TestOperations(t *testing.T) {
	var got notes
	ctx := t.Context()
	s := telemetry.Sessions(failing{err: errDown}, &got, &telemetry.CallOptions{Now: ticking()})
	a := telemetry.Accounts(failingAccounts{}, &got, &telemetry.CallOptions{Now: ticking()})
	for _, c := range []struct {
		store, operation string
		call             func() error
	}{
		{"sessions", "create", func() error { _, err := s.Create(ctx, session.Record{}); return err }},
		{"sessions", "read", func() error { _, err := s.Read(ctx, session.Query{}); return err }},
		{"sessions", "update", func() error { _, err := s.Update(ctx, session.ID{}, session.Change{}); return err }},
		{"sessions", "delete", func() error { return s.Delete(ctx, session.ID{}) }},
		{"sessions", "list", func() error { _, err := s.List(ctx, session.Range{}); return err }},
		{"sessions", "set_fence", func() error { return s.SetFence(ctx, session.Partition{}, session.Fence{}) }},
		{"sessions", "raise_ended_before", func() error { return s.RaiseEndedBefore(ctx, time.Time{}) }},
		{"sessions", "page", func() error { _, err := s.Page(ctx, session.PageQuery{}); return err }},
		{"sessions", "count", func() error { _, err := s.Count(ctx, session.StatusRange{}); return err }},
		{"accounts", "create", func() error { return a.Create(ctx, signin.Account{}) }},
		{"accounts", "subject", func() error { _, err := a.Subject(ctx, ""); return err }},
		{"accounts", "get", func() error { _, err := a.Get(ctx, ""); return err }},
		{"accounts", "update", func() error { return a.Update(ctx, signin.Account{}) }},
		{"accounts", "delete", func() error { return a.Delete(ctx, "") }},
		{"accounts", "list", func() error { _, err := a.List(ctx, "", 1); return err }},
	} {
		if err := c.call(); !errors.Is(err, errDown) {
			t.Errorf("%s of %s: got %v, want the store's own error", c.operation, c.store, err)
		}
		got.want(t,
			fmt.Sprintf("store_calls %s %s error 1", c.store, c.operation),
			fmt.Sprintf("store_call_duration %s %s 1", c.store, c.operation))
	}
	for kind, want := range map[reflect.Type]int{reflect.TypeFor[session.Store](): 9, reflect.TypeFor[signin.Accounts](): 6} {
		if got := kind.NumMethod(); got != want {
			t.Errorf("%v has %d methods, and %d are tried here", kind, got, want)
		}
	}
}

// What a call came to is one of nine words.
func TestResults(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "ok"},
		{session.ErrNotFound, "not_found"},
		{signin.ErrNotFound, "not_found"},
		{session.ErrExists, "exists"},
		{signin.ErrNameTaken, "exists"},
		{signin.ErrSubjectTaken, "exists"},
		{session.ErrConflict, "conflict"},
		{signin.ErrConflict, "conflict"},
		{session.ErrDamaged, "damaged"},
		{signin.ErrDamaged, "damaged"},
		{session.ErrCursor, "cursor"},
		{fmt.Errorf("request: %w", context.Canceled), "canceled"},
		{fmt.Errorf("request: %w", context.DeadlineExceeded), "timeout"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "timeout"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, "error"},
		{fmt.Errorf("%w: %w", session.ErrDamaged, context.Canceled), "damaged"},
	} {
		var got notes
		s := telemetry.Sessions(failing{err: c.err}, &got, &telemetry.CallOptions{Now: ticking()})
		if err := s.Delete(t.Context(), session.ID{}); !errors.Is(err, c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
		got.want(t, "store_calls sessions delete "+c.want+" 1", "store_call_duration sessions delete 1")
	}
}

// A call that failed is a line at warn, any other at debug; each has the names of the
// request that made it. Without a sink it is logged all the same.
func TestCallsAreLogged(t *testing.T) {
	ctx := request.With(t.Context(), request.Names{ID: "r-1"})
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "DEBUG store_called ok"},
		{session.ErrConflict, "DEBUG store_called conflict"},
		{session.ErrNotFound, "DEBUG store_called not_found"},
		{context.Canceled, "DEBUG store_called canceled"},
		{session.ErrDamaged, "WARN store_call_failed damaged " + session.ErrDamaged.Error()},
		{context.DeadlineExceeded, "WARN store_call_failed timeout context deadline exceeded"},
		{errDown, "WARN store_call_failed error down"},
	} {
		var out bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := telemetry.Sessions(failing{err: c.err}, nil, &telemetry.CallOptions{Now: ticking(), Log: log})
		if err := s.Delete(ctx, session.ID{}); !errors.Is(err, c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
		var got struct {
			Level, Event, Result, Error, Store, Operation, Request string
			Took                                                   time.Duration
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v in %q", err, out.String())
		}
		if line := strings.TrimSpace(fmt.Sprint(got.Level, " ", got.Event, " ", got.Result, " ", got.Error)); line != c.want {
			t.Errorf("got %q, want %q", line, c.want)
		}
		if got.Store != "sessions" || got.Operation != "delete" || got.Request != "r-1" || got.Took != time.Second {
			t.Errorf("got %s", out.String())
		}
	}
}

var errDown = errors.New("down")

// failing is a store every call of which fails; Delete with its own error.
type failing struct {
	session.Store
	err error
}

func (failing) Create(context.Context, session.Record) (session.Record, error) {
	return session.Record{}, errDown
}

func (failing) Read(context.Context, session.Query) (session.Reading, error) {
	return session.Reading{}, errDown
}

func (failing) Update(context.Context, session.ID, session.Change) (session.Record, error) {
	return session.Record{}, errDown
}

func (f failing) Delete(context.Context, session.ID) error { return f.err }

func (failing) List(context.Context, session.Range) (session.Listing, error) {
	return session.Listing{}, errDown
}
func (failing) SetFence(context.Context, session.Partition, session.Fence) error { return errDown }
func (failing) RaiseEndedBefore(context.Context, time.Time) error                { return errDown }
func (failing) Page(context.Context, session.PageQuery) (session.Page, error) {
	return session.Page{}, errDown
}
func (failing) Count(context.Context, session.StatusRange) (int, error) { return 0, errDown }

// failingAccounts are the same.
type failingAccounts struct{}

func (failingAccounts) Create(context.Context, signin.Account) error { return errDown }
func (failingAccounts) Subject(context.Context, string) (string, error) {
	return "", errDown
}

func (failingAccounts) Get(context.Context, string) (signin.Account, error) {
	return signin.Account{}, errDown
}
func (failingAccounts) Update(context.Context, signin.Account) error { return errDown }
func (failingAccounts) Delete(context.Context, string) error         { return errDown }
func (failingAccounts) List(context.Context, string, int) ([]signin.Account, error) {
	return nil, errDown
}
