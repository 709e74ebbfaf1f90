package webhook

import (
	"container/heap"
	"slices"
	"time"

	"coatcheck/core/session"
)

// line is one user's events, by their numbers: the first one goes first, and no other
// before it was taken.
type line struct {
	user     session.Partition
	numbers  []uint64
	attempts int       // at the first one
	due      time.Time // when it is tried next
	busy     bool      // it is under way
	place    int       // in the heap; -1 if it is in none
}

// lines are all users' events.
type lines struct {
	byUser map[session.Partition]*line
	ready  queue // those that are not busy, by when they are due
	// order is all numbers from the oldest on; those that are gone leave it late.
	order []entryRef
	total int
}

type entryRef struct {
	number uint64
	user   session.Partition
}

func newLines() *lines { return &lines{byUser: map[session.Partition]*line{}} }

// add appends an event to its user's line.
func (l *lines) add(number uint64, user session.Partition, now time.Time) {
	l.total++
	l.order = append(l.order, entryRef{number, user})
	one := l.byUser[user]
	if one == nil {
		one = &line{user: user, due: now, place: -1}
		l.byUser[user] = one
	}
	one.numbers = append(one.numbers, number)
	if !one.busy && one.place < 0 {
		heap.Push(&l.ready, one)
	}
}

// next takes the line that is due first, if one is; otherwise it returns how long that
// takes, 0 where nothing waits.
func (l *lines) next(now time.Time) (*line, time.Duration) {
	switch {
	case len(l.ready) == 0:
		return nil, 0
	case l.ready[0].due.After(now):
		return nil, l.ready[0].due.Sub(now)
	}
	one := heap.Pop(&l.ready).(*line) //nolint:forcetypeassert // holds nothing else
	one.busy = true
	return one, 0
}

// done takes the first event out of a line whose delivery is over.
func (l *lines) done(one *line, now time.Time) {
	one.numbers = one.numbers[1:]
	one.attempts, one.due = 0, now
	l.total--
	l.free(one)
}

// later leaves the first event where it is, until it is due.
func (l *lines) later(one *line, due time.Time) {
	one.due = due
	l.free(one)
}

func (l *lines) free(one *line) {
	one.busy = false
	if len(one.numbers) == 0 {
		delete(l.byUser, one.user)
		return
	}
	heap.Push(&l.ready, one)
}

// oldest takes out up to so many of the oldest events, but for those under way.
func (l *lines) oldest(most int) (numbers []uint64) {
	var kept []entryRef
	i := 0
	for ; i < len(l.order) && len(numbers) < most; i++ {
		ref := l.order[i]
		one := l.byUser[ref.user]
		switch at := indexIn(one, ref.number); {
		case at < 0: // gone
		case at == 0 && one.busy:
			kept = append(kept, ref)
		default:
			numbers = append(numbers, ref.number)
			l.drop(one, at)
		}
	}
	l.order = l.order[i-len(kept):]
	copy(l.order, kept)
	return numbers
}

func indexIn(one *line, number uint64) int {
	if one == nil {
		return -1
	}
	at, found := slices.BinarySearch(one.numbers, number)
	if !found {
		return -1
	}
	return at
}

func (l *lines) drop(one *line, at int) {
	one.numbers = slices.Delete(one.numbers, at, at+1)
	l.total--
	if len(one.numbers) == 0 && !one.busy {
		heap.Remove(&l.ready, one.place)
		delete(l.byUser, one.user)
	}
	if at == 0 {
		one.attempts = 0
	}
}

// tidy forgets what left the order late, once that is most of it.
func (l *lines) tidy() {
	if len(l.order) > 2*l.total+page {
		l.order = slices.DeleteFunc(l.order, func(ref entryRef) bool { return indexIn(l.byUser[ref.user], ref.number) < 0 })
	}
}

// queue is a heap of lines by when they are due.
type queue []*line

// Len implements [heap.Interface].
func (q queue) Len() int { return len(q) }

// Less implements [heap.Interface].
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

// Swap implements [heap.Interface].
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(x any) {
	one := x.(*line) //nolint:forcetypeassert // heap.Push is given nothing else
	one.place = len(*q)
	*q = append(*q, one)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	one := (*q)[last]
	(*q)[last] = nil
	*q, one.place = (*q)[:last], -1
	return one
}
