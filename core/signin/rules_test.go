package signin_test

import (
	"strings"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// What may be a password is never shown.
func TestPasswordsAreTooLongToBeShown(t *testing.T) {
	if session.MaxShown >= signin.MinPassword {
		t.Errorf("errors repeat up to %d characters, and passwords have %d or more", session.MaxShown, signin.MinPassword)
	}
}

func TestCheckPassword(t *testing.T) {
	for name, tc := range map[string]struct {
		password, user, want string
	}{
		"lower case phrase":        {"plum otter violet kayak", "anne", ""},
		"15 characters":            {"plumottervioket", "anne", ""},
		"15 emoji":                 {"🦦🍇🎻🛶🧂🪁🎈🌵🧩🦜🍄🪐🥨🧵🛼", "anne", ""},
		"256 characters":           {strings.Repeat("plum otter viole", 16), "anne", ""},
		"256 of four bytes":        {strings.Repeat("🦦🍇🎻🛶🧂🪁🎈🌵🧩🦜🍄🪐🥨🧵🛼🫖", 16), "anne", ""},
		"NUL":                      {"plum\x00otter\x00violet", "anne", ""},
		"spaces around":            {"  plum otter vi  ", "anne", ""},
		"digits":                   {"839204716650294", "anne", ""},
		"holds the user name":      {"joanne likes plum otters", "anne", ""},
		"holds the product":        {"coatcheck plum otter", "anne", ""},
		"14 characters":            {"plumottervioke", "anne", "at least 15"},
		"14 emoji":                 {"🦦🍇🎻🛶🧂🪁🎈🌵🧩🦜🍄🪐🥨🧵", "anne", "at least 15"},
		"empty":                    {"", "anne", "at least 15"},
		"257 characters":           {strings.Repeat("plum otter viole", 16) + "!", "anne", "at most 256"},
		"no UTF-8":                 {"plum otter violet\xff", "anne", "UTF-8"},
		"user name repeated":       {"AnneMarieAnneMarie", "annemarie", "little more than"},
		"user name padded":         {"annemarie123456!", "annemarie", "little more than"},
		"user name and run":        {"annemarie123456789", "annemarie", "little more than"},
		"short name and run":       {"bob123456789012", "bob", "little more than"},
		"mail address":             {"anne.marie@example.net", "anne.marie@example.net", "little more than"},
		"parts of the address":     {"example-anne-marie", "anne.marie@example.net", "little more than"},
		"product padded":           {"coatcheck2026!!", "anne", "little more than"},
		"product and user":         {"CoatCheck-annemarie", "annemarie", "little more than"},
		"product repeated":         {"coatcheckcoatcheck", "anne", "little more than"},
		"one character":            {"aaaaaaaaaaaaaaaaaaaa", "anne", "pattern"},
		"one emoji":                {strings.Repeat("🦦", 20), "anne", "pattern"},
		"short block":              {"xyqxyqxyqxyqxyqx", "anne", "pattern"},
		"block of eight":           {"PasswordpassWord", "anne", "pattern"},
		"numbers up":               {"123456789012345", "anne", "run"},
		"numbers down":             {"0987654321098765", "anne", "run"},
		"numbers from the middle":  {"7890123456789012", "anne", "run"},
		"alphabet":                 {"abcdefghijklmnopq", "anne", "run"},
		"keyboard rows":            {"QWERTYuiopasdfghjkl", "anne", "run"},
		"German keyboard":          {"qwertzuiopasdfghjkl", "anne", "run"},
		"keyboard columns":         {"1qaz2wsx3edc4rfv", "anne", "run"},
		"row, numbers, characters": {"qwerty123456!!!!", "anne", "run"},
	} {
		t.Run(name, func(t *testing.T) {
			err := signin.CheckPassword(tc.password, tc.user)
			checkInvalid(t, err, tc.want)
			if err != nil && tc.password != "" && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.password)) {
				t.Errorf("error %q repeats the password", err)
			}
		})
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("plum otter violet kayak", "anne")
	f.Add("coatcheckcoatcheck", "")
	f.Add("\xff", "a.b@c")
	f.Fuzz(func(t *testing.T, password, name string) {
		if signin.CheckPassword(password, name) == nil && len(password) > signin.MaxPasswordBytes {
			t.Errorf("accepted %d bytes, want at most %d", len(password), signin.MaxPasswordBytes)
		}
	})
}
