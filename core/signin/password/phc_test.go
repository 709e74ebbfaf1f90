package password

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"coatcheck/core/signin"
)

var (
	salt16 = base64.RawStdEncoding.EncodeToString(make([]byte, 16))
	tag32  = base64.RawStdEncoding.EncodeToString(make([]byte, 32))
)

func b64(size int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, size)) }

func TestParse(t *testing.T) {
	const p = "m=19456,t=2,p=1"
	for name, tc := range map[string]struct {
		hash string
		want string // "" means that it parses
	}{
		"ours":              {prefix + p + "$" + salt16 + "$" + tag32, ""},
		"most of all":       {prefix + "m=262144,t=10,p=4$" + b64(64) + "$" + b64(64), ""},
		"least of all":      {prefix + "m=8,t=1,p=1$" + b64(8) + "$" + b64(16), ""},
		"empty":             {"", "want"},
		"redacted":          {signin.PasswordHash("").String(), "want"},
		"argon2i":           {"$argon2i$v=19$" + p + "$" + salt16 + "$" + tag32, "want"},
		"version 16":        {"$argon2id$v=16$" + p + "$" + salt16 + "$" + tag32, "want"},
		"no version":        {"$argon2id$" + p + "$" + salt16 + "$" + tag32, "want"},
		"huge":              {prefix + p + "$" + salt16 + "$" + b64(1<<20), "at most 256 bytes"},
		"no tag":            {prefix + p + "$" + salt16, "want parameters"},
		"a fourth part":     {prefix + p + "$" + salt16 + "$" + tag32 + "$", "tag"},
		"text behind":       {prefix + p + "$" + salt16 + "$" + tag32 + " ", "tag"},
		"line break behind": {prefix + p + "$" + salt16 + "$" + tag32 + "\n", "canonical"},
		"line break inside": {prefix + p + "$" + salt16[:4] + "\r\n" + salt16[4:] + "$" + tag32, "canonical"},
		"padding":           {prefix + p + "$" + salt16 + "==$" + tag32, "salt"},
		"stray bits":        {prefix + p + "$" + salt16[:21] + "B$" + tag32, "canonical"},
		"base64url":         {prefix + p + "$" + "____AAAAAAAAAAAAAAAAAA$" + tag32, "salt"},
		"m over":            {prefix + "m=262145,t=2,p=1$" + salt16 + "$" + tag32, "m: want"},
		"m far over":        {prefix + "m=4294967296,t=2,p=1$" + salt16 + "$" + tag32, "decimal"},
		"m under":           {prefix + "m=31,t=2,p=4$" + salt16 + "$" + tag32, "m: want"},
		"t over":            {prefix + "m=19456,t=11,p=1$" + salt16 + "$" + tag32, "t: want"},
		"t zero":            {prefix + "m=19456,t=0,p=1$" + salt16 + "$" + tag32, "t: want"},
		"p over":            {prefix + "m=19456,t=2,p=5$" + salt16 + "$" + tag32, "p: want"},
		"p zero":            {prefix + "m=19456,t=2,p=0$" + salt16 + "$" + tag32, "p: want"},
		"p 257":             {prefix + "m=19456,t=2,p=257$" + salt16 + "$" + tag32, "p: want"},
		"leading zero":      {prefix + "m=019456,t=2,p=1$" + salt16 + "$" + tag32, "canonical"},
		"sign":              {prefix + "m=+19456,t=2,p=1$" + salt16 + "$" + tag32, "decimal"},
		"other order":       {prefix + "t=2,m=19456,p=1$" + salt16 + "$" + tag32, "decimal"},
		"more parameters":   {prefix + p + ",data=AA$" + salt16 + "$" + tag32, "decimal"},
		"fewer parameters":  {prefix + "m=19456,t=2$" + salt16 + "$" + tag32, "want m, t and p"},
		"short salt":        {prefix + p + "$" + b64(7) + "$" + tag32, "salt"},
		"long salt":         {prefix + p + "$" + b64(65) + "$" + tag32, "salt"},
		"short tag":         {prefix + p + "$" + salt16 + "$" + b64(15), "tag"},
		"long tag":          {prefix + p + "$" + salt16 + "$" + b64(65), "tag"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(signin.PasswordHash(tc.hash))
			switch {
			case tc.want == "" && (err != nil || string(got.encode()) != tc.hash):
				t.Errorf("parse = %v, %v, want the same hash", got.params, err)
			case tc.want != "" && (!errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("parse: error %v, want ErrDamaged with %q", err, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(prefix + "m=19456,t=2,p=1$" + salt16 + "$" + tag32)
	f.Add(prefix + "m=019456,t=2,p=1$" + salt16 + "$" + tag32 + "\n")
	f.Add(prefix + "m=4294967295,t=4294967295,p=255$$")
	f.Add("$argon2id$v=19$$$")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(signin.PasswordHash(text))
		if err != nil {
			if !errors.Is(err, signin.ErrDamaged) {
				t.Errorf("error %v, want ErrDamaged", err)
			}
			return
		}
		p := s.params
		if p.Memory > maxMemory || p.Memory < 8*uint32(p.Lanes) || p.Passes < 1 || p.Passes > maxPasses || p.Lanes < 1 || p.Lanes > maxLanes {
			t.Errorf("parameters %v are out of bounds", p)
		}
		if len(s.salt) < 8 || len(s.salt) > 64 || len(s.tag) < 16 || len(s.tag) > 64 {
			t.Errorf("salt of %d and tag of %d bytes are out of bounds", len(s.salt), len(s.tag))
		}
		if got := string(s.encode()); got != text {
			t.Errorf("a second spelling was accepted: %q of %q", text, got)
		}
	})
}
