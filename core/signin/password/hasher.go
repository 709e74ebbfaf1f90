// Package password signs users in by their password: it hashes with Argon2id (RFC
// 9106) and checks against the accounts, with the same work for every kind of
// refusal.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/crypto/argon2"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Sizes of what is written, in bytes (RFC 9106 section 4).
const (
	saltSize = 16
	tagSize  = 32
)

// Options are a Hasher's settings. The zero value, and nil, are the defaults.
type Options struct {
	// Params default to 19 MiB, 2 passes, 1 lane: one of the five equal settings of
	// the OWASP Password Storage Cheat Sheet, about 30 ms on one CPU. At least one of
	// the five must be met: 46 MiB/1, 19/2, 12/3, 9/4, 7/5; at most 256 MiB, 10
	// passes, 4 lanes.
	Params Params
	// Parallel is how many hashes are computed at once, and so how much memory they
	// take; 0 means runtime.GOMAXPROCS.
	Parallel int
	// Queue is how many more may wait for their turn; 0 means 16 for each of
	// Parallel, about half a second of work; negative means none.
	Queue int
}

// queuePerTurn keeps the longest wait, queuePerTurn hashes, well under the second
// that OWASP allows a sign-in.
const queuePerTurn = 16

// Hasher makes and checks password hashes. It is safe for concurrent use.
type Hasher struct {
	params Params
	gate   gate
	key    keyFunc
}

// keyFunc is Argon2id; tests count its calls and hold them.
type keyFunc func(password, salt []byte, passes, memory uint32, lanes uint8, size uint32) []byte

var _ signin.Hasher = (*Hasher)(nil)

// NewHasher returns a Hasher. Its error names every setting that is out of bounds.
func NewHasher(opts *Options) (*Hasher, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	o = o.withDefaults()
	if err := errors.Join(o.Params.validate(), o.validate()); err != nil {
		return nil, fmt.Errorf("password hasher: %w", err)
	}
	return &Hasher{params: o.Params, gate: newGate(o.Parallel, o.Queue), key: argon2.IDKey}, nil
}

func (o Options) withDefaults() Options {
	if o.Params == (Params{}) {
		o.Params = Params{Memory: 19 << 10, Passes: 2, Lanes: 1}
	}
	if o.Parallel == 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = queuePerTurn * o.Parallel
	}
	o.Queue = max(o.Queue, 0)
	return o
}

// maxTurns bounds Parallel and Queue: beyond it a setting is a slip.
const maxTurns = 1 << 16

func (o Options) validate() error {
	if o.Parallel < 0 || o.Parallel > maxTurns || o.Queue > maxTurns {
		return fmt.Errorf("%w: Parallel is %d and Queue %d: want at most %d each, Parallel not negative",
			session.ErrInvalid, o.Parallel, o.Queue, maxTurns)
	}
	return nil
}

// floor are OWASP's settings of equal strength; any of them will do.
var floor = []Params{{46 << 10, 1, 1}, {19 << 10, 2, 1}, {12 << 10, 3, 1}, {9 << 10, 4, 1}, {7 << 10, 5, 1}}

func (p Params) validate() error {
	enough := slices.ContainsFunc(floor, func(f Params) bool { return p.Memory >= f.Memory && p.Passes >= f.Passes })
	if !enough || p.Memory > maxMemory || p.Passes > maxPasses || p.Lanes < 1 || p.Lanes > maxLanes {
		return fmt.Errorf("%w: Params are %v: want at least one of %v, at most m=%d,t=%d, and p 1 to %d",
			session.ErrInvalid, p, floor, maxMemory, maxPasses, maxLanes)
	}
	return nil
}

// Hash returns the hash of a password under a new salt. It does not judge the
// password (see signin.CheckPassword) but for its size, 1 to 1024 bytes, outside of
// which it returns session.ErrInvalid. It returns signin.ErrBusy when the queue is full or
// ctx is done before its turn; a hash once begun runs to its end.
func (h *Hasher) Hash(ctx context.Context, password string) (signin.PasswordHash, error) {
	if !hashable(password) {
		return "", fmt.Errorf("hash password: %w: want 1 to %d bytes", session.ErrInvalid, signin.MaxPasswordBytes)
	}
	s := stored{params: h.params, salt: make([]byte, saltSize)}
	_, _ = rand.Read(s.salt) // cannot fail since Go 1.24
	tag, err := h.compute(ctx, s, tagSize, password)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	s.tag = tag
	return s.encode(), nil
}

// Verify reports whether the password is the one that was hashed, and whether the
// hash is outdated: made with other parameters than are in force, so that it should
// be made anew while the password is at hand. An error says that there is no
// answer: signin.ErrDamaged for what is no hash, signin.ErrBusy as with Hash. A
// password over 1024 bytes is never right, and is not hashed.
func (h *Hasher) Verify(ctx context.Context, hash signin.PasswordHash, password string) (ok, outdated bool, err error) {
	s, err := parse(hash)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	if !hashable(password) {
		return false, h.outdated(s), nil
	}
	ok, err = h.matches(ctx, s, password)
	return ok, h.outdated(s), err
}

// matches does one computation, whatever the answer.
func (h *Hasher) matches(ctx context.Context, s stored, password string) (bool, error) {
	tag, err := h.compute(ctx, s, len(s.tag), password)
	if err != nil {
		return false, fmt.Errorf("verify password: %w", err)
	}
	return subtle.ConstantTimeCompare(tag, s.tag) == 1, nil
}

// compute is the only caller of Argon2id, one turn at the gate each.
func (h *Hasher) compute(ctx context.Context, s stored, size int, password string) ([]byte, error) {
	if err := h.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer h.gate.leave()
	p := s.params
	return h.key([]byte(password), s.salt, p.Passes, p.Memory, p.Lanes, uint32(size)), nil //nolint:gosec // G115: at most maxTag
}

// outdated holds for weaker and for stronger hashes alike: sign-ins of all users come
// to take the same time only as all hashes come to have the same parameters.
func (h *Hasher) outdated(s stored) bool {
	return s.params != h.params || len(s.salt) < saltSize || len(s.tag) != tagSize
}

// nobodys returns a hash that no password is known for, to be checked in place of one
// that is not there. Random bytes stand for its tag, so it costs no computation.
func (h *Hasher) nobodys() stored {
	s := stored{params: h.params, salt: make([]byte, saltSize), tag: make([]byte, tagSize)}
	_, _ = rand.Read(s.salt)
	_, _ = rand.Read(s.tag)
	return s
}

func hashable(password string) bool {
	return password != "" && len(password) <= signin.MaxPasswordBytes
}
