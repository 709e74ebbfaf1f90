package secrets

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// Window is how many bytes in a row of any form of a secret are a find. Of a secret
// whose form is shorter, it is the whole form.
const Window = 16

// block is the length of what a window is looked up by: every window of a form has a
// whole block in it, counted from the form's beginning, and so does every text that
// holds the window.
const block = 8

// Scanner looks for secrets in texts. The zero value looks for none. It may be read
// from several goroutines once all are added.
type Scanner struct {
	named  []written
	blocks map[uint64][]place
	filter []uint64
	known  map[string]bool
}

// written is a form of a secret.
type written struct {
	secret string
	form
}

// place is where a block stands: in which form, and at which byte.
type place struct{ form, at int }

// Found is a secret that stands in a text.
type Found struct {
	Secret string // what it is, by the name that it was added with
	Form   string // how it is written
	At     int    // byte of the text at which a part of it begins
}

// String says what was found, without the secret.
func (f Found) String() string { return fmt.Sprintf("%s (%s) at byte %d", f.Secret, f.Form, f.At) }

// Layout of a token (docs/design.md, section 3): what precedes the secret is the
// session's public name.
const (
	secretBegins, secretEnds, tokenBytes = 28, 52, 60
	textBegins, textEnds                 = 38, 69 // characters that hold nothing but the secret
)

// Add adds a secret that is a text, such as a password. Its error says that it is too
// short for a find to mean anything.
func (s *Scanner) Add(name, text string) error {
	if len(text) < Window {
		return fmt.Errorf("%s has %d bytes: want %d", name, len(text), Window)
	}
	s.add(name, text)
	return nil
}

// AddToken adds a session token: the secret part of it, as bytes and as text. Its error
// says that it is none.
func (s *Scanner) AddToken(name, token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenBytes {
		return fmt.Errorf("%s is no token", name)
	}
	s.add(name+", text", token[textBegins:textEnds])
	s.add(name+", bytes", string(raw[secretBegins:secretEnds]))
	return nil
}

func (s *Scanner) add(name, text string) {
	if s.known == nil {
		s.known, s.blocks, s.filter = map[string]bool{}, map[uint64][]place{}, make([]uint64, filterBits/64)
	}
	if s.known[text] {
		return
	}
	s.known[text] = true
	seen := map[string]bool{}
	for _, f := range forms(text) {
		if !seen[f.text] {
			seen[f.text] = true
			s.index(written{name, f})
		}
	}
}

func (s *Scanner) index(w written) {
	n := len(s.named)
	s.named = append(s.named, w)
	for at := 0; at+block <= len(w.text); at += block {
		key := binary.LittleEndian.Uint64([]byte(w.text[at : at+block]))
		s.blocks[key] = append(s.blocks[key], place{n, at})
		bit := filterBit(key)
		s.filter[bit/64] |= 1 << (bit % 64)
	}
}

// The filter says of most of what is no block that it is none, without a look-up.
const filterBits = 1 << 24

func filterBit(key uint64) uint64 { return key * 0x9E3779B97F4A7C15 >> 40 }

// Find returns where secrets stand in a text: of each form that is there the first
// place.
func (s *Scanner) Find(text []byte) []Found {
	if len(s.named) == 0 {
		return nil
	}
	var all []Found
	told := map[int]bool{}
	for at := 0; at+block <= len(text); at++ {
		key := binary.LittleEndian.Uint64(text[at:])
		bit := filterBit(key)
		if s.filter[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		for _, p := range s.blocks[key] {
			if !told[p.form] && s.extends(text, at, p) {
				told[p.form] = true
				all = append(all, Found{s.named[p.form].secret, s.named[p.form].name, at})
			}
		}
	}
	return all
}

// extends reports whether what is around a block is a window of its form.
func (s *Scanner) extends(text []byte, at int, p place) bool {
	form := s.named[p.form].text
	before, after := 0, block
	for before < at && before < p.at && text[at-before-1] == form[p.at-before-1] {
		before++
	}
	for at+after < len(text) && p.at+after < len(form) && text[at+after] == form[p.at+after] {
		after++
	}
	return before+after >= min(Window, len(form))
}
