package bolt

import (
	"context"
	"errors"
	"sync"

	"go.etcd.io/bbolt"
)

// errClosed says that the file was closed.
var errClosed = errors.New("the data file is closed")

// writer commits writes one batch after the other: all that wait while one batch is
// synced to disk share the next one. So a burst of writes costs few syncs, a lone
// write waits for nothing, and a caller may stop waiting when its time is over.
type writer struct {
	file  *bbolt.DB
	queue chan *write
	stop  chan struct{} // closed to stop
	gone  chan struct{} // closed once nothing is written any more
	once  sync.Once
}

// write is one caller's part of a batch. fn leaves its answer in variables of its
// caller; an error of fn undoes the whole batch.
type write struct {
	ctx    context.Context //nolint:containedctx // the queue carries the caller's wish to stop
	fn     func(*bbolt.Tx) error
	result chan error
}

const maxBatch = 256

func newWriter(file *bbolt.DB) *writer {
	w := &writer{
		file: file, queue: make(chan *write, maxBatch),
		stop: make(chan struct{}), gone: make(chan struct{}),
	}
	go w.run()
	return w
}

// do runs fn in a batch and returns once it is on disk. When the context ends first
// it is open whether fn took or takes effect, and the caller must not look at what
// fn leaves behind.
func (w *writer) do(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := &write{ctx: ctx, fn: fn, result: make(chan error, 1)}
	select {
	case w.queue <- op:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return errClosed
	}
	select {
	case err := <-op.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.gone:
		return op.outcome()
	}
}

// decide is do for a write that may be answered with no: fn returns its answer, which
// changed nothing unless it is nil, and apart from it a fault, which undoes the batch.
func (w *writer) decide(ctx context.Context, fn func(*bbolt.Tx) (answer, fault error)) error {
	var answer error
	err := w.do(ctx, func(tx *bbolt.Tx) (fault error) {
		answer, fault = fn(tx)
		return fault
	})
	if err != nil {
		return err
	}
	return answer
}

// outcome is what became of a write when the writer is gone.
func (op *write) outcome() error {
	select {
	case err := <-op.result:
		return err
	default:
		return errClosed
	}
}

// close lets the batch under way finish; what waits behind it is not written.
func (w *writer) close() {
	w.once.Do(func() { close(w.stop) })
	<-w.gone
}

func (w *writer) run() {
	defer close(w.gone)
	for {
		select {
		case <-w.stop:
			return
		case first := <-w.queue:
			w.commit(w.gather(first))
		}
	}
}

// gather takes along whatever else is waiting.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case op := <-w.queue:
			batch = append(batch, op)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction. Writes whose caller is gone are left out,
// so that nothing is written long after it was asked for.
func (w *writer) commit(batch []*write) {
	err := w.transact(func(tx *bbolt.Tx) error {
		for _, op := range batch {
			if op.ctx.Err() != nil {
				continue
			}
			if err := op.fn(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, op := range batch {
		if err == nil && op.ctx.Err() != nil {
			op.result <- op.ctx.Err()
			continue
		}
		op.result <- err
	}
}

func (w *writer) transact(fn func(*bbolt.Tx) error) (err error) {
	defer recoverDamage(&err)
	return w.file.Update(fn)
}
