package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Bounds of the secrets. The sizes are those of Standard Webhooks.
const (
	maxSecrets   = 8
	minSecret    = 24 // bytes
	maxSecret    = 64
	secretPrefix = "whsec_"
)

// Secrets sign what is sent, each by itself: a receiver knows at least one of them, so
// that they can be changed while events go on. They print as nothing.
type Secrets struct{ keys [][]byte }

// ParseSecrets reads 1 to 8 secrets as Standard Webhooks writes them: whsec_ and base64
// of 24 to 64 bytes. Its error says which one is wrong and not what it is.
func ParseSecrets(texts []string) (Secrets, error) {
	if len(texts) == 0 || len(texts) > maxSecrets {
		return Secrets{}, fmt.Errorf("there are %d", len(texts))
	}
	var s Secrets
	for i, text := range texts {
		key, err := parseSecret(text)
		if err != nil {
			return Secrets{}, fmt.Errorf("number %d %w", i+1, err)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func parseSecret(text string) ([]byte, error) {
	encoded, prefixed := strings.CutPrefix(text, secretPrefix)
	if !prefixed {
		return nil, errors.New("does not begin with " + secretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	switch {
	case err != nil || strings.ContainsAny(encoded, "\r\n"):
		return nil, errors.New("is not base64")
	case len(key) < minSecret || len(key) > maxSecret:
		return nil, fmt.Errorf("has %d bytes", len(key))
	}
	return key, nil
}

// sign returns the signatures of a message (Standard Webhooks, "Signature scheme"): one
// a secret, separated by spaces.
func (s Secrets) sign(id string, at time.Time, body []byte) string {
	var all []string
	for _, key := range s.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

const redacted = "[redacted secrets]"

// String redacts the secrets.
func (Secrets) String() string { return redacted }

// GoString redacts the secrets.
func (Secrets) GoString() string { return redacted }

// Format redacts the secrets under every verb.
func (Secrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText redacts the secrets, so that no JSON can carry them.
func (Secrets) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue redacts the secrets for log/slog.
func (Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }
