package session

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A token is
//
//	version 1 | partition 15 | id 12 | secret 24 | tag 8
//
// 60 bytes, which base64url writes as 80 characters without padding.
const (
	tokenVersion = 1

	partitionSize = 15
	localIDSize   = 12
	secretSize    = 24
	tagSize       = 8

	versionEnd   = 1
	partitionEnd = versionEnd + partitionSize
	idEnd        = partitionEnd + localIDSize
	secretEnd    = idEnd + secretSize
	tokenSize    = secretEnd + tagSize

	// TokenLength is the length in characters of every token.
	TokenLength = tokenSize / 3 * 4
	// IDLength is the length in characters of every session ID.
	IDLength = (partitionSize + localIDSize) / 3 * 4
)

// base64url, as of RFC 4648 section 5, of a multiple of three bytes has one spelling,
// but for the line breaks that decoding skips: who decodes checks the length.
var base64url = base64.RawURLEncoding

// Partition names the item collection that holds every session of one subject:
// the first 15 bytes of SHA-256 over a domain prefix and the subject. The zero
// value names nobody.
type Partition [partitionSize]byte

// PartitionOf returns the partition of a subject.
func PartitionOf(subject string) Partition {
	// On the stack for every subject within MaxSubject: this runs on each lookup.
	buf := make([]byte, 0, 160)
	buf = append(buf, "coatcheck subject\x00"...)
	buf = append(buf, subject...)
	sum := sha256.Sum256(buf)
	return Partition(sum[:partitionSize])
}

// IsZero reports whether p is the zero value, which names nobody.
func (p Partition) IsZero() bool { return p == Partition{} }

// ID is a session's public name: its partition, then 4 bytes of creation time in
// seconds, then 64 random bits. It proves nothing. It keeps its value when the
// token's secret is rotated. IDs of one partition sort by creation second.
type ID [partitionSize + localIDSize]byte

// ErrInvalidID says that a text is not a session ID.
var ErrInvalidID = fmt.Errorf("not a session ID: want %d characters of base64url", IDLength)

// ParseID reads the text form of a session ID. It returns [ErrInvalidID] for
// anything that [ID.String] cannot have written.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != IDLength {
		return ID{}, ErrInvalidID
	}
	if n, err := base64url.Decode(id[:], []byte(text)); err != nil || n != len(id) {
		return ID{}, ErrInvalidID
	}
	return id, nil
}

// String returns the ID as 36 characters of base64url.
func (id ID) String() string { return base64url.EncodeToString(id[:]) }

// MarshalText returns what [ID.String] returns.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what [ParseID] reads.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// IsZero reports whether id is the zero value, which names no session.
func (id ID) IsZero() bool { return id == ID{} }

// Partition returns the partition that the session lives in.
func (id ID) Partition() Partition { return Partition(id[:partitionSize]) }

// CreatedSecond returns the session's creation time, cut to the second.
func (id ID) CreatedSecond() time.Time {
	return time.Unix(int64(binary.BigEndian.Uint32(id[partitionSize:])), 0).UTC()
}

// Hash is SHA-256 of a token's secret: what the store keeps of it. The zero value
// means that there is none.
type Hash [sha256.Size]byte

// IsZero reports whether there is no hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// matches compares in constant time. The zero hash matches nothing.
func (h Hash) matches(presented Hash) bool {
	return !h.IsZero() && subtle.ConstantTimeCompare(h[:], presented[:]) == 1
}

// Token is the secret that a browser keeps in its cookie. It redacts itself
// wherever a value may be printed; [Token.Reveal] alone shows it.
type Token struct {
	raw [tokenSize]byte
}

// Reveal returns the token as the 80 characters that the holder presents. Its
// result belongs into a Set-Cookie header or the body of a sign-in's answer, and
// nowhere else.
func (t Token) Reveal() string { return base64url.EncodeToString(t.raw[:]) }

// ID returns the public name of the session that the token belongs to.
func (t Token) ID() ID { return ID(t.raw[versionEnd:idEnd]) }

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.raw[0] == 0 }

func (t Token) secretHash() Hash { return sha256.Sum256(t.raw[idEnd:secretEnd]) }

const redacted = "[redacted session token]"

// String redacts the token.
func (t Token) String() string { return redacted }

// GoString redacts the token.
func (t Token) GoString() string { return redacted }

// Format redacts the token under every verb, %x included.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText redacts the token, so that no JSON can carry it.
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue redacts the token for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Why a text is no token of ours; the reader of the outcome needs no more.
var (
	errMalformed = errors.New("token malformed")
	errForged    = errors.New("token not tagged by this deployment")
)

// mint makes a token for a new session of the partition: a new ID and a new secret.
func (k Keys) mint(p Partition, created time.Time) Token {
	var id ID
	copy(id[:], p[:])
	// Unsigned seconds last until 2106.
	binary.BigEndian.PutUint32(id[partitionSize:], uint32(created.Unix())) //nolint:gosec // G115: the policy bounds creation times
	random(id[partitionSize+4:])
	return k.issue(id)
}

// issue makes a token for a session that there is: a new secret under the same ID.
func (k Keys) issue(id ID) Token {
	var t Token
	t.raw[0] = tokenVersion
	copy(t.raw[versionEnd:], id[:])
	random(t.raw[idEnd:secretEnd])
	tag := k.tag(0, t.raw[:secretEnd])
	copy(t.raw[secretEnd:], tag[:])
	return t
}

// parse reads what a holder presents. It allocates nothing when it refuses.
func (k Keys) parse(presented string) (Token, error) {
	if len(presented) != TokenLength {
		return Token{}, errMalformed
	}
	var text [TokenLength]byte
	copy(text[:], presented)
	var t Token
	if n, err := base64url.Decode(t.raw[:], text[:]); err != nil || n != tokenSize || t.raw[0] != tokenVersion {
		return Token{}, errMalformed
	}
	if !k.verify(t.raw[:secretEnd], t.raw[secretEnd:]) {
		return Token{}, errForged
	}
	return t, nil
}

// withoutTokens is a foreign text with each genuine token in it redacted, for a text
// that is kept: whoever sends a token in the wrong place must not have it kept.
func (k Keys) withoutTokens(text string) string {
	for at := 0; at+TokenLength <= len(text); at++ {
		if _, err := k.parse(text[at : at+TokenLength]); err == nil {
			text = text[:at] + redacted + text[at+TokenLength:]
		}
	}
	return text
}

// random fills b from the operating system's generator. It cannot fail: since
// Go 1.24 crypto/rand stops the program where the system has no randomness.
func random(b []byte) { _, _ = rand.Read(b) }
