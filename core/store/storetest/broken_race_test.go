package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"coatcheck/core/session"
)

// gate lets callers through in groups, so that a race that a store has is met each
// time. Who waits in vain for others goes on alone.
type gate struct {
	mu    sync.Mutex
	group int
	in    int
	open  chan struct{}
}

func newGate(group int) *gate { return &gate{group: group, open: make(chan struct{})} }

func (g *gate) wait() {
	g.mu.Lock()
	open := g.open
	if g.in++; g.in == g.group {
		close(g.open)
		g.in, g.open = 0, make(chan struct{})
	}
	g.mu.Unlock()
	select {
	case <-open:
	case <-time.After(100 * time.Millisecond):
	}
}

func brokenRaces() []broken {
	return []broken{
		{"create reads, then puts", func(s *shelf) hooks {
			g := newGate(2)
			return hooks{create: func(_ context.Context, r session.Record) (session.Record, error) {
				there, taken := s.get(r.ID)
				g.wait()
				if taken {
					return there, session.ErrExists
				}
				s.put(r)
				return r, nil
			}}
		}, by("race-of-creates-has-one-winner")},
		{"update reads, then puts", readsThenPuts, by(
			"race-of-ends-has-one-winner", "race-of-touches-has-one-winner", "race-of-parts-keeps-both", "race-of-end-and-touch-stays-ended")},
		{"loser's record returned to the loser", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			r, err := s.Update(ctx, id, c)
			if errors.Is(err, session.ErrConflict) && c.End != nil {
				r.End = *c.End
			}
			return r, err
		}), by("race-of-ends-has-one-winner")},
		{"concurrent update given up", givesUp, by("race-of-parts-keeps-both")},
		{"raise reads, then sets", raisesLate, by("race-of-raises-ends-at-the-latest")},
	}
}

func readsThenPuts(s *shelf) hooks {
	g := newGate(2)
	return hooks{update: func(_ context.Context, id session.ID, c session.Change) (session.Record, error) {
		r, ok := s.get(id)
		g.wait()
		if !ok {
			return r, session.ErrNotFound
		}
		r, err := c.Apply(r)
		if err == nil {
			s.put(r)
		}
		return r, err
	}}
}

// givesUp answers a write that another one overtook as a conflict, as a store with
// versions does that does not try again.
func givesUp(s *shelf) hooks {
	g := newGate(2)
	var mu sync.Mutex
	version := 0
	return hooks{update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
		mu.Lock()
		read := version
		mu.Unlock()
		g.wait()
		mu.Lock()
		defer mu.Unlock()
		if version++; version-1 != read {
			r, _ := s.get(id)
			return r, session.ErrConflict
		}
		return s.Update(ctx, id, c)
	}}
}

// raisesLate sets the control of all who read the old one, the earliest last.
func raisesLate(s *shelf) hooks {
	g := newGate(rivals)
	var mu sync.Mutex
	var control, early time.Time
	return hooks{
		raise: func(_ context.Context, t time.Time) error {
			mu.Lock()
			old := control
			if early.IsZero() || !early.After(old) || t.Before(early) {
				early = t
			}
			mu.Unlock()
			g.wait()
			mu.Lock()
			defer mu.Unlock()
			if t.After(old) {
				control = early
			}
			return nil
		},
		read: func(ctx context.Context, q session.Query) (session.Reading, error) {
			got, err := s.Read(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			got.EndedBefore = control
			return got, err
		},
	}
}

func brokenContexts() []broken {
	const fails, nothing = "done-context-is-an-error", "done-context-writes-nothing"
	return append(deaf(fails, nothing), []broken{
		{"done context read as missing", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			if ctx.Err() != nil {
				return session.Record{}, session.ErrNotFound
			}
			return s.Update(ctx, id, c)
		}), by(fails)},
		{"waits out the network", func(s *shelf) hooks {
			return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) {
				if ctx.Err() != nil {
					<-time.After(2 * promptly)
				}
				return s.Read(ctx, q)
			}}
		}, by(fails)},
		{"written, then the context looked at", func(s *shelf) hooks {
			return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
				there, err := s.Create(context.WithoutCancel(ctx), r)
				if ctx.Err() != nil {
					return session.Record{}, ctx.Err()
				}
				return there, err
			}}
		}, by(nothing)},
	}...)
}

// deaf are stores of which one method does not look at its context.
func deaf(fails, nothing string) []broken {
	off := context.WithoutCancel
	return []broken{
		{"context ignored by Create", func(s *shelf) hooks {
			return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) { return s.Create(off(ctx), r) }}
		}, by(fails, nothing)},
		{"context ignored by Update", updating(func(ctx context.Context, s *shelf, id session.ID, c session.Change) (session.Record, error) {
			return s.Update(off(ctx), id, c)
		}), by(fails, nothing)},
		{"context ignored by SetFence", settingFence(func(ctx context.Context, s *shelf, p session.Partition, f session.Fence) error {
			return s.SetFence(off(ctx), p, f)
		}), by(fails, nothing)},
		{"context ignored by RaiseEndedBefore", raising(func(ctx context.Context, s *shelf, t time.Time) error {
			return s.RaiseEndedBefore(off(ctx), t)
		}), by(fails, nothing)},
		{"context ignored by Read", func(s *shelf) hooks {
			return hooks{read: func(ctx context.Context, q session.Query) (session.Reading, error) { return s.Read(off(ctx), q) }}
		}, by(fails)},
		{"context ignored by List", func(s *shelf) hooks {
			return hooks{list: func(ctx context.Context, q session.Range) (session.Listing, error) { return s.List(off(ctx), q) }}
		}, by(fails)},
		{"context ignored by Page", func(s *shelf) hooks {
			return hooks{page: func(ctx context.Context, q session.PageQuery) (session.Page, error) { return s.Page(off(ctx), q) }}
		}, by(fails)},
		{"context ignored by Count", func(s *shelf) hooks {
			return hooks{count: func(ctx context.Context, q session.StatusRange) (int, error) { return s.Count(off(ctx), q) }}
		}, by(fails)},
	}
}
