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
	for name, c := range map[string]struct{ text, want string }{
		"the password":                  {password, "password, as it is"},
		"a part of the password":        {password[5:25], "password, as it is"},
		"the password in JSON":          {`{"password":` + string(quoted) + `}`, "password, in JSON"},
		"the password in a form":        {"password=" + url.QueryEscape(password), "password, in a URL"},
		"the password in a path":        {"/" + url.PathEscape(password), "password, in a path"},
		"the password in Basic":         {base64.StdEncoding.EncodeToString([]byte("anna:" + password)), "password, base64 after two bytes"},
		"the password in hexadecimal":   {hex.EncodeToString([]byte(password)), "password, hexadecimal"},
		"the token":                     {"__Host-sid=" + token, "token, as it is"},
		"the token's bytes":             {string(raw), "token, as it is"},
		"the token's bytes in base64":   {base64.StdEncoding.EncodeToString(raw), "token, base64 after one byte"},
		"half of the secret in a token": {token[40:58], "token, as it is"},
		"the token in base64":           {base64.URLEncoding.EncodeToString([]byte("sid=" + token)), "token, base64"},
		"the token in HEXADECIMAL":      {strings.ToUpper(hex.EncodeToString(raw)), "token, HEXADECIMAL"},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(s.Find([]byte(strings.Repeat("x", 100)+c.text+"yyy")), "\n")
			if !strings.Contains(found, c.want) {
				t.Errorf("found %q, want %s", found, c.want)
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
