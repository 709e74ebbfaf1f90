package webhook

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/events"
)

// delivery is one run of a Deliverer. All but attempt is done by one goroutine.
type delivery struct {
	*Deliverer
	lines    *lines
	after    uint64 // the highest number that was read
	underWay int
	results  chan result

	failures int       // since the last line of the log about them
	told     time.Time // when that was; zero: all is well
	dropped  int       // since the start
}

// result is how one attempt ended.
type result struct {
	line  *line
	entry events.Entry
	err   error // nil: the receiver took it, or there is nothing to deliver any more
}

// errDamaged says that what waits is no event.
var errDamaged = errors.New("what is stored is no event")

// Run delivers until the context ends, and returns once nothing is under way.
func (d *Deliverer) Run(ctx context.Context) {
	run := &delivery{Deliverer: d, lines: newLines(), results: make(chan result, parallel)}
	defer run.drain()
	for ctx.Err() == nil {
		wait := run.step(ctx)
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-d.outbox.Appended():
		case <-timer:
		case r := <-run.results:
			run.settle(ctx, r)
		}
	}
}

// drain waits for what is under way; the context that ended cuts it short.
func (d *delivery) drain() {
	for ; d.underWay > 0; d.underWay-- {
		<-d.results
	}
}

// step reads what was appended and starts what is due. It returns after how long there
// is more to do, 0 where only a result or a new event brings that.
func (d *delivery) step(ctx context.Context) (wait time.Duration) {
	if err := d.load(ctx); err != nil {
		d.storeFailed(ctx, err)
		wait = storePause
	}
	for d.underWay < parallel {
		one, later := d.lines.next(d.now())
		if one == nil {
			if later > 0 && (wait == 0 || later < wait) {
				wait = later
			}
			break
		}
		d.underWay++
		number := one.numbers[0]
		go func() { d.results <- d.attempt(ctx, one, number) }()
	}
	return wait
}

// load puts what was appended in line, and drops the oldest of what is too much.
func (d *delivery) load(ctx context.Context) error {
	for {
		found, err := d.outbox.Waiting(ctx, d.after, page)
		if err != nil {
			return err
		}
		for _, e := range found {
			d.after = e.Number
			d.lines.add(e.Number, e.User, d.now())
		}
		if err := d.trim(ctx); err != nil {
			return err
		}
		if len(found) < page {
			return nil
		}
	}
}

// trim drops the oldest events while more wait than may.
func (d *delivery) trim(ctx context.Context) error {
	d.lines.tidy()
	for d.lines.total > d.most {
		numbers := d.lines.oldest(min(page, d.lines.total-d.most))
		if len(numbers) == 0 {
			return nil // all that could go is under way
		}
		d.tellDropped(ctx, len(numbers), "more wait than may", "")
		if err := d.outbox.Remove(ctx, numbers...); err != nil {
			return err
		}
	}
	return nil
}

// attempt delivers one event and forgets it. What cannot be forgotten counts as not
// delivered: it is delivered again before any later one of the user.
func (d *delivery) attempt(ctx context.Context, one *line, number uint64) result {
	found, err := d.outbox.Waiting(ctx, number-1, 1)
	r := result{line: one, entry: events.Entry{Number: number}, err: err}
	if err != nil || len(found) == 0 || found[0].Number != number {
		return r
	}
	r.entry = found[0]
	if r.entry.Body == nil {
		r.err = errDamaged
		return r
	}
	if r.err = d.sender.send(ctx, r.entry); r.err == nil {
		r.err = d.outbox.Remove(ctx, number)
	}
	return r
}

// settle decides what becomes of an event after an attempt.
func (d *delivery) settle(ctx context.Context, r result) {
	d.underWay--
	now := d.now()
	switch {
	case r.err == nil:
		d.lines.done(r.line, now)
		d.tellWell(ctx)
	case ctx.Err() != nil:
		d.lines.later(r.line, now)
	case errors.Is(r.err, errDamaged):
		d.giveUp(ctx, r, "it is damaged")
	case !r.entry.Timestamp.IsZero() && now.Sub(r.entry.Timestamp) > MaxAge:
		d.giveUp(ctx, r, "it is too old to be tried again")
	default:
		r.line.attempts++
		d.lines.later(r.line, now.Add(pause(r.line.attempts)))
		d.tellFailed(ctx, r)
	}
}

// giveUp drops one event. Where it cannot be forgotten it is met again at the next start.
func (d *delivery) giveUp(ctx context.Context, r result, why string) {
	d.tellDropped(ctx, 1, why, r.entry.ID)
	d.lines.done(r.line, d.now())
	if err := d.outbox.Remove(ctx, r.entry.Number); err != nil {
		d.storeFailed(ctx, err)
	}
}
