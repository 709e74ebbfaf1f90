package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// ledger is every secret that a test saw or set.
type ledger struct {
	mu     sync.Mutex
	tokens []string
	texts  [][2]string // what it is, and the text
}

func (l *ledger) token(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(l.tokens, token)
}

func (l *ledger) text(what, text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, [2]string{what, text})
	return text
}

// password is a new one, with all in it that some place escapes.
func (l *ledger) password() string {
	return l.text("a password", strings.ToLower(rand.Text()[:14])+` "<é&'>\ `+strings.ToLower(rand.Text()[:14]))
}

// any is one of the tokens, or now and then another secret.
func (l *ledger) any(r *mathrand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tokens) == 0 || r.IntN(5) == 0 {
		return l.texts[r.IntN(len(l.texts))][1]
	}
	return l.tokens[r.IntN(len(l.tokens))]
}

// anyToken is one of the tokens.
func (l *ledger) anyToken(r *mathrand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tokens) == 0 {
		return ""
	}
	return l.tokens[r.IntN(len(l.tokens))]
}

// scanner looks for all that the ledger holds.
func (l *ledger) scanner(t *testing.T) *Scanner {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Scanner{}
	for i, token := range l.tokens {
		if err := s.AddToken(fmt.Sprintf("token %d", i), token); err != nil {
			t.Fatal(err)
		}
	}
	for i, text := range l.texts {
		if err := s.Add(fmt.Sprintf("%s, secret %d", text[0], i), text[1]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// page is something that was written, and where.
type page struct {
	where string
	text  []byte
}

// shelf keeps what was written.
type shelf struct {
	mu    sync.Mutex
	pages []page
}

func (s *shelf) put(where string, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, page{where, text})
}

// search fails the test for each place where a secret stands, and returns how many
// bytes it looked through. The first of each kind of place is enough.
func (s *shelf) search(t *testing.T, look *Scanner) (bytes int) {
	t.Helper()
	told := map[string]bool{}
	for _, p := range s.pages {
		bytes += len(p.text)
		for _, found := range look.Find(p.text) {
			if !told[p.where] {
				t.Errorf("%s: %v\n%q", p.where, found, p.text[max(0, found.At-80):min(len(p.text), found.At+80)])
			}
			told[p.where] = true
		}
	}
	return bytes
}

func newKey(n int) []byte {
	key := make([]byte, n)
	_, _ = rand.Read(key)
	return key
}

func newWebhookSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString(newKey(32)) }
