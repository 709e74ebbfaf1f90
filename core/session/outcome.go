package session

import "errors"

// Outcome is how a lookup ended: exactly one of these.
type Outcome string

// The outcomes of a lookup.
const (
	Allowed     Outcome = "allowed"
	Absent      Outcome = "absent"      // no token presented
	Malformed   Outcome = "malformed"   // not a token, or several
	Forged      Outcome = "forged"      // not tagged by this deployment
	Unknown     Outcome = "unknown"     // no such session, or not its secret
	Expired     Outcome = "expired"     // idle or absolute limit reached
	Ended       Outcome = "ended"       // ended by somebody or by a rule
	Reused      Outcome = "reused"      // a rotated-out token was replayed
	Forbidden   Outcome = "forbidden"   // signed in, but role or freshness lacks
	Unavailable Outcome = "unavailable" // the store did not answer
)

// The three kinds of refusal, and what else the Manager's methods return. Compare
// with errors.Is.
var (
	// ErrNoSession says that no live session was presented: sign in.
	ErrNoSession = errors.New("no session")
	// ErrForbidden says that the session lacks a role or a fresh authentication.
	ErrForbidden = errors.New("forbidden")
	// ErrUnavailable says that the store did not give an answer in time, or gave
	// one that cannot be. Nobody is let in and nobody is signed out on it. What a
	// write did is not known, and repeating it is safe.
	ErrUnavailable = errors.New("store unavailable")
	// ErrOvertaken says that a sign-in lost a race: the user's sessions were ended,
	// or newer sessions filled the limit, while it was under way. No session was
	// left. Trying again is safe and will usually succeed.
	ErrOvertaken = errors.New("sign-in overtaken by a change of the user's sessions")
)

// Refusal is the error of a lookup that was not allowed. It unwraps to
// [ErrNoSession], [ErrForbidden] or [ErrUnavailable], and to the cause where there
// is one.
type Refusal struct {
	Outcome Outcome
	// Reason is why the session is over. It is set only for outcomes Expired, Ended
	// and Reused, which only the holder of the genuine token ever gets.
	Reason EndReason
	// Session is whose token was presented; zero before a token was verified. It
	// may stand in a log.
	Session ID
	// Demand is what was asked for; set only for Forbidden.
	Demand Demand
	cause  error
}

// Error says what happened, without anything secret. It is for logs: to the outside
// all refusals of a session look the same but for Reason.
func (r *Refusal) Error() string {
	text := "lookup: " + string(r.Outcome)
	if r.Reason != "" {
		text += " (" + string(r.Reason) + ")"
	}
	if r.cause != nil {
		text += ": " + r.cause.Error()
	}
	return text
}

// Unwrap returns the kind of refusal and its cause.
func (r *Refusal) Unwrap() []error {
	kind := ErrNoSession
	switch r.Outcome {
	case Forbidden:
		kind = ErrForbidden
	case Unavailable:
		kind = ErrUnavailable
	default:
	}
	if r.cause == nil {
		return []error{kind}
	}
	return []error{kind, r.cause}
}

// OutcomeOf returns the outcome that a lookup's error stands for; nil is Allowed,
// and an error that no lookup made is Unavailable.
func OutcomeOf(err error) Outcome {
	var refusal *Refusal
	switch {
	case err == nil:
		return Allowed
	case errors.As(err, &refusal):
		return refusal.Outcome
	}
	return Unavailable
}
