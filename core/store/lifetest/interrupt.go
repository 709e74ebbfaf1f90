package lifetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"coatcheck/core/session"
)

// interrupted is a process to which something happens between its first read and what
// it writes after it.
func (s *scene) interrupted(what func()) *session.Manager { return s.skewedAndInterrupted(0, what) }

// skewedAndInterrupted is one whose clock is off, too.
func (s *scene) skewedAndInterrupted(by time.Duration, what func()) *session.Manager {
	was := s.stores.Sessions
	defer func() { s.stores.Sessions = was }()
	s.stores.Sessions = &interrupting{Store: was, what: what}
	return s.skewed(by)
}

// interrupting does something once, after the first Read.
type interrupting struct {
	session.Store
	once sync.Once
	what func()
}

func (i *interrupting) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := i.Store.Read(ctx, q)
	i.once.Do(i.what)
	return got, err
}

var errLost = errors.New("connection reset")

// failing is a store that fails at the n-th update or delete, before or after it is made.
type failing struct {
	session.Store
	mu      sync.Mutex
	left    int // updates until one fails
	deletes int // deletes until one fails
	applied bool
}

func (f *failing) Delete(ctx context.Context, id session.ID) error {
	f.mu.Lock()
	f.deletes--
	fails := f.deletes == 0
	f.mu.Unlock()
	if fails && !f.applied {
		return errLost
	}
	err := f.Store.Delete(ctx, id)
	if fails {
		return errLost
	}
	return err
}

func (f *failing) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	f.mu.Lock()
	f.left--
	fails := f.left == 0
	f.mu.Unlock()
	if fails && !f.applied {
		return session.Record{}, errLost
	}
	r, err := f.Store.Update(ctx, id, c)
	if fails {
		return session.Record{}, errLost
	}
	return r, err
}
