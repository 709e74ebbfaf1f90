package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Presented is what a request presents, and what it asks of the session.
type Presented struct {
	// Token is the text presented as a token; "" if there is none. A Presented prints
	// without it.
	Token string `json:"-"`
	// Bearer says that it came in an Authorization header rather than a cookie. A
	// session is accepted only the way it was handed out.
	Bearer bool
	// Passive requests, such as polling, do not count as use.
	Passive bool
	// Demand is what the session must fulfil besides being live.
	Demand Demand
}

// Format prints without the token, under every verb.
func (p Presented) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{bearer %t, passive %t, %s}", p.Bearer, p.Passive, redacted)
}

// LogValue redacts the token for log/slog.
func (p Presented) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// Demand is what a route asks of a session. The zero value asks nothing more than
// that there is one.
type Demand struct {
	// AnyRole is fulfilled by a session that has one of these; empty: no role needed.
	AnyRole []string
	// MaxAuthAge is how long ago the credential may have been checked; 0: any time.
	MaxAuthAge time.Duration
}

// Lookup checks a presented token against its record and returns the record if the
// session is live and fulfils the demand. It costs one read of the store, none for a
// token that this deployment did not make, and once per Policy.TouchEvery one write,
// whose failure does not fail the request unless it shows that the session is over.
// The first request with a token that [Manager.Renew] handed out costs one more, and
// a session that somebody acts in ([SignIn].Actor) a second read, of the actor's.
//
// Its error is always a [*Refusal]; see there.
func (m *Manager) Lookup(ctx context.Context, p Presented) (Record, error) {
	in, err := m.lookup(ctx, p, false)
	return in.record, err
}

// Renew is [Manager.Lookup] for whoever can set a cookie with the answer. Once per
// Policy.RotateEvery it also returns a new token for the session, which takes the
// place of the presented one; otherwise the zero Token. The new one counts from its
// first use on, so that an answer which is lost signs nobody out. A token that was
// replaced is refused after a grace, and presenting it ends the session (OAuth 2.0
// Security BCP, RFC 9700 section 4.14.2, does so with refresh tokens).
func (m *Manager) Renew(ctx context.Context, p Presented) (Record, Token, error) {
	in, err := m.lookup(ctx, p, !p.Bearer)
	return in.record, in.renewed, err
}

func (m *Manager) lookup(ctx context.Context, p Presented, renew bool) (admission, error) {
	began := m.now()
	in, err := m.check(ctx, p, renew)
	m.checked(ctx, &in.record, err, began)
	return in, err
}

func (m *Manager) check(ctx context.Context, p Presented, renew bool) (admission, error) {
	token, err := m.verify(p.Token)
	if err != nil {
		return admission{}, err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	v := visit{secret: token.secretHash(), bearer: p.Bearer, now: m.clock(), renew: renew}
	in, err := m.visit(ctx, token.ID(), v, p.Passive)
	if err == nil {
		err = p.Demand.check(&in, v.now)
	}
	if err != nil {
		return admission{}, refusalOf(err, token.ID())
	}
	return in, nil
}

// visit reads the record, carries out the rotation, and writes the use down.
func (m *Manager) visit(ctx context.Context, id ID, v visit, passive bool) (admission, error) {
	r, err := m.fetch(ctx, id)
	if err != nil {
		return admission{}, err
	}
	in, err := m.admit(ctx, r, v)
	if err != nil {
		return admission{}, err
	}
	if err := m.visitActor(ctx, &in.record, v.now, passive); err != nil {
		return admission{}, err
	}
	in.record, err = m.used(ctx, in.record, v.now, passive)
	return in, err
}

// used writes the use down if it is one and it is time to.
func (m *Manager) used(ctx context.Context, r Record, now time.Time, passive bool) (Record, error) {
	if passive || !m.policy.touchDue(&r, now) {
		return r, nil
	}
	return m.touch(ctx, r, now)
}

// verify turns a presented text into a token without touching the store.
func (m *Manager) verify(presented string) (Token, error) {
	if presented == "" {
		return Token{}, &Refusal{Outcome: Absent}
	}
	switch token, err := m.keys.parse(presented); {
	case errors.Is(err, errForged):
		return Token{}, &Refusal{Outcome: Forged}
	case err != nil:
		return Token{}, &Refusal{Outcome: Malformed}
	default:
		return token, nil
	}
}

// fetch reads one record and, when it is time for it, the control along with it.
func (m *Manager) fetch(ctx context.Context, id ID) (Record, error) {
	got, err := m.read(ctx, Query{Sessions: []ID{id}, Control: m.control.due(m.now())})
	if err != nil {
		return Record{}, err
	}
	return got.find(id)
}

// over returns the refusal for a session that is ended or expired, nil if it lives.
func (m *Manager) over(r *Record, now time.Time) error {
	switch state, reason := m.state(r, now); state {
	case StateEnded:
		return &Refusal{Outcome: Ended, Reason: reason}
	case StateExpired:
		return &Refusal{Outcome: Expired, Reason: reason}
	case StateActive:
	}
	return nil
}

// touchTime bounds a touch: a request need not wait long for what need not succeed.
const touchTime = 150 * time.Millisecond

// touch writes the use down. Only what shows that the session is over is an error.
func (m *Manager) touch(ctx context.Context, r Record, now time.Time) (Record, error) {
	c := Change{
		If:    Condition{ExpiresAfter: now, LastSeenAt: r.LastSeenAt},
		Touch: &Touch{LastSeenAt: now, ExpiresAt: m.policy.touched(&r, now)},
	}
	ctx, cancel := Bound(ctx, touchTime)
	defer cancel()
	is, err := m.store.Update(ctx, r.ID, c)
	if !errors.Is(err, ErrConflict) {
		m.emit(ctx, Event{Name: EventTouched, Session: r.ID, Subject: r.Subject, Err: err})
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return Record{}, err
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrConflict) && (is.ID != r.ID || is.Validate() != nil):
		return Record{}, unavailable("touch", ErrDamaged)
	case errors.Is(err, ErrConflict):
		// Ended meanwhile, or a parallel request touched it first.
		return is, m.over(&is, now)
	case err != nil:
		return r, nil // the lookup answered yes; expiry comes earlier, never later
	default:
		r.LastSeenAt, r.ExpiresAt = c.Touch.LastSeenAt, c.Touch.ExpiresAt
		return r, nil
	}
}

// check returns the refusal for a session that does not fulfil the demand.
func (d Demand) check(in *admission, now time.Time) error {
	r := &in.record
	if len(d.AnyRole) > 0 && !slices.ContainsFunc(d.AnyRole, func(role string) bool { return slices.Contains(r.Roles, role) }) {
		return &Refusal{Outcome: Forbidden, Demand: d, cause: ErrRole}
	}
	if d.MaxAuthAge > 0 && (now.Sub(r.AuthTime) >= d.MaxAuthAge || in.stale || !r.Actor.IsZero()) {
		return &Refusal{Outcome: Forbidden, Demand: d, cause: ErrNotFresh}
	}
	return nil
}

// Why a lookup was forbidden.
var (
	// ErrRole says that the session has none of the roles asked for.
	ErrRole = errors.New("none of the roles asked for")
	// ErrNotFresh says that the credential was checked too long ago, that the token was
	// just replaced by a newer one, or that somebody else acts in the session.
	ErrNotFresh = errors.New("authentication not fresh")
)

// asRefusal is refusalOf for what may be no error.
func asRefusal(err error, id ID) error {
	if err == nil {
		return nil
	}
	return refusalOf(err, id)
}

// refusalOf turns what went wrong inside a lookup into its refusal.
func refusalOf(err error, id ID) *Refusal {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, ErrNotFound):
		refusal = &Refusal{Outcome: Unknown}
	default:
		refusal = &Refusal{Outcome: Unavailable, cause: fmt.Errorf("session %v: %w", id, err)}
	}
	refusal.Session = id
	return refusal
}

// State is where a session is in its life.
type State string

// The states.
const (
	StateActive  State = "active"
	StateExpired State = "expired"
	StateEnded   State = "ended"
)

// state returns where the session is and, if it is over, why.
func (m *Manager) state(r *Record, now time.Time) (State, EndReason) {
	if r.Ended() {
		return StateEnded, r.End.Reason
	}
	// What had expired before everybody was ended is told as expired; by a clock that is
	// behind, that time may still be to come, and the session is over all the same.
	if before, everybody := m.control.over(r.CreatedAt); everybody && m.policy.timeout(r, earlier(before, now)) == "" {
		return StateEnded, EndedEverywhere
	}
	if reason := m.policy.timeout(r, now); reason != "" {
		return StateExpired, reason
	}
	return StateActive, ""
}

// State returns where a session is in its life by this process's clock and policy
// and, if it is over, why.
func (m *Manager) State(r Record) (State, EndReason) { return m.state(&r, m.clock()) }

// ExpiresAt returns when the session will be over unless it is used again: the
// tighter of the record and the present policy.
func (m *Manager) ExpiresAt(r Record) time.Time {
	idle, _ := m.policy.expiry(&r)
	return idle
}

// AbsoluteExpiry returns when the session will be over however much it is used: the
// tighter of the record and the present policy.
func (m *Manager) AbsoluteExpiry(r Record) time.Time {
	_, absolute := m.policy.expiry(&r)
	return absolute
}

// Remaining returns how long the session can last from now on, however much it is used.
func (m *Manager) Remaining(r Record) time.Duration { return m.AbsoluteExpiry(r).Sub(m.clock()) }
