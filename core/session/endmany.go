package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// EndAll ends every live session of a subject, and any sign-in of the subject that
// is under way fails. It returns how many it ended, once all are: with an error some
// may be left, and repeating it is safe.
func (m *Manager) EndAll(ctx context.Context, subject string, reason EndReason, by By) (int, error) {
	return m.endMany(ctx, subject, ID{}, reason, by)
}

// EndOthers is EndAll but for one session, which stays; so does what takes its place
// meanwhile, unless the reason is [PasswordChanged]: that may rest on the old one.
func (m *Manager) EndOthers(ctx context.Context, subject string, keep ID, reason EndReason, by By) (int, error) {
	if keep.Partition() != PartitionOf(subject) {
		return 0, invalid("the session to keep is of another subject")
	}
	return m.endMany(ctx, subject, keep, reason, by)
}

// ReplaceFence makes every sign-in of a subject that is under way fail, and ends
// nothing: what a change of the account needs that leaves sessions live.
func (m *Manager) ReplaceFence(ctx context.Context, subject string) error {
	if !ValidSubject(subject) {
		return invalidSubject()
	}
	return m.replaceFence(ctx, PartitionOf(subject))
}

func (m *Manager) endMany(ctx context.Context, subject string, keep ID, reason EndReason, by By) (int, error) {
	if !ValidSubject(subject) {
		return 0, invalidSubject()
	}
	return m.endPartition(ctx, PartitionOf(subject), keep, reason, by)
}

// endPartition replaces the fence first: a sign-in that read the old one is refused, and
// one that reads the new one began after this.
func (m *Manager) endPartition(ctx context.Context, partition Partition, keep ID, reason EndReason, by By) (int, error) {
	if err := m.replaceFence(ctx, partition); err != nil {
		return 0, err
	}
	e := End{At: m.clock(), Reason: reason, By: by}
	stays := map[ID]bool{keep: true}
	n := 0
	// All that is kept, however old: a session that a tighter policy holds back
	// today must not come back with a looser one.
	err := m.walk(ctx, Range{Partition: partition}, func(page *Listing) error {
		if reason != PasswordChanged {
			page.successors(stays)
		}
		ended, err := m.endEach(ctx, m.ends(page, e, stays))
		n += ended
		return err
	})
	return n, err
}

// successors adds to the sessions that stay those that took the place of one of them,
// one after the other. Those of one second stand in no order.
func (page *Listing) successors(stays map[ID]bool) {
	for known := 0; known < len(stays); {
		known = len(stays)
		for i := range page.Records {
			if r := &page.Records[i]; !r.Replaces.IsZero() && stays[r.Replaces] {
				stays[r.ID] = true
			}
		}
	}
}

// ends is what an end of many does to a page of a user's records: each that may be let
// in yet is ended, whatever the policy says today, and each whose state cannot be read.
// Told as ended are only those that lived. One that ended with everybody's ends as that,
// which other processes may not know yet.
func (m *Manager) ends(page *Listing, e End, stays map[ID]bool) []ending {
	now := m.clock()
	follow := func(r *Record) bool { return !stays[r.End.ReplacedBy] }
	var ends []ending
	for i := range page.Records {
		r := &page.Records[i]
		one := ending{id: r.ID, end: e, counts: m.mayLive(r, now), follow: follow}
		if first := m.orEverybodys(r, e); first.Reason == EndedEverywhere {
			one.end, one.counts = first, false
		}
		if !stays[r.ID] && mayRevive(r, now) {
			ends = append(ends, one)
		}
	}
	for _, id := range page.Damaged {
		if !stays[id] {
			ends = append(ends, ending{id: id, end: e, counts: true, follow: follow})
		}
	}
	return ends
}

// mayLive reports whether a record may still answer yes: by another clock, or by a
// touch that was sent before it expired and is on its way.
func (m *Manager) mayLive(r *Record, now time.Time) bool {
	return !r.Ended() && r.ExpiresAt.Add(Skew+m.timeout).After(now)
}

// mayRevive reports whether a record may ever answer yes again: a touch that was sent
// before it expired may be late by any time, and moves no expiry past the absolute one.
func mayRevive(r *Record, now time.Time) bool {
	return !r.Ended() && r.AbsoluteExpiry.Add(Skew).After(now)
}

// replaceFence gives the fence a value that it never had. Each of two tries has one of
// its own: were one value written twice, the second write could bring back what a
// sign-in has read, with the end of another call in between. Both have the time of one
// call.
func (m *Manager) replaceFence(ctx context.Context, p Partition) error {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	return insist(ctx, func() error { return m.setFence(ctx, p) })
}

func (m *Manager) setFence(ctx context.Context, p Partition) error {
	var fence Fence
	random(fence[:])
	if err := m.store.SetFence(ctx, p, fence); err != nil {
		return unavailable("set fence", err)
	}
	return nil
}

// insist tries twice where the first try had no answer: it may have been carried out,
// and giving up half-way would leave things as nobody wants them.
func insist(ctx context.Context, try func() error) error {
	err := try()
	if errors.Is(err, ErrUnavailable) && ctx.Err() == nil {
		err = try()
	}
	return err
}

// ending is the end of one session among many.
type ending struct {
	id     ID
	end    End
	counts bool // among those that are told to have ended
	// follow says whether what took the place of an ended session ends with it; nil: no.
	follow func(*Record) bool
}

// endParallel is how many ends of one call are under way at once: a user with a
// hundred sessions is still one round trip.
const endParallel = 128

// endEach ends the sessions, side by side, and returns how many were ended by this
// call. Ends that fail do not keep the others of their batch back, but the next batch:
// a store that hangs is not asked for ever.
func (m *Manager) endEach(ctx context.Context, ends []ending) (ended int, err error) {
	for batch := range slices.Chunk(ends, endParallel) {
		n, err := m.endBatch(ctx, batch)
		ended += n
		if err != nil {
			return ended, err
		}
	}
	return ended, nil
}

func (m *Manager) endBatch(ctx context.Context, ends []ending) (ended int, fault error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for _, one := range ends {
		wg.Go(func() {
			_, mine, err := m.endThrough(ctx, one.id, one.end, one.follow)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !errors.Is(err, ErrNotFound):
				fault = err
			case mine && one.counts:
				ended++
			}
		})
	}
	wg.Wait()
	return ended, fault
}

// endWithSuccessor ends a session and what just took its place: a step-up that came
// in between must not carry the user past an end. What was replaced longer ago is
// history.
func (m *Manager) endWithSuccessor(ctx context.Context, id ID, e End) (Record, error) {
	recent := m.clock().Add(-m.policy.Grace - Skew)
	r, _, err := m.endThrough(ctx, id, e, func(r *Record) bool { return r.End.At.After(recent) })
	return r, err
}

// endThrough ends a session; where it had ended as replaced, and follow says so, what
// took its place, as long as it is the same user's. It returns the first one's record,
// and whether this call ended any.
func (m *Manager) endThrough(ctx context.Context, id ID, e End, follow func(*Record) bool) (Record, bool, error) {
	first, mine, err := m.end(ctx, id, e)
	r := first
	for range maxSuccessors {
		next := r.End.ReplacedBy
		if err != nil || mine || follow == nil || next.IsZero() || next.Partition() != id.Partition() || !follow(&r) {
			return first, mine, err
		}
		if r, mine, err = m.end(ctx, next, m.firstEnd(ctx, next, e)); errors.Is(err, ErrNotFound) { // purged: as over as can be
			return first, false, nil
		}
	}
	return Record{}, false, unavailable(fmt.Sprintf("end what took the place of session %v", id), ErrConflict)
}

// maxSuccessors is how many sessions in a row one end follows. More is no user's doing.
const maxSuccessors = 1000
