// Package webhook delivers events to an application: each as a POST that is signed as
// Standard Webhooks says (https://www.standardwebhooks.com), at least once, and those of
// one user in their order. It never stands in the way of who makes an event: that waits
// in an outbox until the receiver took it.
package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"coatcheck/core/events"
)

// Bounds of what waits, and of the ways to try again.
const (
	// MaxWaiting is how many events wait at most: above it the oldest are dropped.
	MaxWaiting = 100_000
	// MaxAge is the age from which on an event that failed is not tried again.
	MaxAge = 72 * time.Hour

	parallel   = 8 // deliveries under way, of as many users
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	storePause = 5 * time.Second // after the outbox failed
	logEvery   = time.Minute     // a line about failures
	page       = 1000            // entries read or dropped at once
)

// Outbox is what events wait in.
type Outbox interface {
	// Waiting returns up to limit entries above a number, ascending. What Appended tells
	// of is among them.
	Waiting(ctx context.Context, after uint64, limit int) ([]events.Entry, error)
	// Remove forgets entries. What is missing is no error.
	Remove(ctx context.Context, numbers ...uint64) error
	// Appended is sent to after entries were appended; several may share one.
	Appended() <-chan struct{}
}

// Options are a Deliverer's settings. Nil is the defaults.
type Options struct {
	// Transport sends the requests; nil means one with bounds of its own.
	Transport http.RoundTripper
	// Log gets what failed and what was dropped; nil means slog.Default.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MaxWaiting takes the place of [MaxWaiting]; 0 means that.
	MaxWaiting int
}

// Deliverer delivers what waits in an outbox.
type Deliverer struct {
	outbox Outbox
	sender sender
	log    *slog.Logger
	now    func() time.Time
	most   int
}

// New returns a deliverer to a receiver. It makes no call.
func New(outbox Outbox, target *url.URL, secrets Secrets, opts *Options) *Deliverer {
	if opts == nil {
		opts = &Options{}
	}
	d := &Deliverer{outbox: outbox, log: opts.Log, now: opts.Now, most: opts.MaxWaiting}
	if d.log == nil {
		d.log = slog.Default()
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.most == 0 {
		d.most = MaxWaiting
	}
	way := opts.Transport
	if way == nil {
		way = transport()
	}
	d.sender = sender{target: target, secrets: secrets, client: newClient(way), now: d.now}
	return d
}

// pause is how long an event waits after so many attempts: twice as long each time, up
// to lastPause, and by chance between half of that and all of it, so that those who
// failed together do not come back together.
func pause(attempts int) time.Duration {
	most := lastPause
	if attempts < 16 { // far above lastPause
		most = min(lastPause, firstPause<<(attempts-1))
	}
	return most/2 + rand.N(most/2) //nolint:gosec // G404: spreads load, keeps no secret
}
