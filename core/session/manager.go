package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Manager holds all the meaning of sessions: it makes tokens, applies the policy,
// and is the only caller of a [Store]. It is safe for concurrent use; processes that
// share a store share their sessions.
type Manager struct {
	store   Store
	keys    Keys
	policy  Policy
	now     func() time.Time
	timeout time.Duration
	control control
	observe func(context.Context, Event)
}

// Options are a Manager's settings. The zero value, and nil, are the defaults.
type Options struct {
	// Policy's zero fields take their defaults.
	Policy Policy
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Timeout bounds a lookup as a whole and every other store call; past it the
	// answer is ErrUnavailable. Default 800 ms, at most 10 s.
	Timeout time.Duration
	// ControlEvery is how old the known time of the last "end everybody" may be.
	// Default and most 5 s; negative: it is read with every lookup.
	ControlEvery time.Duration
	// Observe is told each [Event], in the goroutine in which it happens: it must not
	// block. nil: nobody is told.
	Observe func(context.Context, Event)
}

const (
	defaultTimeout = 800 * time.Millisecond
	maxTimeout     = 10 * time.Second
	controlEvery   = 5 * time.Second

	// maxYear is the last that RFC 3339 can write.
	maxYear = 9999
)

// New returns a Manager over a store, with the keys that tag its tokens. It makes no
// call of the store. Its error names every setting that is out of its bounds.
func New(store Store, keys Keys, opts *Options) (*Manager, error) {
	if opts == nil {
		opts = &Options{}
	}
	m := &Manager{
		store: store, keys: keys, policy: opts.Policy.WithDefaults(), now: opts.Now,
		timeout: opts.Timeout, control: control{every: opts.ControlEvery}, observe: opts.Observe,
	}
	if m.now == nil {
		m.now = time.Now
	}
	setDefault(&m.timeout, defaultTimeout)
	setDefault(&m.control.every, controlEvery)
	if err := m.validate(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manager) validate() error {
	var faults []error
	if m.store == nil {
		faults = append(faults, errors.New("no store given"))
	}
	if m.keys.IsZero() {
		faults = append(faults, errors.New("no tag keys given"))
	}
	if m.timeout < 0 || m.timeout > maxTimeout {
		faults = append(faults, fmt.Errorf("the Timeout is %v: want up to %v", m.timeout, maxTimeout))
	}
	if m.control.every > controlEvery {
		faults = append(faults, fmt.Errorf("the ControlEvery is %v: want at most %v", m.control.every, controlEvery))
	}
	return errors.Join(append(faults, m.policy.Validate())...)
}

// Policy returns the policy in force, defaults filled in.
func (m *Manager) Policy() Policy { return m.policy }

// clock is the one place where times are taken: UTC, whole milliseconds, the
// precision that every store keeps.
func (m *Manager) clock() time.Time { return m.now().UTC().Truncate(time.Millisecond) }

// bounded is the context of one lookup, or of one store call of anything else.
func (m *Manager) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return Bound(ctx, m.timeout)
}

// read is one Read whose records were checked: a store that answers with a
// neighbour's record, or with one that cannot be, did not answer.
func (m *Manager) read(ctx context.Context, q Query) (Reading, error) {
	began := m.now()
	got, err := m.store.Read(ctx, q)
	if err != nil {
		return Reading{}, unavailable("read", err)
	}
	if got.EndedBefore.Year() > maxYear {
		return Reading{}, unavailable("read", errors.New("the time of the last end of everybody is damaged"))
	}
	kept := got.Records[:0]
	for _, r := range got.Records {
		if r.Validate() != nil {
			got.Damaged = append(got.Damaged, r.ID)
			continue
		}
		kept = append(kept, r)
	}
	got.Records = kept
	if q.Control {
		m.control.learn(got.EndedBefore, began)
	}
	return got, nil
}

// find returns the record that has that ID.
func (got *Reading) find(id ID) (Record, error) {
	for i := range got.Records {
		if got.Records[i].ID == id {
			return got.Records[i], nil
		}
	}
	for _, damaged := range got.Damaged {
		if damaged == id {
			return Record{}, unavailable("read", fmt.Errorf("session %v: %w", id, ErrDamaged))
		}
	}
	if len(got.Records)+len(got.Damaged) > 0 {
		return Record{}, unavailable("read", fmt.Errorf("session %v: the store answered with another: %w", id, ErrDamaged))
	}
	return Record{}, ErrNotFound
}

// unavailable wraps a store's fault, once.
func unavailable(operation string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, operation, err)
}

// control is what this process knows of "end everybody": the time before which all
// sessions are over, and how fresh that knowledge is.
type control struct {
	every       time.Duration
	endedBefore atomic.Int64              // Unix milliseconds; only grows
	readAt      atomic.Pointer[time.Time] // as the clock gave it; nil: never
}

// due reports whether the control must be read along at a time. Two clocks tell its
// age: that of the wall, which may be set back, and the monotonic one, which may stand
// still while a machine is suspended.
func (c *control) due(now time.Time) bool {
	read := c.readAt.Load()
	if read == nil {
		return true
	}
	wall := now.Round(0).Sub(read.Round(0))
	return wall < 0 || wall >= c.every || now.Sub(*read) >= c.every
}

// learn takes in what was read by a call that began at a time.
func (c *control) learn(endedBefore, began time.Time) {
	grow(&c.endedBefore, millis(endedBefore))
	c.readAt.Store(&began)
}

// over reports whether a session made at a time was ended with everybody's, and when.
func (c *control) over(created time.Time) (before time.Time, over bool) {
	at := c.endedBefore.Load()
	if at == 0 {
		return time.Time{}, false
	}
	before = time.UnixMilli(at).UTC()
	return before, !created.After(before.Add(Skew))
}

func grow(v *atomic.Int64, to int64) {
	for {
		old := v.Load()
		if to <= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}

// millis is 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
