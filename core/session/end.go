package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// End ends one session. Ending what has ended is success: the first end stays and
// its record is returned. It returns [ErrNotFound] where there is no such session.
// An end is never refused for the session's age.
func (m *Manager) End(ctx context.Context, id ID, reason EndReason, by By) (Record, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	r, _, err := m.end(ctx, id, End{Reason: reason, By: by})
	return r, err
}

// end reports besides whether it was this call that ended the session. Its caller
// bounds it.
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
	if !ValidSubject(subject) {
		return 0, invalidSubject()
	}
	partition := PartitionOf(subject)
	if err := m.replaceFence(ctx, partition); err != nil {
		return 0, err
	}
	// All that is kept, however old: a session that a tighter policy holds back
	// today must not come back with a looser one.
	e := End{At: m.clock(), Reason: reason, By: by}
	n, damaged := 0, error(nil)
	err := m.walk(ctx, Range{Partition: partition}, func(page *Listing) error {
		if len(page.Damaged) > 0 {
			damaged = unavailable("end all", fmt.Errorf("session %v: %w", page.Damaged[0], ErrDamaged))
		}
		ended, err := m.endEach(ctx, m.living(page.Records, keep), e)
		n += ended
		return err
	})
	return n, errors.Join(err, damaged)
}

// living returns the sessions but one that some process's clock may take for live,
// whatever the policy.
func (m *Manager) living(records []Record, but ID) []ID {
	now := m.clock()
	var ids []ID
	for i := range records {
		if r := &records[i]; r.ID != but && m.mayLive(r, now) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// mayLive reports whether a record may still answer yes: by another clock, or by a
// touch that was sent before it expired and is on its way.
func (m *Manager) mayLive(r *Record, now time.Time) bool {
	return !r.Ended() && r.ExpiresAt.Add(Skew+m.timeout).After(now)
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

// endEach ends the sessions, side by side, and returns how many were ended by this
// call. Ends that fail do not keep the others of their batch back, but the next
// batch: a store that hangs is not asked for ever.
func (m *Manager) endEach(ctx context.Context, ids []ID, e End) (int, error) {
	ended := 0
	for batch := range slices.Chunk(ids, endParallel) {
		n, err := m.endBatch(ctx, batch, e)
		ended += n
		if err != nil {
			return ended, err
		}
	}
	return ended, nil
}

func (m *Manager) endBatch(ctx context.Context, ids []ID, e End) (int, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		ended int
		fault error
	)
	for _, id := range ids {
		wg.Go(func() {
			_, mine, err := m.end(ctx, id, e)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !errors.Is(err, ErrNotFound):
				fault = err
			case mine:
				ended++
			}
		})
	}
	wg.Wait()
	return ended, fault
}
