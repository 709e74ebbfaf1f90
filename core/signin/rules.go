package signin

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a password, in code points (NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2.1
// and 6.2.9).
const (
	// MinPassword is for a password that is the only factor.
	MinPassword = 15
	// MaxPassword bounds the work that a sign-in can cause before it is hashed.
	MaxPassword = 256
	// MaxPasswordBytes follows from it. Whatever is longer is no password.
	MaxPasswordBytes = MaxPassword * utf8.UTFMax
)

const (
	product    = "coatcheck"
	shortBlock = 8 // code points: the longest block whose repetition is refused
	leastOwn   = 8 // code points that a password needs besides context words
	leastRun   = 3 // code points of a run
	leastWord  = 3 // characters of a user name, or of a part of it, to be a context word
)

// CheckPassword reports, wrapped in session.ErrInvalid, why a text may not become the
// password of the user with that name. The error says what to do and never holds the
// password. A password has 15 to 256 code points of UTF-8, NUL, spaces and emoji
// included, and is used exactly as it was sent; there are no composition rules (ASVS
// 6.2.5, 6.2.8). Refused is what guessers try first: the user's or the product's name
// with little besides (ASVS 6.2.11), a short block repeated, and runs such as
// 123456789 and qwertyuiop.
func CheckPassword(password, name string) error {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return invalid("password: not valid UTF-8; send it as UTF-8 text")
	case n < MinPassword:
		return invalid("password: too short; use at least %d characters, for example five or six unrelated words", MinPassword)
	case n > MaxPassword:
		return invalid("password: too long; use at most %d characters", MaxPassword)
	}
	folded := strings.ToLower(password)
	rest := withoutWords(folded, name)
	switch {
	case repeats([]rune(folded)) || onlyRuns([]rune(folded)):
		return invalid("password: one pattern repeated, or a run of neighbouring keys; use unrelated words")
	case rest != folded && (utf8.RuneCountInString(rest) < leastOwn || repeats([]rune(rest)) || onlyRuns([]rune(rest))):
		return invalid("password: little more than the user name or %q; use unrelated words", product)
	}
	return nil
}

// withoutWords takes the context words out: the product's name, the user name, and
// its parts where they are long enough; the longest first, as they overlap.
func withoutWords(folded, name string) string {
	name = strings.ToLower(name)
	words := append(strings.FieldsFunc(name, func(c rune) bool { return !alphanumeric(c) }), name)
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < leastWord })
	words = append(words, product)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, w := range words {
		folded = strings.ReplaceAll(folded, w, "")
	}
	return folded
}

// repeats reports whether the text is one block of at most shortBlock code points,
// again and again.
func repeats(text []rune) bool {
	for period := 1; period <= min(shortBlock, len(text)/2); period++ {
		if slices.Equal(text[period:], text[:len(text)-period]) {
			return true
		}
	}
	return false
}

// runs are what fingers and heads count off; each is tried in both directions.
var runs = []string{
	"1234567890", "abcdefghijklmnopqrstuvwxyz",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", // QWERTY
	"qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", // QWERTZ, AZERTY
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p", "qazwsxedcrfvtgbyhnujmikolp", // columns
	"!@#$%^&*()",
}

// onlyRuns reports whether the text is made of runs and of one character repeated,
// each of at least leastRun code points, and of nothing else.
func onlyRuns(text []rune) bool {
	for len(text) > 0 {
		n := runLength(text)
		if n < leastRun {
			return false
		}
		text = text[n:]
	}
	return true
}

// runLength returns how many code points at the beginning are one run.
func runLength(text []rune) int {
	longest := 1
	for longest < len(text) && text[longest] == text[0] {
		longest++
	}
	for _, run := range runs {
		longest = max(longest, along([]rune(run), text, 1), along([]rune(run), text, -1))
	}
	return longest
}

// along returns how far the text follows the run in a direction, round and round.
func along(run, text []rune, step int) int {
	n, at := 0, slices.Index(run, text[0])
	for n < len(text) && at >= 0 && run[at] == text[n] {
		n, at = n+1, (at+step+len(run))%len(run)
	}
	return n
}
