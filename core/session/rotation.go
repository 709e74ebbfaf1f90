package session

import (
	"context"
	"errors"
	"time"
)

// A session's secret is replaced in place while it lives: an answer hands out a new
// token as pending, the first request that presents it confirms it, and the token
// before it is let in for a grace, since requests sent in parallel may still carry
// it. After that, whoever presents it has an old copy: the session ends.
//
// No answer need arrive, and none need arrive in order: what is pending counts for
// nothing until it comes back, and is superseded by another when it did not. Under two
// conditions the honest holder alone is never refused: no request lives longer than
// the grace, and the interval is longer than it. Both times that are compared may be
// taken by two clocks, so each limit has the skew on top (docs/decisions/0009).

// verdict is what is done with a presented secret: a row of the table of rotation
// (docs/design.md, section 6).
type verdict int

const (
	isUnknown verdict = iota // none of the record's
	isCurrent                // let in
	isStale                  // rotated out within the grace: let in, never as fresh
	isDue                    // current, and an answer can hand out a new one
	isPending                // handed out and now come back: let in and confirmed
	isReplay                 // no honest holder has it any more: the session ends
)

// judge looks a presented secret up in the table. renew says that the answer can set
// a cookie.
func (p Policy) judge(s *Secrets, presented Hash, now time.Time, renew bool) verdict {
	// All are compared whatever the first ones give.
	current, pending := s.Current.matches(presented), s.Next.matches(presented)
	previous, superseded := s.Previous.matches(presented), s.Superseded.matches(presented)
	switch {
	case current && renew && p.renewalDue(s, now):
		return isDue
	case current:
		return isCurrent
	case pending:
		return isPending
	case superseded, previous && now.Sub(s.ConfirmedAt) > p.Grace+Skew:
		return isReplay
	case previous:
		return isStale
	}
	return isUnknown
}

// renewalDue reports whether the holder of the current secret is to be given a new
// one: the interval is over or, where one is pending, its answer must have been lost.
// A request sent before that answer arrived lives until a second grace is over.
func (p Policy) renewalDue(s *Secrets, now time.Time) bool {
	switch {
	case p.RotateEvery == Never:
		return false
	case s.Next.IsZero():
		return now.Sub(s.ConfirmedAt) >= p.RotateEvery
	}
	return now.Sub(s.NextAt) > 2*p.Grace+Skew
}

// offered is the secrets with a new one pending. The one before it, if it was pending,
// never reached the holder of the current one: should it come back, there are two.
func (s Secrets) offered(next Hash, now time.Time) Secrets {
	if !s.Next.IsZero() {
		s.Superseded = s.Next
	}
	s.Next, s.NextAt = next, now
	return s
}

// confirmed is the secrets once the pending one came back.
func (s Secrets) confirmed(now time.Time) Secrets {
	return Secrets{
		Current: s.Next, Previous: s.Current, Superseded: s.Superseded,
		ConfirmedAt: now, Rotations: s.Rotations + 1,
	}
}

// visit is one presentation of a token.
type visit struct {
	secret Hash
	bearer bool
	now    time.Time
	renew  bool
}

// admission is a record that a visit was let in to.
type admission struct {
	record  Record
	renewed Token // to be handed out; zero: none
	stale   bool  // let in by a token that was rotated out
}

// maxRounds bounds how often a visit looks again at a record that others changed
// while it was about to: each of a session's changes happens once an interval.
const maxRounds = 4

// admit carries out the table of rotation.
func (m *Manager) admit(ctx context.Context, r Record, v visit) (in admission, err error) {
	for range maxRounds {
		verdict := m.policy.judge(&r.Secrets, v.secret, v.now, v.renew)
		if verdict == isUnknown || r.Bearer != v.bearer {
			return admission{}, &Refusal{Outcome: Unknown}
		}
		if err := m.over(&r, v.now); err != nil {
			return admission{}, err
		}
		switch verdict {
		case isReplay:
			return admission{}, m.replayed(ctx, r.ID)
		case isDue:
			in, err = m.offer(ctx, &r, v.now)
		case isPending:
			in, err = m.confirm(ctx, &r, v.now)
		default:
			return admission{record: r, stale: verdict == isStale}, nil
		}
		if !errors.Is(err, ErrConflict) {
			return in, err
		}
		r = in.record // as somebody else left it
	}
	return admission{}, unavailable("rotate", ErrConflict)
}

// offer makes a new token pending. Where that cannot be written the one in hand is as
// good as before.
func (m *Manager) offer(ctx context.Context, r *Record, now time.Time) (admission, error) {
	ctx, cancel := Bound(ctx, touchTime)
	defer cancel()
	token := m.keys.issue(r.ID)
	is, err := m.rotate(ctx, r, r.Secrets.offered(token.secretHash(), now), now, EventOffered)
	switch {
	case err == nil:
		return admission{record: is, renewed: token}, nil
	case errors.Is(err, ErrConflict), errors.Is(err, ErrNotFound), errors.Is(err, ErrDamaged):
		return admission{record: is}, err
	}
	return admission{record: *r}, nil
}

// confirm makes the pending token the current one. Where that cannot be written
// nobody is let in: the token before it would stay good, and its replay unnoticed.
func (m *Manager) confirm(ctx context.Context, r *Record, now time.Time) (admission, error) {
	is, err := m.rotate(ctx, r, r.Secrets.confirmed(now), now, EventConfirmed)
	return admission{record: is}, err
}

// rotate writes new secrets in place of those that were read. With [ErrConflict]
// comes the record as it stands.
func (m *Manager) rotate(ctx context.Context, r *Record, to Secrets, now time.Time, as EventName) (Record, error) {
	is, err := m.store.Update(ctx, r.ID, Change{If: Condition{ExpiresAfter: now, Secrets: &r.Secrets}, Secrets: &to})
	if err == nil {
		m.emit(ctx, Event{Name: as, Session: r.ID, Subject: r.Subject})
	}
	switch {
	case err != nil && !errors.Is(err, ErrConflict):
		return Record{}, err
	case is.ID != r.ID || is.Validate() != nil:
		return Record{}, ErrDamaged
	case !is.Ended() && is.Secrets.Current == to.Current && is.Secrets.Next == to.Next:
		return is, nil // a retry inside the adapter may have met its own write
	}
	return is, ErrConflict
}

// replayed ends a session whose rotated-out token was presented, and returns the
// refusal. Where the end cannot be written nothing is said of the session: presented
// again, it is tried again.
func (m *Manager) replayed(ctx context.Context, id ID) error {
	r, _, err := m.end(ctx, id, End{Reason: TokenReuse, By: ByRule})
	switch {
	case err != nil:
		return err
	case r.End.Reason != TokenReuse:
		return &Refusal{Outcome: Ended, Reason: r.End.Reason}
	}
	return &Refusal{Outcome: Reused, Reason: TokenReuse}
}
