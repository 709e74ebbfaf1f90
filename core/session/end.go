package session

import (
	"context"
	"errors"
	"fmt"
)

// End ends one session. Ending what has ended is success: the first end stays and
// its record is returned. Where another session of the user just took its place, that
// one ends too. It returns [ErrNotFound] where there is no such session. An end is never
// refused for the session's age.
func (m *Manager) End(ctx context.Context, id ID, reason EndReason, by By) (Record, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	return m.endWithSuccessor(ctx, id, m.firstEnd(ctx, id, End{Reason: reason, By: by}))
}

// firstEnd is what a session ends as: with everybody's, where it was made before that
// and the sweep has not come to it yet. To tell, it is read where it is as old as that, or
// the end of everybody has to be read again; where it cannot be, its end is not refused
// for that.
func (m *Manager) firstEnd(ctx context.Context, id ID, e End) End {
	if _, over := m.control.over(id.CreatedSecond()); !over && !m.control.due(m.now()) {
		return e
	}
	ctx, cancel := Bound(ctx, touchTime) // a read that hangs leaves the end its time
	defer cancel()
	r, err := m.fetch(ctx, id)
	if err != nil {
		return e
	}
	return m.orEverybodys(&r, e)
}

// orEverybodys is the end of everybody if the session ended with them, and e otherwise. Who
// ended everybody may put his name to it ([EndedEverywhere]), as the sweep does.
func (m *Manager) orEverybodys(r *Record, e End) End {
	if _, reason := m.state(r, m.clock()); reason != EndedEverywhere || r.Ended() {
		return e
	}
	before, _ := m.control.over(r.CreatedAt)
	if e.Reason == EndedEverywhere {
		e.At = before
		return e
	}
	return End{At: before, Reason: EndedEverywhere, By: ByRule}
}

// SignOut ends the session that a presented token belongs to, as its holder's wish.
// It is success when the session had ended or expired; what just took its place ends
// with it. A token that was replaced and is past its grace ends it as [TokenReuse]. Who acts as somebody else in a browser
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
	r, err := m.fetch(ctx, token.ID())
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
		if _, _, err := m.end(ctx, r.Actor, m.firstEnd(ctx, r.Actor, e)); err != nil && !errors.Is(err, ErrNotFound) {
			return Record{}, err
		}
	}
	return m.endWithSuccessor(ctx, r.ID, m.orEverybodys(&r, e))
}

// whoActs is who does what is done in a session.
func whoActs(r *Record) By {
	if r.Actor.IsZero() {
		return BySubject(r.Subject)
	}
	return ByActor(r.Actor)
}

// end reports besides whether it was this call that ended the session. It is the one
// place where an end gets its time and where it came from. Its caller bounds it.
func (m *Manager) end(ctx context.Context, id ID, e End) (Record, bool, error) {
	if e.At.IsZero() {
		e.At = m.clock()
	}
	e.From = Origin(ctx)
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
		m.ended(ctx, &r)
		return r, r.End.equal(e), nil
	case errors.Is(err, ErrConflict) && r.ID == id && r.Ended():
		// A retry inside the adapter may meet its own earlier write.
		return r, r.End.equal(e), nil
	case errors.Is(err, ErrDamaged) && r.ID == id && r.Ended():
		// Odd, and over for good: what holds is the end.
		if r.End.equal(e) {
			m.ended(ctx, &r)
		}
		return r, r.End.equal(e), nil
	case err == nil || errors.Is(err, ErrConflict):
		err = ErrDamaged
	}
	return Record{}, false, unavailable(fmt.Sprintf("end session %v", id), err)
}
