package signin_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"coatcheck/core/signin"
)

func TestSecretsNeverPrint(t *testing.T) {
	const secret = "$argon2id$plum-otter"
	account := validAccount()
	account.Password = secret
	for name, value := range map[string]any{
		"hash":              signin.PasswordHash(secret),
		"account":           account,
		"pointer":           &account,
		"accounts":          []signin.Account{account},
		"map":               map[string]signin.Account{"anne": account},
		"credentials":       signin.Credentials{Username: secret, Password: secret},
		"credentials, far":  &signin.Credentials{Username: secret, Password: secret},
		"new password":      signin.NewPassword(secret),
		"user change":       signin.UserChange{Password: new(signin.NewPassword(secret))},
		"password change":   signin.PasswordChange{New: secret},
		"new user":          signin.NewUser{Name: "anne", Password: secret},
		"new users":         []signin.NewUser{{Name: "anne", Password: secret}},
		"new user, pointer": &signin.NewUser{Name: "anne", Password: secret},
	} {
		t.Run(name, func(t *testing.T) {
			for how, text := range prints(t, value) {
				lower := strings.ToLower(text)
				if strings.Contains(lower, "otter") || strings.Contains(lower, hex.EncodeToString([]byte("otter"))) {
					t.Errorf("%s shows the secret: %s", how, text)
				}
			}
		})
	}
}

func TestNewUserPrintsItsName(t *testing.T) {
	if got := (signin.NewUser{Name: "anne", Password: "x"}).String(); !strings.Contains(got, "anne") {
		t.Errorf("String() = %s, want the name in it", got)
	}
}

func prints(t *testing.T, value any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		out[verb] = fmt.Sprintf(verb, value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Errorf("json.Marshal: %v, want success", err)
	}
	out["json"] = string(text)
	var buf bytes.Buffer
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("x", "value", value)
	slog.New(slog.NewTextHandler(&buf, nil)).Info("x", "value", value)
	out["slog"] = buf.String()
	return out
}
