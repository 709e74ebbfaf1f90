package webhook

import (
	"context"

	"coatcheck/core/events"
)

// Send is one delivery.
func (d *Deliverer) Send(ctx context.Context, e events.Entry) error { return d.sender.send(ctx, e) }
