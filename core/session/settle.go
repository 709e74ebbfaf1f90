package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// settle decides, after the record is there, whether its token may go out: the fence
// has not moved, and the new session is among the newest that the limit allows. It
// ends what is over the limit and the session that this one replaces. With an error
// comes the reason to end the new session for.
func (m *Manager) settle(ctx context.Context, r *Record, start signInStart, stepUp bool) (EndReason, error) {
	since := m.clock().Add(-m.policy.longest() - Skew)
	var recent []Record
	moved := false
	err := m.walk(ctx, Range{Partition: r.ID.Partition(), Since: since}, func(page *Listing) error {
		moved = moved || page.Fence != start.fence
		recent = append(recent, page.Records...)
		return nil
	})
	switch survives, surplus := m.limit(recent, r); {
	case err != nil:
		return SignedOut, err
	case moved:
		return EndedEverywhere, fmt.Errorf("sign in: %w", ErrOvertaken)
	case !survives:
		return SessionLimit, fmt.Errorf("sign in: %w", ErrOvertaken)
	default:
		return SignedOut, m.makeRoom(ctx, r, start.as, stepUp, surplus)
	}
}

// makeRoom ends what a new session takes the place of, which may refuse it, and then
// what is over the limit: the user's other devices come last.
func (m *Manager) makeRoom(ctx context.Context, r *Record, as EndReason, stepUp bool, surplus []ending) error {
	if err := m.endReplaced(ctx, r, as, stepUp); err != nil {
		return err
	}
	return insist(ctx, func() error {
		_, err := m.endEach(ctx, surplus)
		return err
	})
}

// endReplaced ends the session that a new one takes the place of, if there is one.
// For a step-up it must have lived until now.
func (m *Manager) endReplaced(ctx context.Context, r *Record, as EndReason, stepUp bool) error {
	if r.Replaces.IsZero() {
		return nil
	}
	e := End{At: m.clock(), Reason: as, By: ByRule, ReplacedBy: r.ID}
	var old Record
	mine := false
	err := insist(ctx, func() (err error) {
		ctx, cancel := m.bounded(ctx)
		defer cancel()
		old, mine, err = m.end(ctx, r.Replaces, e)
		return err
	})
	switch {
	case stepUp && err == nil && !mine:
		return &Refusal{Outcome: Ended, Reason: old.End.Reason, Session: old.ID}
	case stepUp:
		return asRefusal(err, r.Replaces)
	case errors.Is(err, ErrNotFound): // purged meanwhile: as over as can be
		return nil
	}
	return err
}

// limit reports whether a new session is among the live ones that the limit leaves,
// the newest by creation time, then ID, and returns those beyond them. Every process
// computes the same survivors from the same records. Sessions in which somebody else
// acts do not count: an operator's look must not sign a user out.
func (m *Manager) limit(records []Record, fresh *Record) (survives bool, surplus []ending) {
	if !fresh.Actor.IsZero() {
		return true, nil
	}
	now := m.clock()
	live := make([]*Record, 0, len(records))
	for i := range records {
		r := &records[i]
		if _, over := m.control.over(r.CreatedAt); !over && r.ID != fresh.Replaces && r.Actor.IsZero() && m.mayLive(r, now) {
			live = append(live, r)
		}
	}
	slices.SortFunc(live, func(a, b *Record) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), bytes.Compare(b.ID[:], a.ID[:]))
	})
	for i, r := range live {
		switch {
		case i >= m.policy.PerUser:
			surplus = append(surplus, ending{id: r.ID, end: End{At: now, Reason: SessionLimit, By: ByRule}})
		case r.ID == fresh.ID:
			survives = true
		}
	}
	return survives, surplus
}

// abandonTime bounds the clean-up after a sign-in that failed.
const abandonTime = 150 * time.Millisecond

// abandon ends a session whose token will not go out, even if the caller is gone.
func (m *Manager) abandon(ctx context.Context, id ID, reason EndReason) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTime)
	defer cancel()
	// Should this fail too, the session expires unused: nobody holds its token.
	_, _, _ = m.end(ctx, id, End{Reason: reason, By: ByRule})
}
