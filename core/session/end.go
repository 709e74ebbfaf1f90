package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// End ends one session. Ending what has ended is success: the first end stays and
// its record is returned. It returns [ErrNotFound] where there is no such session.
// An end is never refused for the session's age.
func (m *Manager) End(ctx context.Context, id ID, reason EndReason, by By) (Record, error) {
	r, _, err := m.end(ctx, id, End{Reason: reason, By: by})
	return r, err
}

// end reports besides whether it was this call that ended the session.
func (m *Manager) end(ctx context.Context, id ID, e End) (Record, bool, error) {
	if e.At.IsZero() {
		e.At = m.clock()
	}
	if !e.Reason.writable() {
		return Record{}, false, invalid("end reason %q: not one that is written", e.Reason)
	}
	if !ValidText(string(e.By), maxBy) {
		return Record{}, false, invalid("who ends: want 1 to %d bytes of text", maxBy)
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	r, err := m.store.Update(ctx, id, Change{End: &e})
	switch {
	case errors.Is(err, ErrNotFound):
		return Record{}, false, fmt.Errorf("end session %v: %w", id, ErrNotFound)
	case err == nil && r.ID == id && r.Ended():
		return r, r.End.equal(e), nil
	case errors.Is(err, ErrConflict) && r.ID == id && r.Ended():
		// A retry inside the adapter may meet its own earlier write.
		return r, r.End.equal(e), nil
	case err == nil || errors.Is(err, ErrConflict):
		err = ErrDamaged
	}
	return Record{}, false, unavailable(fmt.Sprintf("end session %v", id), err)
}

// EndAll ends every live session of a subject, and any sign-in of the subject that
// is under way fails. It returns how many it ended, once all are: with an error some
// may be left, and repeating it is safe.
func (m *Manager) EndAll(ctx context.Context, subject string, reason EndReason, by By) (int, error) {
	return m.endMany(ctx, subject, ID{}, reason, by)
}

// EndOthers is EndAll but for one session, which stays.
func (m *Manager) EndOthers(ctx context.Context, subject string, keep ID, reason EndReason, by By) (int, error) {
	if keep.Partition() != PartitionOf(subject) {
		return 0, invalid("the session to keep is of another subject")
	}
	return m.endMany(ctx, subject, keep, reason, by)
}

// endMany replaces the fence first: a sign-in that read the old one is refused, and
// one that reads the new one began after this.
func (m *Manager) endMany(ctx context.Context, subject string, keep ID, reason EndReason, by By) (int, error) {
	if !ValidText(subject, MaxSubject) {
		return 0, invalid("subject: want 1 to %d bytes of text", MaxSubject)
	}
	partition := PartitionOf(subject)
	if err := m.replaceFence(ctx, partition); err != nil {
		return 0, err
	}
	// All that is kept, however old: a session that a tighter policy holds back
	// today must not come back with a looser one.
	listing, err := m.list(ctx, Range{Partition: partition})
	if err != nil {
		return 0, err
	}
	now := m.clock()
	var ids []ID
	for i := range listing.Records {
		if r := &listing.Records[i]; r.ID != keep && mayLive(r, now) {
			ids = append(ids, r.ID)
		}
	}
	n, err := m.endEach(ctx, ids, End{At: now, Reason: reason, By: by})
	if len(listing.Damaged) > 0 {
		err = errors.Join(err, unavailable("end all", fmt.Errorf("session %v: %w", listing.Damaged[0], ErrDamaged)))
	}
	return n, err
}

// mayLive reports whether some process's clock may take the record for live,
// whatever the policy.
func mayLive(r *Record, now time.Time) bool {
	return !r.Ended() && r.ExpiresAt.Add(Skew).After(now)
}

func (m *Manager) replaceFence(ctx context.Context, p Partition) error {
	var fence Fence
	random(fence[:])
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	if err := m.store.SetFence(ctx, p, fence); err != nil {
		return unavailable("set fence", err)
	}
	return nil
}

// endParallel is how many ends of one call are under way at once: a user with a
// hundred sessions is still one round trip.
const endParallel = 128

// endEach ends the sessions, all of them even if some fail, and returns how many
// were ended by this call.
func (m *Manager) endEach(ctx context.Context, ids []ID, e End) (int, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		ended int
		fault error
		slots = make(chan struct{}, endParallel)
	)
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			_, mine, err := m.end(ctx, id, e)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !errors.Is(err, ErrNotFound) && fault == nil:
				fault = err
			case mine:
				ended++
			}
		})
	}
	wg.Wait()
	return ended, fault
}
