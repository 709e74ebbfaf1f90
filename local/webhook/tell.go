package webhook

import (
	"context"
	"time"
)

// What the log says: that deliveries fail, at most once a minute; that all is well
// again; and each time that something was dropped.

func (d *delivery) tellFailed(ctx context.Context, r result) {
	d.failures++
	if now := d.now(); d.told.IsZero() || now.Sub(d.told) >= logEvery {
		d.log.WarnContext(ctx, "events are not delivered", "event", "webhook_failed", "error", r.err.Error(), "id", r.entry.ID,
			"attempt", r.line.attempts, "failures", d.failures, "waiting", d.lines.total)
		d.told, d.failures = now, 0
	}
}

func (d *delivery) tellWell(ctx context.Context) {
	if !d.told.IsZero() && d.lines.total == 0 {
		d.log.InfoContext(ctx, "all events are delivered", "event", "webhook_recovered")
		d.told, d.failures = time.Time{}, 0
	}
}

func (d *delivery) tellDropped(ctx context.Context, n int, why, id string) {
	d.dropped += n
	d.log.ErrorContext(ctx, "events were dropped", "event", "webhook_dropped", "dropped", n, "why", why, "id", id,
		"waiting", d.lines.total, "dropped_since_start", d.dropped)
}

func (d *delivery) storeFailed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		d.log.ErrorContext(ctx, "the outbox", "event", "webhook_failed", "error", err.Error())
	}
}
