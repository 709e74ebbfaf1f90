package session_test

import (
	"strings"
	"testing"

	"coatcheck/core/session"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       `""`,
		"soon":                                   `"soon"`,
		"a\n\"b":                                 `"a\n\"b"`,
		strings.Repeat("é", session.MaxShown):    `"` + strings.Repeat("é", session.MaxShown) + `"`,
		strings.Repeat("é", session.MaxShown+1):  "[a text of 15 characters]",
		strings.Repeat("a", session.TokenLength): "[a text of 80 characters]",
	} {
		if got := session.Shown(text); got != want {
			t.Errorf("Shown(%q) = %s, want %s", text, got, want)
		}
	}
}
