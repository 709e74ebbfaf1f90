package session

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func validRecord(t *testing.T) Record {
	t.Helper()
	m := &Manager{policy: Policy{}.WithDefaults(), keys: testKeys(t, 1)}
	_, r := m.newRecord(SignIn{Subject: "alice"}, Grant{Roles: []string{"editor"}, Methods: []string{"pwd"}}, signInStart{createdAt: testTime})
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestValidateRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Record){
		"no subject":          func(r *Record) { r.Subject = "" },
		"another's subject":   func(r *Record) { r.Subject = "bob" },
		"control character":   func(r *Record) { r.Subject = "al\nice" },
		"outer space":         func(r *Record) { r.Subject = "alice " },
		"never authenticated": func(r *Record) { r.AuthTime = time.Time{} },
		"authenticated later": func(r *Record) { r.AuthTime = r.CreatedAt.Add(time.Second) },
		"lives 401 days": func(r *Record) {
			r.AbsoluteExpiry = r.CreatedAt.AddDate(0, 0, 401)
			r.PurgeAt = r.AbsoluteExpiry
		},
		"ended in the year 10000": func(r *Record) {
			r.End = End{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Reason: SignedOut, By: ByRule}
		},
		"escape in the user agent":  func(r *Record) { r.Client.UserAgent = "\x1b[31m" },
		"line break in the address": func(r *Record) { r.Client.Address = "192.0.2.1\n" },
		"no secret":                 func(r *Record) { r.Secrets.Current = Hash{} },
		"no creation time":          func(r *Record) { r.CreatedAt = time.Time{} },
		"another creation time":     func(r *Record) { r.CreatedAt = r.CreatedAt.Add(-time.Second) },
		"seen before created":       func(r *Record) { r.LastSeenAt = r.CreatedAt.Add(-1) },
		"expired when seen":         func(r *Record) { r.ExpiresAt = r.LastSeenAt },
		"expires after absolute":    func(r *Record) { r.ExpiresAt = r.AbsoluteExpiry.Add(1) },
		"purged before absolute":    func(r *Record) { r.PurgeAt = r.AbsoluteExpiry.Add(-time.Second) },
		"17 roles":                  func(r *Record) { r.Roles = strings.Split(strings.Repeat("a ", 16)+"a", " ") },
		"role of 33 bytes":          func(r *Record) { r.Roles = []string{strings.Repeat("a", 33)} },
		"role with space":           func(r *Record) { r.Roles = []string{"a b"} },
		"role with comma":           func(r *Record) { r.Roles = []string{"a,b"} },
		"empty role":                func(r *Record) { r.Roles = []string{""} },
		"grant over its bytes": func(r *Record) {
			r.Attributes = map[string]string{"k": strings.Repeat("v", 511)}
			r.Roles = strings.Split(strings.Repeat(strings.Repeat("a", 31)+" ", 8)+"aaaaaa", " ")
		},
		"33 attributes": func(r *Record) {
			r.Attributes = map[string]string{}
			for i := range 33 {
				r.Attributes[string(rune('A'+i))] = ""
			}
		},
		"attributes of 513 bytes":    func(r *Record) { r.Attributes = map[string]string{"k": strings.Repeat("v", 512)} },
		"attribute without a name":   func(r *Record) { r.Attributes = map[string]string{"": "v"} },
		"user agent of 257 bytes":    func(r *Record) { r.Client.UserAgent = strings.Repeat("u", 257) },
		"end without time":           func(r *Record) { r.End.Reason = SignedOut },
		"end with a computed reason": func(r *Record) { r.End = End{At: testTime, Reason: IdleTimeout, By: ByRule} },
		"end with unknown reason":    func(r *Record) { r.End = End{At: testTime, Reason: "because", By: ByRule} },
		"end by nobody":              func(r *Record) { r.End = End{At: testTime, Reason: SignedOut} },
	} {
		r := validRecord(t)
		spoil(&r)
		if err := r.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestCleanText(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"Mozilla/5.0 (X11; Linux)", 64, "Mozilla/5.0 (X11; Linux)"},
		{"a\r\nb\x00c\x7fd\u0085e", 64, "a  b c d e"},
		{"a\xff\xfeb", 64, "a  b"},
		{"a\u202eb\u2066c", 64, "a b c"}, // no turning round of an operator's line
		{"déjà", 6, "déjà"},
		{"abcdefghé", 9, "abcdefgh"}, // cut at a character, not in one
	} {
		if got := cleanText(c.in, c.most); got != c.want {
			t.Errorf("%q cut at %d: got %q, want %q", c.in, c.most, got, c.want)
		}
	}
}
