package session

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxShown is the longest text that [Shown] repeats, in code points: one less than the
// shortest password.
const MaxShown = 14

// Shown is what an error says of a text that somebody sent in the wrong place: the text
// in quotes or, where it is long enough to be a password or a token, its length alone.
func Shown(text string) string {
	if n := utf8.RuneCountInString(text); n > MaxShown {
		return fmt.Sprintf("[a text of %d characters]", n)
	}
	return strconv.Quote(text)
}
