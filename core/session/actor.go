package session

import (
	"context"
	"errors"
	"time"
)

// ActingLimit is how long at most somebody acts as another user.
const ActingLimit = time.Hour

// ErrActing says that this cannot be done while acting as somebody else.
var ErrActing = errors.New("not while acting as somebody else")

// visitActor refuses a session whose actor's own is over, with the reason of that.
// Use of the one is use of the other. A session without an actor costs nothing.
func (m *Manager) visitActor(ctx context.Context, r *Record, now time.Time, passive bool) error {
	if r.Actor.IsZero() {
		return nil
	}
	actor, err := m.actor(ctx, r.Actor, now)
	if err != nil {
		return err
	}
	_, err = m.used(ctx, actor, now, passive)
	return err
}

// actor reads the session of who acts as somebody, if it is live.
func (m *Manager) actor(ctx context.Context, id ID, now time.Time) (Record, error) {
	r, err := m.fetch(ctx, id)
	if err != nil {
		return Record{}, err
	}
	return r, m.mayAct(&r, now)
}

// mayAct refuses an actor's session that is over, and one that is not its holder's own.
func (m *Manager) mayAct(r *Record, now time.Time) error {
	if !r.Actor.IsZero() {
		return &Refusal{Outcome: Forbidden, cause: ErrActing}
	}
	return m.over(r, now)
}
