// Package secrets finds secrets in what a program puts out, in whatever form they may
// have got there: as they are, in part, or encoded. Tests give it every secret that there
// is, and everything that somebody else may come to see.
package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"sort"
	"strings"
)

// Window is how many bytes of a secret in a row, in one of its forms, are a find: fewer
// may stand there by chance, and 96 of 192 random bits are no secret any more that is lost.
const Window = 16

// Scanner knows secrets by all their windows. The zero value knows none.
type Scanner struct {
	windows map[[Window]byte]string // -> what the secret is called
}

// Text adds a secret that is a text, such as a password or a key, of at least [Window]
// bytes: as it is, and in every encoding.
func (s *Scanner) Text(name, secret string) {
	for form, text := range forms(secret) {
		s.add(name+", "+form, text)
	}
}

// Token adds the secret part of a token: what stands before it is public, as the
// session's ID, and what follows is the tag.
func (s *Scanner) Token(name, token string) {
	const secretFrom, secretTo = 28, 52 // of the token's 60 bytes (docs/design.md 3)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < secretTo {
		return
	}
	s.Text(name, string(raw[secretFrom:secretTo]))
	s.Text(name, token[(secretFrom*4+2)/3:secretTo*4/3])
}

func (s *Scanner) add(name, text string) {
	if s.windows == nil {
		s.windows = map[[Window]byte]string{}
	}
	for i := 0; i+Window <= len(text); i++ {
		s.windows[[Window]byte([]byte(text[i:i+Window]))] = name
	}
}

// forms are the texts as which a secret may be written.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret) // of a text: cannot fail
	all := map[string]string{
		"as it is": secret, "in JSON": strings.Trim(string(quoted), `"`), "in a URL": url.QueryEscape(secret), "in a path": url.PathEscape(secret),
		"hexadecimal": hex.EncodeToString([]byte(secret)), "HEXADECIMAL": strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	// Within a longer text, base64 of it depends on where it begins.
	for shift, name := range []string{"base64", "base64 after one byte", "base64 after two bytes"} {
		padded := []byte(strings.Repeat("\x00", shift) + secret)
		first, last := (shift*4+2)/3, len(padded)/3*4
		all[name] = base64.StdEncoding.EncodeToString(padded)[first:last]
		all[name+" of URLs"] = base64.URLEncoding.EncodeToString(padded)[first:last]
	}
	return all
}

// Find returns which secrets stand in a text, by their names and forms.
func (s *Scanner) Find(text []byte) []string {
	found := map[string]bool{}
	for i := 0; i+Window <= len(text); i++ {
		if name, ok := s.windows[[Window]byte(text[i:i+Window])]; ok {
			found[name] = true
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
