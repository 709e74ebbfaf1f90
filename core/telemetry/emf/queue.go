package emf

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// queueSize is how many lines wait for the writer at most. A line has a few KB.
const queueSize = 256

// queue writes lines in a goroutine of its own. What finds it full is dropped.
type queue struct {
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

func newQueue(w io.Writer, lost func(int64) []byte) *queue {
	q := &queue{w: w, lost: lost, lines: make(chan []byte, queueSize), synced: make(chan chan struct{}), stop: make(chan struct{}), done: make(chan struct{})}
	go q.run()
	return q
}

// put never waits.
func (q *queue) put(line []byte) {
	select {
	case q.lines <- line:
	default:
		q.dropped.Add(1)
	}
}

func (q *queue) run() {
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
func (q *queue) drain() {
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
func (q *queue) write(line []byte) {
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
func (q *queue) send(line []byte) bool {
	if q.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := q.w.Write(line)
	q.torn = err != nil && (n > 0 || q.torn)
	return err == nil
}

// sync returns when what there is was written, or after so long.
func (q *queue) sync(most time.Duration) {
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

// close ends the goroutine when it has written what there is, and waits for that so long.
func (q *queue) close(most time.Duration) {
	q.once.Do(func() { close(q.stop) })
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-q.done:
	case <-timer.C:
	}
}
