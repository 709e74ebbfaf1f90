// Package lines writes lines for those who must not wait for it: those of a log, and of
// metrics. A writer that is slow or never returns (a pipe that nobody reads, a full disk)
// keeps nobody waiting, and fails nothing.
package lines

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Queue writes lines in a goroutine of its own. What finds it full, or could not be
// written, is dropped, counted, and told of once a line gets through again. It is safe for
// concurrent use.
type Queue struct {
	w       io.Writer
	lines   chan []byte
	dropped atomic.Int64
	lost    func(n int64) []byte // the line that tells of n that were dropped
	torn    bool                 // a line broke off
	once    sync.Once
	synced  chan chan struct{} // asks for what there is to be written
	stop    chan struct{}
	done    chan struct{}
}

// New returns a queue in which so many lines wait for the writer at most. lost makes the
// line that tells of n that were dropped.
func New(w io.Writer, size int, lost func(n int64) []byte) *Queue {
	q := &Queue{
		w: w, lost: lost, lines: make(chan []byte, size),
		synced: make(chan chan struct{}), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go q.run()
	return q
}

// Put takes a line, which the caller does not change any more. It never waits.
func (q *Queue) Put(line []byte) {
	select {
	case q.lines <- line:
	default:
		q.dropped.Add(1)
	}
}

func (q *Queue) run() {
	defer close(q.done)
	for {
		select {
		case line := <-q.lines:
			q.write(line)
		case done := <-q.synced:
			q.drain()
			close(done)
		case <-q.stop:
			q.drain()
			return
		}
	}
}

// drain writes what is in the queue.
func (q *Queue) drain() {
	for {
		select {
		case line := <-q.lines:
			q.write(line)
		default:
			return
		}
	}
}

// write writes a line and, once one got through, how many did not.
func (q *Queue) write(line []byte) {
	if !q.send(line) {
		q.dropped.Add(1)
		return
	}
	if n := q.dropped.Load(); n > 0 && q.send(q.lost(n)) {
		q.dropped.Add(-n)
	}
}

// send reports whether a line was written as a whole. After one that broke off the next
// begins anew.
func (q *Queue) send(line []byte) bool {
	if q.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := q.w.Write(line)
	q.torn = err != nil && (n > 0 || q.torn)
	return err == nil
}

// Sync returns when what there is was written, or after so long.
func (q *Queue) Sync(most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	done := make(chan struct{})
	select {
	case q.synced <- done:
	case <-q.done:
		return
	case <-timer.C:
		return
	}
	select {
	case <-done:
	case <-timer.C:
	}
}

// Close ends the goroutine when it has written what there is, and waits for that so long.
// Lines that come after it are lost.
func (q *Queue) Close(most time.Duration) {
	q.once.Do(func() { close(q.stop) })
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-q.done:
	case <-timer.C:
	}
}
