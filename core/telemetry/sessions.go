package telemetry

import (
	"context"
	"time"

	"coatcheck/core/session"
)

// Sessions returns a store that measures every call of the one beneath and changes
// nothing about it. now is the clock that durations are taken by; nil means time.Now.
func Sessions(next session.Store, sink Sink, now func() time.Time) session.Store {
	return sessions{next, meterOf(sink, StoreSessions, now)}
}

type sessions struct {
	next session.Store
	meter
}

func (s sessions) Create(ctx context.Context, r session.Record) (session.Record, error) {
	began := s.now()
	got, err := s.next.Create(ctx, r)
	s.done("create", began, err)
	return got, err
}

func (s sessions) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	began := s.now()
	got, err := s.next.Read(ctx, q)
	s.done("read", began, err)
	return got, err
}

func (s sessions) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	began := s.now()
	got, err := s.next.Update(ctx, id, c)
	s.done("update", began, err)
	return got, err
}

func (s sessions) Delete(ctx context.Context, id session.ID) error {
	began := s.now()
	err := s.next.Delete(ctx, id)
	s.done("delete", began, err)
	return err
}

func (s sessions) List(ctx context.Context, r session.Range) (session.Listing, error) {
	began := s.now()
	got, err := s.next.List(ctx, r)
	s.done("list", began, err)
	return got, err
}

func (s sessions) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	began := s.now()
	err := s.next.SetFence(ctx, p, f)
	s.done("set_fence", began, err)
	return err
}

func (s sessions) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	began := s.now()
	err := s.next.RaiseEndedBefore(ctx, t)
	s.done("raise_ended_before", began, err)
	return err
}

func (s sessions) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	began := s.now()
	got, err := s.next.Page(ctx, q)
	s.done("page", began, err)
	return got, err
}

func (s sessions) Count(ctx context.Context, r session.StatusRange) (int, error) {
	began := s.now()
	got, err := s.next.Count(ctx, r)
	s.done("count", began, err)
	return got, err
}
