package signin

import (
	"fmt"
	"log/slog"
)

// PasswordHash is a password's hash as a PHC string. It redacts itself wherever a
// value may be printed, so an adapter that stores it converts it: string(h). As with
// every such type, fmt looks past its methods where it sits in an unexported field.
type PasswordHash string

const (
	redactedHash        = "[redacted password hash]"
	redactedCredentials = "[redacted credentials]" //nolint:gosec // G101: says that there are none
)

// String redacts the hash.
func (PasswordHash) String() string { return redactedHash }

// GoString redacts the hash.
func (PasswordHash) GoString() string { return redactedHash }

// Format redacts the hash under every verb, %x included.
func (PasswordHash) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redactedHash)) }

// MarshalText redacts the hash, so that no JSON can carry it.
func (PasswordHash) MarshalText() ([]byte, error) { return []byte(redactedHash), nil }

// LogValue redacts the hash for log/slog.
func (PasswordHash) LogValue() slog.Value { return slog.StringValue(redactedHash) }

// NewPassword is a password that somebody is to have. It redacts itself like
// [Credentials].
type NewPassword string

const redactedPassword = "[redacted password]" //nolint:gosec // G101: says that there is none

// String redacts the password.
func (NewPassword) String() string { return redactedPassword }

// GoString redacts the password.
func (NewPassword) GoString() string { return redactedPassword }

// Format redacts the password under every verb.
func (NewPassword) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redactedPassword)) }

// MarshalText redacts the password, so that no JSON can carry it.
func (NewPassword) MarshalText() ([]byte, error) { return []byte(redactedPassword), nil }

// LogValue redacts the password for log/slog.
func (NewPassword) LogValue() slog.Value { return slog.StringValue(redactedPassword) }

// String redacts the credentials.
func (Credentials) String() string { return redactedCredentials }

// Format redacts the credentials under every verb.
func (Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redactedCredentials)) }

// MarshalText redacts the credentials, so that no JSON can carry them.
func (Credentials) MarshalText() ([]byte, error) { return []byte(redactedCredentials), nil }

// LogValue redacts the credentials for log/slog.
func (Credentials) LogValue() slog.Value { return slog.StringValue(redactedCredentials) }

// String shows the user without the password.
func (u NewUser) String() string {
	return fmt.Sprintf("{Name:%q Roles:%q Password:[redacted]}", u.Name, u.Roles)
}

// Format shows the user without the password, under every verb.
func (u NewUser) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(u.String())) }

// MarshalText shows the user without the password, so that no JSON can carry it.
func (u NewUser) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue shows the user without the password.
func (u NewUser) LogValue() slog.Value { return slog.StringValue(u.String()) }
