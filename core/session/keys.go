package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strings"
	"sync"
)

// Bounds of the tag keys.
const (
	// MinKeySize is the fewest bytes that a tag key may have.
	MinKeySize = 32
	maxKeySize = 128
	maxKeys    = 8
)

// Keys tag tokens, so that a flood of made-up ones costs no read of the store. The
// tag is a shield against cost, not the proof of possession: who learns a key can
// make the store be read, and nothing more.
//
// The first key signs, all verify. To change: add the new one last and deploy; move
// it first and deploy; drop the old one once the longest absolute life has passed.
type Keys struct {
	macs []*sync.Pool // of *mac
}

// mac is a keyed HMAC with the room for its input and output: reused, because the
// key schedule costs more than our input, and so that a refusal allocates nothing.
type mac struct {
	hash.Hash
	in  [64]byte
	out [sha256.Size]byte
}

// NewKeys checks 1 to 8 keys of 32 to 128 bytes each and returns them ready for use.
func NewKeys(keys ...[]byte) (Keys, error) {
	if len(keys) == 0 || len(keys) > maxKeys {
		return Keys{}, fmt.Errorf("%d tag keys: want 1 to %d", len(keys), maxKeys)
	}
	var faults []error
	for i, key := range keys {
		if len(key) < MinKeySize || len(key) > maxKeySize {
			faults = append(faults, fmt.Errorf("tag key %d has %d bytes: want %d to %d", i+1, len(key), MinKeySize, maxKeySize))
		}
	}
	if len(faults) > 0 {
		return Keys{}, errors.Join(faults...)
	}
	k := Keys{macs: make([]*sync.Pool, len(keys))}
	for i, key := range keys {
		own := append([]byte(nil), key...)
		k.macs[i] = &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, own)} }}
	}
	return k, nil
}

// ParseKeys reads tag keys as configuration writes them: 1 to 8, separated by
// commas, each 64 to 256 hexadecimal digits. Errors never repeat a key.
func ParseKeys(text string) (Keys, error) {
	var raw [][]byte
	for i, part := range strings.Split(text, ",") {
		key, err := hex.DecodeString(strings.TrimSpace(part))
		if err != nil {
			return Keys{}, fmt.Errorf("tag key %d is not hexadecimal: want %d digits or more", i+1, 2*MinKeySize)
		}
		raw = append(raw, key)
	}
	return NewKeys(raw...)
}

// IsZero reports whether there are no keys.
func (k Keys) IsZero() bool { return len(k.macs) == 0 }

// String redacts the keys.
func (k Keys) String() string { return "[redacted tag keys]" }

// GoString redacts the keys.
func (k Keys) GoString() string { return k.String() }

// LogValue redacts the keys for log/slog.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// tag authenticates data under key i.
func (k Keys) tag(i int, data []byte) [tagSize]byte {
	m := k.macs[i].Get().(*mac)
	defer k.macs[i].Put(m)
	m.Reset()
	for len(data) > 0 {
		n := copy(m.in[:], data)
		_, _ = m.Write(m.in[:n])
		data = data[n:]
	}
	return [tagSize]byte(m.Sum(m.out[:0])[:tagSize])
}

// verify reports whether any key made the tag, in constant time for each key.
func (k Keys) verify(data, tag []byte) bool {
	for i := range k.macs {
		want := k.tag(i, data)
		if subtle.ConstantTimeCompare(want[:], tag) == 1 {
			return true
		}
	}
	return false
}
