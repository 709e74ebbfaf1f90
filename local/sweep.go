package main

import (
	"context"
	"log/slog"
	"time"

	"coatcheck/core/session"
)

// sweep tidies up at the start and then every hour: it forgets purged records, where
// the store does not by itself, and writes down the ends of everybody's sessions.
func (p *parts) sweep(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if p.store.sweep != nil {
			n, err := p.store.sweep(ctx, time.Now())
			tell(ctx, log, "sweep", n, err)
		}
		n, err := p.sweepEnds(ctx)
		tell(ctx, log, "sweep of ends", n, err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func tell(ctx context.Context, log *slog.Logger, what string, n int, err error) {
	switch {
	case err != nil && ctx.Err() == nil:
		log.Error(what, "event", "sweep_failed", "error", err)
	case n > 0:
		log.Info(what, "event", "swept", "records", n)
	}
}

// sweepEnds takes all steps of the sweep that follows an end of everybody, and returns
// how many sessions it ended.
func (p *parts) sweepEnds(ctx context.Context) (int, error) {
	n := 0
	for cursor := ""; ; {
		step, err := p.manager.Sweep(ctx, session.ByRule, cursor)
		n += step.Ended
		if cursor = step.Next; err != nil || cursor == "" {
			return n, err
		}
	}
}
