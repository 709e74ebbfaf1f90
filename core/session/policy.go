package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Skew is how far the clocks of two processes may differ. Every rule that compares
// times made by two clocks allows for it and errs towards ending.
const Skew = 5 * time.Second

// Policy is how long sessions live and how many a user may have. All fields have a
// meaningful default, taken where a field is zero ([Policy.WithDefaults]).
//
// The record's own limits and the present policy both apply and the tighter wins:
// a tighter policy holds for existing sessions on their next request, a looser one
// is for new sessions.
type Policy struct {
	// Idle ends a session that is not used for so long. Default 15 min (NIST SP
	// 800-63B-4 section 2.3.3, the figure for AAL3).
	Idle time.Duration
	// Absolute ends a session that long after sign-in, used or not. Default 8 h.
	Absolute time.Duration
	// RememberedIdle and RememberedAbsolute are the limits of sessions whose user
	// asked to be remembered. Both zero, the default: nobody is remembered.
	RememberedIdle     time.Duration
	RememberedAbsolute time.Duration
	// TouchEvery is how often use is written down; between two touches a lookup
	// writes no use, so a session may end up to this much before its idle limit
	// and never after it by the clock of the process that checks. Each session waits
	// up to a tenth longer, so that sessions that began together do not write together.
	// Default a tenth of Idle, at least 1 min, at most half of Idle.
	TouchEvery time.Duration
	// FreshFor is how long after a credential was checked it counts as fresh.
	// Default 15 min.
	FreshFor time.Duration
	// RotateEvery is how often a session's secret is replaced, at answers that can set
	// a cookie; [Never] keeps it. Default 1 h, at least 5 min.
	RotateEvery time.Duration
	// Grace is the longest that a request is assumed to live. Within it, requests that
	// were sent before a new token arrived are still let in with the one before.
	// Default 30 s, at most 2 min.
	Grace time.Duration
	// PerUser is how many live sessions a user may have; the oldest end when there
	// are more (ASVS 7.1.2). Default 10.
	PerUser int
	// Retention is how long after its absolute expiry a record is kept as its own
	// history. Default 30 days.
	Retention time.Duration
}

// Bounds of the policy. A session that outlives 400 days would outlive its cookie
// (RFC 6265bis section 5.5).
const (
	minIdle      = 2 * time.Second
	maxAbsolute  = 400 * 24 * time.Hour
	maxPerUser   = 1000
	maxRetention = 10 * 366 * 24 * time.Hour
	minRotate    = 5 * time.Minute
	maxGrace     = 2 * time.Minute // under minRotate: a token is out of its grace before the next comes
)

// Never turns off what a policy does every so often.
const Never time.Duration = -1

// WithDefaults returns the policy with every field that is zero set to its default.
func (p Policy) WithDefaults() Policy {
	setDefault(&p.Idle, 15*time.Minute)
	setDefault(&p.Absolute, 8*time.Hour)
	setDefault(&p.TouchEvery, min(max(p.Idle/10, time.Minute), p.Idle/2))
	setDefault(&p.FreshFor, 15*time.Minute)
	setDefault(&p.RotateEvery, time.Hour)
	setDefault(&p.Grace, 30*time.Second)
	setDefault(&p.Retention, 30*24*time.Hour)
	if p.PerUser == 0 {
		p.PerUser = 10
	}
	return p
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Fault is one setting that is out of its bounds.
type Fault struct {
	Field string // of Policy
	Got   string
	Want  string
}

// Error says which field, what it is and what it needs to be.
func (f *Fault) Error() string { return f.Field + " is " + f.Got + ": want " + f.Want }

// Validate reports everything that is wrong with a policy: each a [*Fault], all of
// them joined. A limit that is wrong itself bounds no other: what is right is not
// reported along with it.
func (p Policy) Validate() error {
	var faults []error
	within := func(name string, d, least, most time.Duration) bool {
		fits := d >= least && d <= most
		if !fits {
			faults = append(faults, &Fault{name, d.String(), fmt.Sprintf("%v to %v", least, most)})
		}
		return fits
	}
	absolute, idle := p.Absolute, p.Idle
	if !within("Absolute", p.Absolute, minIdle, maxAbsolute) {
		absolute = maxAbsolute
	}
	if !within("Idle", p.Idle, minIdle, absolute) {
		idle = absolute
	}
	within("TouchEvery", p.TouchEvery, min(time.Millisecond, p.Idle/2), idle/2)
	within("FreshFor", p.FreshFor, time.Second, maxAbsolute)
	within("Retention", p.Retention, 0, maxRetention)
	within("Grace", p.Grace, time.Second, maxGrace)
	if p.RotateEvery != Never {
		within("RotateEvery", p.RotateEvery, minRotate, maxAbsolute)
	}
	if p.RememberedIdle != 0 || p.RememberedAbsolute != 0 {
		p.validateRemembered(within)
	}
	if p.PerUser < 1 || p.PerUser > maxPerUser {
		faults = append(faults, &Fault{"PerUser", strconv.Itoa(p.PerUser), fmt.Sprintf("1 to %d", maxPerUser)})
	}
	return errors.Join(faults...)
}

// validateRemembered holds the limits of remembered sessions against the others, each
// of which is to be no longer.
func (p Policy) validateRemembered(within func(name string, d, least, most time.Duration) bool) {
	least, most := min(max(p.Absolute, minIdle), maxAbsolute), p.RememberedAbsolute
	if !within("RememberedAbsolute", p.RememberedAbsolute, least, maxAbsolute) {
		most = maxAbsolute
	}
	within("RememberedIdle", p.RememberedIdle, min(max(p.Idle, minIdle), most), most)
}

// remembers reports whether sessions may be remembered at all.
func (p Policy) remembers() bool { return p.RememberedAbsolute > 0 }

// limits returns the idle and the absolute limit for a session.
func (p Policy) limits(remembered bool) (idle, absolute time.Duration) {
	if remembered && p.remembers() {
		return p.RememberedIdle, p.RememberedAbsolute
	}
	return p.Idle, p.Absolute
}

// longest is the longest that any session made under this policy lives.
func (p Policy) longest() time.Duration { return max(p.Absolute, p.RememberedAbsolute) }

// expiry returns when the session is over unless it is used again, and when it is
// over whatever happens: the tighter of the record and the policy.
func (p Policy) expiry(r *Record) (idle, absolute time.Time) {
	idleFor, absoluteFor := p.limits(r.Remembered)
	absolute = earlier(r.AbsoluteExpiry, r.CreatedAt.Add(absoluteFor))
	idle = earlier(earlier(r.ExpiresAt, r.LastSeenAt.Add(idleFor)), absolute)
	return idle, absolute
}

// timeout returns why the session is over at a time, or "" if it is not: the limit
// that came first, reached at its very millisecond.
func (p Policy) timeout(r *Record, now time.Time) EndReason {
	switch idle, absolute := p.expiry(r); {
	case now.Before(idle):
		return ""
	case idle.Before(absolute):
		return IdleTimeout
	}
	return AbsoluteTimeout
}

// touchDue reports whether enough time has passed for use to be written down: the
// interval, and up to a tenth of it that differs from session to session and from
// touch to touch, the same in every process.
func (p Policy) touchDue(r *Record, now time.Time) bool {
	const parts = 1 << 16
	part := binary.BigEndian.Uint16(r.ID[len(r.ID)-2:]) ^ uint16(r.LastSeenAt.UnixMilli()) //nolint:gosec // G115: any 16 bits do
	return now.Sub(r.LastSeenAt) >= p.TouchEvery+p.TouchEvery/10/parts*time.Duration(part)
}

// touched returns the expiry of a session that is used now. The length of the
// record's own idle limit is what lies between its last use and its expiry; where
// the absolute expiry cut it short, it cuts the next one too. It never moves to an
// earlier time, behind the back of who walks through the sessions by it: a tighter
// policy holds at look-ups, and is the record's own from the time on that reaches it.
func (p Policy) touched(r *Record, now time.Time) time.Time {
	idleFor, _ := p.limits(r.Remembered)
	own := r.ExpiresAt.Sub(r.LastSeenAt)
	return earlier(later(now.Add(min(own, idleFor)), r.ExpiresAt), r.AbsoluteExpiry)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
