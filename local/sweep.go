package main

import (
	"context"
	"log/slog"
	"time"

	"coatcheck/core/monitor"
)

// sweep forgets purged records, at the start and then every hour, where the store does
// not by itself.
func (p *parts) sweep(ctx context.Context, log *slog.Logger) {
	if p.store.sweep == nil {
		return
	}
	every(ctx, sweepEvery, func() {
		n, err := p.store.sweep(ctx, time.Now())
		switch {
		case err != nil && ctx.Err() == nil:
			log.Error("sweep", "event", "sweep_failed", "error", err)
		case n > 0:
			log.Info("sweep", "event", "swept", "records", n)
		}
	})
}

// watch runs the monitor, at the start and then every so often. A run is over before the
// next is due; what fails of it the monitor logs.
func (p *parts) watch(ctx context.Context, m *monitor.Monitor, often time.Duration, log *slog.Logger) {
	every(ctx, often, func() {
		bound, cancel := context.WithTimeout(ctx, min(often, runTime))
		defer cancel()
		if report, err := m.Run(bound); err == nil {
			log.Debug("monitor", "event", "monitored", "found", report)
		}
	})
}

// runTime bounds a run of the monitor.
const runTime = time.Minute

// monitor is the one of this process, which tells a sink if there is one.
func (p *parts) monitor(s served, log *slog.Logger) (*monitor.Monitor, error) {
	opts := &monitor.Options{Every: s.monitorEvery, KeyMade: p.keyMade, Log: log}
	if s.metrics == nil {
		return monitor.New(p.manager, nil, opts)
	}
	return monitor.New(p.manager, s.metrics, opts)
}

// every does something at once, and then each time that so much has passed, until the
// context ends.
func every(ctx context.Context, often time.Duration, do func()) {
	ticker := time.NewTicker(often)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
