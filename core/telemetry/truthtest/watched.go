package truthtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"coatcheck/core/session"
)

// watched is a store that notes what it was asked, below what measures it, and whose
// reads fail now and then. A write that fails might have been done, so none is made to.
type watched struct {
	session.Store
	truth  *tally
	mu     sync.Mutex
	random *rand.Rand
}

var errDown = errors.New("down")

// faultsIn is one in how many reads fails.
const faultsIn = 400

func (w *watched) fails() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(faultsIn) == 0
}

func (w *watched) note(operation string, err error) {
	result := "ok"
	switch {
	case errors.Is(err, errDown):
		result = "error"
	case errors.Is(err, session.ErrNotFound):
		result = "not_found"
	case errors.Is(err, session.ErrConflict):
		result = "conflict"
	case errors.Is(err, context.DeadlineExceeded): // a touch's, on a busy machine
		result = "timeout"
	case err != nil:
		result = err.Error() // of which no metric knows
	}
	w.truth.add("store_calls sessions "+operation+" "+result, 1)
}

func (w *watched) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	if w.fails() {
		w.note("read", errDown)
		return session.Reading{}, errDown
	}
	got, err := w.Store.Read(ctx, q)
	w.note("read", err)
	return got, err
}

func (w *watched) Create(ctx context.Context, r session.Record) (session.Record, error) {
	got, err := w.Store.Create(ctx, r)
	w.note("create", err)
	return got, err
}

// Update notes besides what was written: that is what the events tell of.
func (w *watched) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	got, err := w.Store.Update(ctx, id, c)
	w.note("update", err)
	switch {
	case c.Touch != nil && err != nil && !errors.Is(err, session.ErrConflict):
		w.truth.add("touches failed", 1)
	case err != nil:
	case c.Touch != nil:
		w.truth.add("touches written", 1)
	case c.Secrets != nil && !c.Secrets.Next.IsZero():
		w.truth.add("tokens_rotated offered", 1)
	}
	return got, err
}

func (w *watched) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := w.Store.List(ctx, r)
	w.note("list", err)
	return got, err
}

func (w *watched) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	err := w.Store.SetFence(ctx, p, f)
	w.note("set_fence", err)
	return err
}

func (w *watched) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	err := w.Store.RaiseEndedBefore(ctx, t)
	w.note("raise_ended_before", err)
	return err
}

func (w *watched) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	got, err := w.Store.Page(ctx, q)
	w.note("page", err)
	return got, err
}

func (w *watched) Count(ctx context.Context, s session.StatusRange) (int, error) {
	n, err := w.Store.Count(ctx, s)
	w.note("count", err)
	return n, err
}
