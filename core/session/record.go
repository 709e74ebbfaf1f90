package session

import (
	"errors"
	"slices"
	"strings"
	"time"
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
	MaxUserAgent = 192

	maxMethods   = 8   // authentication methods (amr)
	maxMethod    = 16  // bytes of one
	maxAddress   = 64  // bytes of a client address
	maxBy        = 160 // bytes of who ended
	maxKeptAgent = 256 // bytes of a user agent that is kept: where it was cut before ends had an address
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
	// Superseded was handed out like Next, and another took its place before it came
	// back; the last one, zero if none.
	Superseded Hash
	// ConfirmedAt is when Current became so; CreatedAt for the first.
	ConfirmedAt time.Time
	Rotations   int
}

// Client describes the device at sign-in, as far as it can be known.
type Client struct {
	Address   string // IP address
	UserAgent string // cut at MaxUserAgent bytes
}

// End says that, when, why, by whom and from where a session was ended. The zero value
// means that it was not. The first end stays.
type End struct {
	At     time.Time
	Reason EndReason
	By     By
	// From is the client's address of who ended it, or whose request made a rule end it;
	// "" where it is not known ([From]).
	From string
	// ReplacedBy is the session that took this one's place; zero if none.
	ReplacedBy ID
}

// equal reports whether both are the same end.
func (e End) equal(o End) bool {
	return e.At.Equal(o.At) && e.Reason == o.Reason && e.By == o.By && e.From == o.From && e.ReplacedBy == o.ReplacedBy
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

// reasons are all of them, in the order of this file.
var reasons = []EndReason{
	SignedOut, EndedByUser, EndedByAdmin, IdleTimeout, AbsoluteTimeout, SessionLimit, Replaced,
	RolesChanged, PasswordChanged, AccountDisabled, TokenReuse, EndedEverywhere,
}

// known reports whether there is such a reason.
func (r EndReason) known() bool { return slices.Contains(reasons, r) }

// reasonNames lists the reasons for an error.
func reasonNames() string {
	names := make([]string, len(reasons))
	for i, r := range reasons {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// writable reports whether the reason may be written as an end.
func (r EndReason) writable() bool {
	return r.known() && r != IdleTimeout && r != AbsoluteTimeout
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

// ByActor is who acts as somebody else, named by the session that he does it from.
func ByActor(id ID) By { return By("actor:" + id.String()) }

// ErrInvalid is wrapped by every error that says that an argument is out of its
// bounds. Nothing was done.
var ErrInvalid = errors.New("invalid")
