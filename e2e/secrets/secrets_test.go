package secrets_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/e2e/secrets"
)

// someToken is a token as sign-ins hand it out.
func someToken(t *testing.T) string {
	t.Helper()
	keys, err := session.NewKeys([]byte(strings.Repeat("k", session.MinKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := session.New(memory.New(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := m.SignIn(t.Context(), session.SignIn{Subject: "ann", Check: grant})
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// A secret is found in every form in which it may have been written, in part too.
func TestFind(t *testing.T) {
	const password = `pässword "of" <ann> & others/2026`
	token := someToken(t)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	var s secrets.Scanner
	s.Text("password", password)
	s.Token("token", token)
	for name, text := range map[string]string{
		"the password":                  password,
		"a part of the password":        password[5:25],
		"the password in JSON":          `{"password":` + string(quoted) + `}`,
		"the password in a form":        "password=" + url.QueryEscape(password),
		"the password in a path":        "/" + url.PathEscape(password),
		"the password in Basic":         base64.StdEncoding.EncodeToString([]byte("anna:" + password)),
		"the password in hexadecimal":   hex.EncodeToString([]byte(password)),
		"the token":                     "__Host-sid=" + token,
		"the token's bytes":             string(raw),
		"the token's bytes in base64":   base64.StdEncoding.EncodeToString(raw),
		"half of the secret in a token": token[40:58],
		"the token in base64":           base64.URLEncoding.EncodeToString([]byte("sid=" + token)),
		"the token in HEXADECIMAL":      strings.ToUpper(hex.EncodeToString(raw)),
	} {
		t.Run(name, func(t *testing.T) {
			found := s.Find([]byte(strings.Repeat("x", 100) + text + "yyy"))
			want := "password, "
			if strings.Contains(name, "token") {
				want = "token, "
			}
			if len(found) == 0 || !strings.HasPrefix(found[0], want) {
				t.Errorf("found %q, want it as the %s", found, want)
			}
		})
	}
}

// What is public of a token, its first part, is no find; nor is what only looks like one.
func TestFindsNothingElse(t *testing.T) {
	var s secrets.Scanner
	token := someToken(t)
	s.Token("token", token)
	for _, text := range []string{"", token[:37], token[70:], someToken(t), strings.Repeat("A", 1000)} {
		if found := s.Find([]byte(text)); len(found) > 0 {
			t.Errorf("%q: found %v", text, found)
		}
	}
}

func grant(context.Context) (session.Grant, error) { return session.Grant{}, nil }
