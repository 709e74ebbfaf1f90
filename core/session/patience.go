package session

import (
	"context"
	"sync/atomic"
	"time"
)

// WithPatience returns a context whose calls of stores take at most a time in all,
// however many they are: what a request may spend waiting for a store. Time between
// the calls, such as for hashing a password, does not count. The innermost holds.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	p := &patience{}
	p.left.Store(int64(d))
	return context.WithValue(ctx, patienceKey{}, p)
}

// Bound returns the context of one call of a store, which ends after a time or when
// the patience of ctx is over. Whoever calls a store outside the Manager uses it too.
func Bound(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	p, ok := ctx.Value(patienceKey{}).(*patience)
	if !ok {
		return context.WithTimeout(ctx, most)
	}
	began := time.Now()
	bound, cancel := context.WithTimeout(ctx, min(most, time.Duration(p.left.Load())))
	return bound, func() {
		cancel()
		p.left.Add(-int64(time.Since(began)))
	}
}

type patienceKey struct{}

type patience struct{ left atomic.Int64 }
