package telemetry

import (
	"context"
	"time"

	"coatcheck/core/session"
)

// Sessions returns a store that measures every call of the one beneath and changes
// nothing about it. A nil sink is told nothing.
func Sessions(next session.Store, sink Sink, opts *CallOptions) session.Store {
	return sessions{next, meterOf(sink, StoreSessions, opts)}
}

type sessions struct {
	next session.Store
	meter
}

func (s sessions) Create(ctx context.Context, r session.Record) (session.Record, error) {
	began := s.now()
	got, err := s.next.Create(ctx, r)
	s.done(ctx, "create", began, err)
	return got, err
}

func (s sessions) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	began := s.now()
	got, err := s.next.Read(ctx, q)
	s.done(ctx, "read", began, err)
	return got, err
}

func (s sessions) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	began := s.now()
	got, err := s.next.Update(ctx, id, c)
	s.done(ctx, "update", began, err)
	return got, err
}

func (s sessions) Delete(ctx context.Context, id session.ID) error {
	began := s.now()
	err := s.next.Delete(ctx, id)
	s.done(ctx, "delete", began, err)
	return err
}

func (s sessions) List(ctx context.Context, r session.Range) (session.Listing, error) {
	began := s.now()
	got, err := s.next.List(ctx, r)
	s.done(ctx, "list", began, err)
	return got, err
}

func (s sessions) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	began := s.now()
	err := s.next.SetFence(ctx, p, f)
	s.done(ctx, "set_fence", began, err)
	return err
}

func (s sessions) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	began := s.now()
	err := s.next.RaiseEndedBefore(ctx, t)
	s.done(ctx, "raise_ended_before", began, err)
	return err
}

func (s sessions) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	began := s.now()
	got, err := s.next.Page(ctx, q)
	s.done(ctx, "page", began, err)
	return got, err
}

func (s sessions) Count(ctx context.Context, r session.StatusRange) (int, error) {
	began := s.now()
	got, err := s.next.Count(ctx, r)
	s.done(ctx, "count", began, err)
	return got, err
}
