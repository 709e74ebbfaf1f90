package telemetry

import (
	"context"
	"log/slog"
	"time"
)

// CallOptions are how a store's calls are measured. The zero value, and nil, are the
// defaults.
type CallOptions struct {
	// Now is the clock that durations are taken by; nil means time.Now.
	Now func() time.Time
	// Log gets one line a call, in the request that made it: store_call_failed (warn) where
	// the store did not answer or what it holds is damaged, else store_called (debug). nil:
	// calls are not logged.
	Log *slog.Logger
}

// What a call of a store is logged as.
const (
	storeCalled     = "store_called"
	storeCallFailed = "store_call_failed"
)

// tell logs a call. What a caller gave up, and what the ports' own answers say, is no
// failure.
func (m *meter) tell(ctx context.Context, operation, result string, took time.Duration, err error) {
	level, event, message := slog.LevelDebug, storeCalled, "store called"
	switch result {
	case "damaged", "timeout", "error":
		level, event, message = slog.LevelWarn, storeCallFailed, "store call failed"
	}
	if !m.log.Enabled(ctx, level) {
		return
	}
	f := fields{
		slog.String("event", event), slog.String("store", m.store), slog.String("operation", operation),
		slog.String("result", result), slog.Duration("took", took),
	}
	if level == slog.LevelWarn {
		f.text("error", err.Error())
	}
	m.log.LogAttrs(ctx, level, message, f...)
}
