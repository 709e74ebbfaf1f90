package historytest

import (
	"context"
	"runtime"
	"time"

	"coatcheck/core/session"
)

// jostled gives way to other clients before and after each call: a store that answers in
// microseconds would otherwise be asked by one after the other.
type jostled struct{ session.Store }

func (j jostled) Create(ctx context.Context, r session.Record) (session.Record, error) {
	runtime.Gosched()
	defer runtime.Gosched()
	return j.Store.Create(ctx, r)
}

func (j jostled) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	runtime.Gosched()
	defer runtime.Gosched()
	return j.Store.Read(ctx, q)
}

func (j jostled) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	runtime.Gosched()
	defer runtime.Gosched()
	return j.Store.Update(ctx, id, c)
}

func (j jostled) List(ctx context.Context, r session.Range) (session.Listing, error) {
	runtime.Gosched()
	defer runtime.Gosched()
	return j.Store.List(ctx, r)
}

func (j jostled) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	runtime.Gosched()
	defer runtime.Gosched()
	return j.Store.SetFence(ctx, p, f)
}

func (j jostled) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	return j.Store.RaiseEndedBefore(ctx, t)
}
