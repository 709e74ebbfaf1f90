package password

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"coatcheck/core/signin"
)

// Params are the costs of Argon2id (RFC 9106 section 3.1).
type Params struct {
	Memory uint32 // m: memory size, in KiB
	Passes uint32 // t: number of passes
	Lanes  uint8  // p: degree of parallelism
}

// String writes the parameters as a PHC string does.
func (p Params) String() string { return fmt.Sprintf("m=%d,t=%d,p=%d", p.Memory, p.Passes, p.Lanes) }

// Bounds of a stored hash. What is outside is refused before any of it is allocated:
// whoever can write a table must not choose how much memory a sign-in takes.
const (
	maxMemory        = 256 << 10 // KiB
	maxPasses        = 10
	maxLanes         = 4
	memoryPerLane    = 8 // KiB, least (RFC 9106 section 3.1)
	minSalt, maxSalt = 8, 64
	minTag, maxTag   = 16, 64
	maxLength        = 256 // bytes of the whole string; the longest in bounds has 206
	prefix           = "$argon2id$v=19$"
)

// stored is a password's hash, taken apart.
type stored struct {
	params    Params
	salt, tag []byte
}

// parse reads a PHC string of Argon2id, version 19 (1.3). It accepts nothing but what
// encode writes: no other order or spelling of the parameters, no stray bits in the
// base64, nothing behind it. Its error wraps signin.ErrDamaged and holds nothing of
// the hash.
//
// github.com/alexedwards/argon2id is not used for this: its decoder scans with
// fmt.Sscanf, which accepts text behind the parameters, and bounds neither memory nor
// passes before they are spent.
func parse(h signin.PasswordHash) (stored, error) {
	text := string(h)
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) > maxLength {
		return stored{}, damaged("want %q and at most %d bytes", prefix, maxLength)
	}
	parts := strings.SplitN(rest, "$", 3)
	if len(parts) != 3 {
		return stored{}, damaged("want parameters, salt and tag")
	}
	params, err := parseParams(parts[0])
	if err != nil {
		return stored{}, err
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[1])
	tag, tagErr := base64.RawStdEncoding.DecodeString(parts[2])
	s := stored{params: params, salt: salt, tag: tag}
	switch {
	case saltErr != nil || len(salt) < minSalt || len(salt) > maxSalt:
		return stored{}, damaged("salt: want %d to %d bytes as base64 without padding", minSalt, maxSalt)
	case tagErr != nil || len(tag) < minTag || len(tag) > maxTag:
		return stored{}, damaged("tag: want %d to %d bytes as base64 without padding", minTag, maxTag)
	case string(s.encode()) != text: // leading zeros, line breaks, stray bits
		return stored{}, damaged("not in canonical form")
	}
	return s, nil
}

func parseParams(text string) (Params, error) {
	parts := strings.SplitN(text, ",", 3)
	if len(parts) != 3 {
		return Params{}, damaged("want m, t and p")
	}
	m, errM := number(parts[0], "m=")
	t, errT := number(parts[1], "t=")
	p, errP := number(parts[2], "p=")
	switch {
	case errM != nil || errT != nil || errP != nil:
		return Params{}, damaged("want m, t and p as decimal numbers")
	case p < 1 || p > maxLanes:
		return Params{}, damaged("p: want 1 to %d", maxLanes)
	case m < memoryPerLane*p || m > maxMemory:
		return Params{}, damaged("m: want %d for each lane to %d", memoryPerLane, maxMemory)
	case t < 1 || t > maxPasses:
		return Params{}, damaged("t: want 1 to %d", maxPasses)
	}
	return Params{Memory: m, Passes: t, Lanes: uint8(p)}, nil
}

func number(text, name string) (uint32, error) {
	digits, ok := strings.CutPrefix(text, name)
	if !ok {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err
}

// encode writes the PHC string.
func (s stored) encode() signin.PasswordHash {
	b64 := base64.RawStdEncoding
	return signin.PasswordHash(prefix + s.params.String() + "$" + b64.EncodeToString(s.salt) + "$" + b64.EncodeToString(s.tag))
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: password hash: %s", signin.ErrDamaged, fmt.Sprintf(format, args...))
}
