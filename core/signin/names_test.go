package signin_test

import (
	"strings"
	"testing"

	"coatcheck/core/signin"
)

func TestNormalizeName(t *testing.T) {
	for name, tc := range map[string]struct {
		in, want, fault string
	}{
		"plain":              {"anne", "anne", ""},
		"one character":      {"7", "7", ""},
		"upper case":         {"Anne.B-c_D@Example+X", "anne.b-c_d@example+x", ""},
		"64 characters":      {strings.Repeat("a", 64), strings.Repeat("a", 64), ""},
		"usr without line":   {"usrx", "usrx", ""},
		"empty":              {"", "", "want 1 to 64"},
		"65 characters":      {strings.Repeat("a", 65), "", "want 1 to 64"},
		"begins with dot":    {".anne", "", "'.' does not fit"},
		"begins with at":     {"@anne", "", "'@' does not fit"},
		"space":              {"anne b", "", "' ' does not fit"},
		"space behind":       {"anne ", "", "' ' does not fit"},
		"line break":         {"anne\n", "", `'\n' does not fit`},
		"NUL":                {"anne\x00", "", `'\x00' does not fit`},
		"Kelvin sign":        {"\u212a", "", "does not fit"},
		"umlaut":             {"jürg", "", "'ü' does not fit"},
		"Cyrillic lookalike": {"аnne", "", "does not fit"},
		"no UTF-8":           {"a\xff", "", "does not fit"},
		"slash":              {"a/b", "", "'/' does not fit"},
		"as a subject":       {signin.SubjectOf([16]byte{}), "", "how subjects begin"},
		"like a subject":     {"USR_anne", "", "how subjects begin"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := signin.NormalizeName(tc.in)
			checkInvalid(t, err, tc.fault)
			if got != tc.want {
				t.Errorf("NormalizeName(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func FuzzNormalizeName(f *testing.F) {
	for _, seed := range []string{"anne", "A.b_c-d@e+f", "usr_x", "\u212a", " x", "", strings.Repeat("a", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name, err := signin.NormalizeName(in)
		if err != nil {
			if name != "" {
				t.Errorf("%q with an error, want nothing", name)
			}
			return
		}
		again, err := signin.NormalizeName(name)
		if again != name || err != nil {
			t.Errorf("normalized again: %q, %v, want %q", again, err, name)
		}
		if !strings.EqualFold(in, name) || len(in) != len(name) || signin.IsSubject(name) {
			t.Errorf("NormalizeName(%q) = %q, want no more than its case folded, and no subject", in, name)
		}
	})
}

func TestIsSubject(t *testing.T) {
	subject := signin.SubjectOf([16]byte{0: 0xff, 15: 0xff})
	for name, tc := range map[string]struct {
		text string
		want bool
	}{
		"subject":      {subject, true},
		"zero":         {"usr_" + strings.Repeat("0", 26), true},
		"upper case":   {"usr_" + strings.ToUpper(subject[4:]), false},
		"stray bits":   {"usr_" + strings.Repeat("0", 25) + "1", false},
		"short":        {subject[:29], false},
		"long":         {subject + "0", false},
		"no prefix":    {subject[4:], false},
		"other prefix": {"usr-" + subject[4:], false},
		"w":            {"usr_" + strings.Repeat("w", 26), false},
		"line break":   {subject[:20] + "\n" + subject[21:], false},
		"empty":        {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := signin.IsSubject(tc.text); got != tc.want {
				t.Errorf("IsSubject(%q) = %t, want %t", tc.text, got, tc.want)
			}
		})
	}
}
