package password

import (
	"context"
	"fmt"

	"coatcheck/core/signin"
)

// gate lets so many work at once and so many more wait; it turns the rest away, so
// that a flood of sign-ins takes a known amount of memory and never a long queue.
type gate struct {
	inside  chan struct{} // those who work and those who wait
	working chan struct{}
}

func newGate(parallel, queue int) gate {
	return gate{inside: make(chan struct{}, parallel+queue), working: make(chan struct{}, parallel)}
}

// enter waits for a turn; leave must follow when it returned nil. Its error wraps
// signin.ErrBusy.
func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // select might choose the free turn
		return gaveUp(err)
	}
	select {
	case g.inside <- struct{}{}:
	default:
		return signin.ErrBusy
	}
	select {
	case g.working <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-g.inside
		return gaveUp(ctx.Err())
	}
}

func (g gate) leave() {
	<-g.working
	<-g.inside
}

func gaveUp(err error) error {
	return fmt.Errorf("%w: gave up waiting for a turn: %w", signin.ErrBusy, err)
}
