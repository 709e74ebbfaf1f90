package session

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a record, so that what one costs is known: at most 2 KB in a store,
// typically under 1 KB.
const (
	// MaxSubject is the longest subject, in bytes.
	MaxSubject = 128
	// MaxRoles is the most roles a session carries.
	MaxRoles = 16
	// MaxRole is the longest role, in bytes.
	MaxRole = 32
	// MaxAttributes bounds the sum of all attributes' names and values, in bytes.
	MaxAttributes = 512
	// MaxAttributeCount is the most attributes a session carries.
	MaxAttributeCount = 32
	// MaxGrant bounds the sum of all roles, authentication methods and attributes, in
	// bytes: it is what keeps a record within 2 KB.
	MaxGrant = 704
	// MaxUserAgent is where a user agent is cut, in bytes.
	MaxUserAgent = 256

	maxMethods = 8   // authentication methods (amr)
	maxMethod  = 16  // bytes of one
	maxAddress = 64  // bytes of a client address
	maxBy      = 160 // bytes of who ended
)

// Record is a session as the server keeps it. Times are UTC, whole milliseconds;
// the zero time means "not". A record is complete when it is created; afterwards
// only Secrets, LastSeenAt, ExpiresAt and End change.
type Record struct {
	ID      ID
	Subject string
	// Roles the session was given, in the order of the grant.
	Roles []string
	// Attributes are the few flags an application keeps with a session.
	Attributes map[string]string
	// Methods are the authentication methods used (RFC 8176 "amr").
	Methods []string
	// AuthTime is when the credential was checked (OpenID Connect "auth_time").
	AuthTime time.Time

	CreatedAt  time.Time
	LastSeenAt time.Time
	// ExpiresAt ends the session for idleness; each touch moves it, never past
	// AbsoluteExpiry.
	ExpiresAt      time.Time
	AbsoluteExpiry time.Time
	// PurgeAt is when a store may forget the record, whole seconds. Housekeeping:
	// no answer depends on it.
	PurgeAt time.Time

	// Remembered sessions live by the policy's remembered limits.
	Remembered bool
	// Bearer sessions travel in an Authorization header and never in a cookie.
	Bearer bool

	Secrets Secrets

	// Client is where the sign-in came from.
	Client Client
	// Replaces is the session that this one took the place of; zero if none.
	Replaces ID
	// Actor is the session of who acts as the subject; zero if the subject does.
	Actor ID

	End End
}

// Secrets are the hashes that a presented token is compared with, and the state of
// their rotation.
type Secrets struct {
	Current Hash
	// Next is a secret that was sent out and not yet come back; zero if none.
	Next   Hash
	NextAt time.Time
	// Previous was current before the last confirmation; zero if none.
	Previous Hash
	// ConfirmedAt is when Current became so; CreatedAt for the first.
	ConfirmedAt time.Time
	Rotations   int
}

// Client describes the device at sign-in, as far as it can be known.
type Client struct {
	Address   string // IP address
	UserAgent string // cut at MaxUserAgent bytes
}

// End says that, when, why and by whom a session was ended. The zero value means
// that it was not. The first end stays.
type End struct {
	At     time.Time
	Reason EndReason
	By     By
	// ReplacedBy is the session that took this one's place; zero if none.
	ReplacedBy ID
}

// equal reports whether both are the same end.
func (e End) equal(o End) bool {
	return e.At.Equal(o.At) && e.Reason == o.Reason && e.By == o.By && e.ReplacedBy == o.ReplacedBy
}

// Ended reports whether the session was ended (rather than left to expire).
func (r *Record) Ended() bool { return !r.End.At.IsZero() }

// EndReason is why a session is over. The values are stable: they are stored and
// shown to clients.
type EndReason string

// The reasons. The two timeouts are computed from the record's times at a lookup
// and never written.
const (
	SignedOut       EndReason = "signed_out"
	EndedByUser     EndReason = "ended_by_user" // from another device
	EndedByAdmin    EndReason = "ended_by_admin"
	IdleTimeout     EndReason = "idle_timeout"
	AbsoluteTimeout EndReason = "absolute_timeout"
	SessionLimit    EndReason = "session_limit"
	Replaced        EndReason = "replaced"
	RolesChanged    EndReason = "roles_changed"
	PasswordChanged EndReason = "password_changed"
	AccountDisabled EndReason = "account_disabled"
	TokenReuse      EndReason = "token_reuse"
	EndedEverywhere EndReason = "ended_everywhere"
)

// writable reports whether the reason may be written as an end.
func (r EndReason) writable() bool {
	switch r {
	case SignedOut, EndedByUser, EndedByAdmin, SessionLimit, Replaced, RolesChanged,
		PasswordChanged, AccountDisabled, TokenReuse, EndedEverywhere:
		return true
	case IdleTimeout, AbsoluteTimeout:
	}
	return false
}

// By is who ended a session: a subject, the operator at the command line, or one of
// the product's own rules.
type By string

// Who ends when nobody signed in does.
const (
	// ByOperator is an operator command.
	ByOperator By = "operator"
	// ByRule is a rule of the product: the session limit, a replacement.
	ByRule By = "rule"
)

// BySubject is the user with that subject.
func BySubject(subject string) By { return By("subject:" + subject) }

// ErrInvalid is wrapped by every error that says that an argument is out of its
// bounds. Nothing was done.
var ErrInvalid = errors.New("invalid")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Validate reports, all together and wrapped in [ErrInvalid], what a record states
// that no record can: identity, bounds, order of times. A record that was read from
// a store and does not validate is never trusted.
func (r *Record) Validate() error {
	return errors.Join(r.validateIdentity(), r.validateTimes(), r.validateGrant(), r.validateEnd())
}

func (r *Record) validateIdentity() error {
	switch {
	case !ValidSubject(r.Subject):
		return invalidSubject()
	case r.ID.Partition() != PartitionOf(r.Subject):
		return invalid("session ID is of another subject")
	case r.Secrets.Current.IsZero():
		return invalid("no secret hash")
	case !validOrEmpty(r.Client.Address, maxAddress) || !validOrEmpty(r.Client.UserAgent, MaxUserAgent):
		return invalid("client: want an address of %d and a user agent of %d bytes of text at most", maxAddress, MaxUserAgent)
	}
	return nil
}

// ValidSubject reports whether a text may be a subject: 1 to [MaxSubject] bytes of
// [ValidText] that neither begins nor ends with a space, which headers would lose.
func ValidSubject(s string) bool {
	return ValidText(s, MaxSubject) && strings.TrimSpace(s) == s
}

func invalidSubject() error {
	return invalid("subject: want 1 to %d bytes of text without control characters and outer spaces", MaxSubject)
}

func validOrEmpty(s string, most int) bool { return s == "" || ValidText(s, most) }

func (r *Record) validateTimes() error {
	switch {
	case r.CreatedAt.IsZero() || r.CreatedAt.Unix() != r.ID.CreatedSecond().Unix():
		return invalid("creation time does not fit the session ID")
	case r.AuthTime.IsZero() || r.AuthTime.After(r.CreatedAt):
		return invalid("authenticated after it was created")
	case r.AbsoluteExpiry.After(r.CreatedAt.Add(maxAbsolute)):
		return invalid("lives longer than %v", maxAbsolute)
	case r.LastSeenAt.Before(r.CreatedAt):
		return invalid("last seen before it was created")
	case !r.ExpiresAt.After(r.LastSeenAt):
		return invalid("expires before it was last seen")
	case r.ExpiresAt.After(r.AbsoluteExpiry):
		return invalid("expires after its absolute expiry")
	case r.PurgeAt.Before(r.AbsoluteExpiry.Truncate(time.Second)):
		return invalid("purged before its absolute expiry")
	}
	return nil
}

func (r *Record) validateGrant() error {
	return errors.Join(
		ValidateRoles(r.Roles),
		validateList("authentication method", r.Methods, maxMethods, maxMethod),
		validateAttributes(r.Attributes),
		r.validateGrantSize(),
	)
}

func (r *Record) validateGrantSize() error {
	size := 0
	for _, name := range r.Roles {
		size += len(name)
	}
	for _, name := range r.Methods {
		size += len(name)
	}
	for k, v := range r.Attributes {
		size += len(k) + len(v)
	}
	if size > MaxGrant {
		return invalid("roles, authentication methods and attributes have %d bytes: want at most %d in all", size, MaxGrant)
	}
	return nil
}

func (r *Record) validateEnd() error {
	switch {
	case !r.Ended() && r.End != (End{}):
		return invalid("an end without its time")
	case r.End.At.Year() > maxYear:
		return invalid("ended after the year %d", maxYear)
	case r.Ended() && !r.End.Reason.writable():
		return invalid("end reason %q: not one that is written", r.End.Reason)
	case r.Ended() && !ValidText(string(r.End.By), maxBy):
		return invalid("end: who ended it is missing or over %d bytes", maxBy)
	}
	return nil
}

// ValidateRoles reports, wrapped in [ErrInvalid], roles that no session can carry: more
// than MaxRoles, longer than MaxRole, or not visible ASCII without space, comma,
// quotes and backslash.
func ValidateRoles(roles []string) error { return validateList("role", roles, MaxRoles, MaxRole) }

// validateList checks names that travel space-separated in headers and contexts.
func validateList(what string, list []string, most, longest int) error {
	if len(list) > most {
		return invalid("%d %ss: want at most %d", len(list), what, most)
	}
	for _, v := range list {
		if v == "" || len(v) > longest || !isName(v) {
			return invalid("%s %.64q: want 1 to %d characters of visible ASCII without space, comma and quotes", what, v, longest)
		}
	}
	return nil
}

// isName accepts visible ASCII but for comma, quotes and backslash.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == ',' || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}

func validateAttributes(attributes map[string]string) error {
	size := 0
	for k, v := range attributes {
		size += len(k) + len(v)
		if !ValidText(k, MaxAttributes) || v != "" && !ValidText(v, MaxAttributes) {
			return invalid("attribute %.64q: want text without control characters", k)
		}
	}
	if len(attributes) > MaxAttributeCount {
		return invalid("%d attributes: want at most %d", len(attributes), MaxAttributeCount)
	}
	if size > MaxAttributes {
		return invalid("attributes have %d bytes: want at most %d", size, MaxAttributes)
	}
	return nil
}

// ValidText reports whether a text is 1 to most bytes of UTF-8 without control
// characters: what may stand in a record, a log and a header.
func ValidText(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return false
		}
	}
	return true
}

// cleanText makes hostile text fit: what has no shape of its own on a screen (control
// and formatting characters, bytes that are no UTF-8) becomes a space, and what is
// over most bytes is cut at a character.
func cleanText(s string, most int) string {
	out := make([]byte, 0, min(len(s), most))
	for _, c := range s {
		if !unicode.IsGraphic(c) || c == utf8.RuneError {
			c = ' '
		}
		if len(out)+utf8.RuneLen(c) > most {
			break
		}
		out = utf8.AppendRune(out, c)
	}
	return string(out)
}
