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
	r, _, err := m.endBounded(ctx, id, End{Reason: reason, By: by})
	return r, err
}

// endBounded is one bounded end.
func (m *Manager) endBounded(ctx context.Context, id ID, e End) (Record, bool, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	return m.end(ctx, id, e)
}

// SignOut ends the session that a presented token belongs to, as its holder's wish.
// It is success when the session had ended or expired. A token that was replaced and
// is past its grace ends it as [TokenReuse]. Who acts as somebody else in a browser
// leaves his own session along with it. Its error is a [*Refusal] as of
// [Manager.Lookup], with which nothing was ended, or one of [Manager.End].
func (m *Manager) SignOut(ctx context.Context, p Presented) (Record, error) {
	token, err := m.verify(p.Token)
	if err != nil {
		return Record{}, err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	now := m.clock()
	r, err := m.fetch(ctx, token.ID(), now)
	verdict := m.policy.judge(&r.Secrets, token.secretHash(), now, false)
	if err == nil && (r.Bearer != p.Bearer || verdict == isUnknown) {
		err = &Refusal{Outcome: Unknown}
	}
	if err != nil {
		return Record{}, refusalOf(err, token.ID())
	}
	e := End{Reason: SignedOut, By: whoActs(&r)}
	if verdict == isReplay {
		e = End{Reason: TokenReuse, By: ByRule}
	}
	if !r.Actor.IsZero() && !r.Bearer {
		if _, _, err := m.end(ctx, r.Actor, e); err != nil && !errors.Is(err, ErrNotFound) {
			return Record{}, err
		}
	}
	r, _, err = m.end(ctx, r.ID, e)
	return r, err
}

// whoActs is who does what is done in a session.
func whoActs(r *Record) By {
	if r.Actor.IsZero() {
		return BySubject(r.Subject)
	}
	return ByActor(r.Actor)
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
	case errors.Is(err, ErrDamaged) && r.ID == id && r.Ended():
		// Odd, and over for good: what holds is the end.
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

// ReplaceFence makes every sign-in of a subject that is under way fail, and ends
// nothing: what a change of the account needs that leaves sessions live.
func (m *Manager) ReplaceFence(ctx context.Context, subject string) error {
	if !ValidSubject(subject) {
		return invalidSubject()
	}
	return m.replaceFence(ctx, PartitionOf(subject))
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
	n := 0
	err := m.walk(ctx, Range{Partition: partition}, func(page *Listing) (err error) {
		// A session of the list that was replaced before its end came lives on in the one
		// that took its place, which may not be in the list.
		for ids := m.living(page, keep); len(ids) > 0 && err == nil; {
			var ended int
			ended, ids, err = m.endEach(ctx, ids, e)
			n += ended
		}
		return err
	})
	return n, err
}

// living returns the sessions but one that some process's clock may take for live,
// whatever the policy, and those whose state cannot be read.
func (m *Manager) living(page *Listing, but ID) []ID {
	now := m.clock()
	var ids []ID
	for i := range page.Records {
		if r := &page.Records[i]; r.ID != but && m.mayLive(r, now) {
			ids = append(ids, r.ID)
		}
	}
	for _, id := range page.Damaged {
		if id != but {
			ids = append(ids, id)
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
// call, and by what those were replaced that others had ended so. Ends that fail do not
// keep the others of their batch back, but the next batch: a store that hangs is not
// asked for ever.
func (m *Manager) endEach(ctx context.Context, ids []ID, e End) (ended int, replacedBy []ID, err error) {
	for batch := range slices.Chunk(ids, endParallel) {
		n, by, err := m.endBatch(ctx, batch, e)
		ended += n
		replacedBy = append(replacedBy, by...)
		if err != nil {
			return ended, replacedBy, err
		}
	}
	return ended, replacedBy, nil
}

func (m *Manager) endBatch(ctx context.Context, ids []ID, e End) (ended int, replacedBy []ID, fault error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for _, id := range ids {
		wg.Go(func() {
			r, mine, err := m.end(ctx, id, e)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !errors.Is(err, ErrNotFound):
				fault = err
			case mine:
				ended++
			case !r.End.ReplacedBy.IsZero():
				replacedBy = append(replacedBy, r.End.ReplacedBy)
			}
		})
	}
	wg.Wait()
	return ended, replacedBy, fault
}
