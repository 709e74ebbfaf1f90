package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

const (
	aPassword = `fro"zen <lamp> & o'clock é harbour`
	aKey      = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// aToken has bytes of all kinds in its secret.
func aToken() string {
	raw := make([]byte, tokenBytes)
	source := rand.New(rand.NewPCG(8, 1))
	for i := range raw {
		raw[i] = byte(source.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func scanner(t *testing.T) *Scanner {
	t.Helper()
	var s Scanner
	for name, text := range map[string]string{"a password": aPassword, "a key": aKey} {
		if err := s.Add(name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddToken("a token", aToken()); err != nil {
		t.Fatal(err)
	}
	return &s
}

// noise is text in which nothing stands.
func noise(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ \n"
	source := rand.New(rand.NewPCG(1, 8))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[source.IntN(len(letters))]
	}
	return string(b)
}

// Nothing is found where nothing is, the public part of a token included.
func TestFindsNothing(t *testing.T) {
	s := scanner(t)
	if found := s.Find([]byte(noise(1 << 20))); found != nil {
		t.Errorf("found %v", found)
	}
	if found := s.Find([]byte("session " + aToken()[:textBegins])); found != nil {
		t.Errorf("the session's public name: found %v", found)
	}
	if found := new(Scanner).Find([]byte(aToken())); found != nil {
		t.Errorf("without secrets: found %v", found)
	}
}

// A planted secret is found in each form, wherever it stands.
func TestFindsAPlantedOne(t *testing.T) {
	s := scanner(t)
	token, raw := aToken(), decoded(t, aToken())
	for name, planted := range map[string]string{
		"password": aPassword, "password in a query": url.QueryEscape(aPassword), "password in a path": url.PathEscape(aPassword),
		"password in JSON": inAnswer(t, aPassword), "password in HTML": html.EscapeString(aPassword),
		"password in hex": hex.EncodeToString([]byte(aPassword)), "password in Basic": inBasic("alice:" + aPassword),
		"key": aKey, "key's hex again": strings.ToUpper(hex.EncodeToString([]byte(aKey))),
		"token": token, "token in JSON": inAnswer(t, token), "token's bytes": string(raw),
		"token's bytes in hex": hex.EncodeToString(raw), "token's bytes in HEX": strings.ToUpper(hex.EncodeToString(raw)),
		"token's bytes in base64": base64.StdEncoding.EncodeToString(raw), "secret alone": base64.StdEncoding.EncodeToString(raw[secretBegins:secretEnds]),
		"token's text in hex": hex.EncodeToString([]byte(token)), "token percent-encoded": percent(token, "%%%02X"),
		"token in Basic": inBasic("x:" + token), "token in Basic, by one": inBasic("xy:" + token), "token in Basic, by two": inBasic("xyz:" + token),
		"token cut at its end": token[:60], "token cut at its beginning": token[50:],
		"bytes in JSON": inAnswer(t, aPassword+"\x01"),
	} {
		around := noise(100)
		for before := range 20 {
			text := around[:50+before] + planted + around
			if len(s.Find([]byte(text))) == 0 {
				t.Errorf("%s is not found after %d bytes", name, 50+before)
			}
		}
		if len(s.Find([]byte(planted))) == 0 {
			t.Errorf("%s by itself is not found", name)
		}
	}
}

// Every window of a secret is enough, in each form, and one byte less is not.
func TestFindsEveryWindow(t *testing.T) {
	s, token := scanner(t), aToken()
	around := strings.Repeat("\n", 40)
	for _, text := range []string{aPassword, aKey, token[textBegins:textEnds], string(decoded(t, token)[secretBegins:secretEnds])} {
		for _, f := range forms(text) {
			for at := 0; at+Window <= len(f.text); at++ {
				if part := f.text[at : at+Window]; len(s.Find([]byte(around+part+around))) == 0 {
					t.Errorf("%s: what begins at byte %d is not found", f.name, at)
				}
				if part := f.text[at : at+Window-1]; len(s.Find([]byte(around+part+around))) > 0 {
					t.Errorf("%s: %d bytes at %d are found", f.name, Window-1, at)
				}
			}
		}
	}
}

func TestAddRefuses(t *testing.T) {
	var s Scanner
	if s.Add("short", "fifteen letters") == nil || s.AddToken("cut", aToken()[1:]) == nil || s.AddToken("no base64", strings.Repeat("?", 80)) == nil {
		t.Error("what cannot be looked for is taken")
	}
}

func decoded(t *testing.T, token string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func inAnswer(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(map[string]string{"detail": text}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inBasic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
