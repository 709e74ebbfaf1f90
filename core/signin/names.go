package signin

import (
	"crypto/rand"
	"encoding/base32"
	"strings"

	"coatcheck/core/session"
)

// MaxName is the longest user name, in characters.
const MaxName = 64

// subjectPrefix begins every subject of ours and no user name, so that an operator
// may write either where a user is asked for.
const subjectPrefix = "usr_"

const nameRule = "want 1 to 64 of a-z, 0-9 and . _ - @ +, beginning with a letter or digit"

// NormalizeName returns a user name as accounts keep it, with A-Z folded to a-z, or an
// error that wraps session.ErrInvalid and says what about it cannot be. Only ASCII is
// allowed, so no two names look alike and there is one way to fold case.
func NormalizeName(name string) (string, error) {
	if name == "" || len(name) > MaxName {
		return "", invalid("user name: %s", nameRule)
	}
	folded := lower(name)
	for i, c := range folded {
		if !inName(c) || i == 0 && !alphanumeric(c) {
			return "", invalid("user name %s: %q does not fit; %s", session.Shown(name), c, nameRule)
		}
	}
	if strings.HasPrefix(folded, subjectPrefix) {
		return "", invalid("user name %s: %q is how subjects begin; choose another beginning", session.Shown(name), subjectPrefix)
	}
	return folded, nil
}

// lower folds ASCII alone: strings.ToLower would make a k of the Kelvin sign.
func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

func inName(c rune) bool { return alphanumeric(c) || strings.ContainsRune("._-@+", c) }

func alphanumeric(c rune) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// subjectText is base32hex (RFC 4648 section 7) in lower case: it keeps byte order
// and needs no escaping in a path.
var subjectText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// SubjectOf writes 128 random bits as a subject: "usr_" and 26 characters.
func SubjectOf(random [16]byte) string { return subjectPrefix + subjectText.EncodeToString(random[:]) }

// IsSubject reports whether the text has the shape of a subject of ours, whether or
// not anybody has it.
func IsSubject(text string) bool {
	rest, ok := strings.CutPrefix(text, subjectPrefix)
	if !ok || len(rest) != subjectText.EncodedLen(16) {
		return false
	}
	raw, err := subjectText.DecodeString(rest)
	// Encoding again refuses line breaks and stray bits, a second spelling.
	return err == nil && len(raw) == 16 && subjectText.EncodeToString(raw) == rest
}

// newSubject cannot fail: since Go 1.24 crypto/rand stops the program where the
// system has no randomness.
func newSubject() string {
	var random [16]byte
	_, _ = rand.Read(random[:])
	return SubjectOf(random)
}
