// Package events is what applications are told of: that a session ended, and that a
// user changed. An event says who, when, why and by whom, and never anything that is
// secret or that describes a device: no token, no hash, no password, no address, no
// user agent, no user name. docs/events.md is its contract with applications.
//
// An event is made of what is stored and of nothing else, so that it is the same
// however often and by whichever way it is delivered.
package events

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Type says what happened. The values are stable.
type Type string

// The types.
const (
	SessionEnded Type = "session.ended"
	UserChanged  Type = "user.changed"
)

// MaxSize is what an event's JSON is shorter than, in bytes.
const MaxSize = 4096

// Event is one thing that happened to one user.
type Event struct {
	// ID is the same whenever the same event is delivered, and no other's: letters,
	// digits, dashes and underscores, at most 64.
	ID string `json:"id"`
	// Type says what Data is: [SessionEnd] or [UserChange].
	Type Type `json:"type"`
	// Timestamp is when it happened, UTC, whole milliseconds.
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`

	// User is whose it is: events of one user are delivered in order.
	User session.Partition `json:"-"`
}

// SessionEnd is the data of [SessionEnded].
type SessionEnd struct {
	// Subject is the user; left out where what is stored of the session is no record.
	Subject   string            `json:"subject,omitempty"`
	SessionID session.ID        `json:"sessionId"`
	Reason    session.EndReason `json:"reason"`
	By        session.By        `json:"by"`
	// ReplacedBy is the session that took this one's place; left out if none did.
	ReplacedBy *session.ID `json:"replacedBy,omitempty"`
}

// UserChange is the data of [UserChanged]: what was changed, and what holds now.
type UserChange struct {
	Subject string `json:"subject"`
	// Version counts the account's changes, 1 for a new one: the higher is the newer.
	Version  int      `json:"version"`
	Roles    []string `json:"roles"`
	Disabled bool     `json:"disabled"`
	// What was changed, in words, and By whom, in the manner of session.By.
	What string `json:"what"`
	By   string `json:"by"`
}

// OfSession returns the event of a session that was ended. What a store holds is
// believed as far as it keeps within a record's bounds: a subject that does not, or
// is another's, is left out, and what is no text is empty.
func OfSession(r *session.Record) Event {
	end := SessionEnd{SessionID: r.ID, Reason: r.End.Reason, By: r.End.By}
	if session.PartitionOf(r.Subject) == r.ID.Partition() && session.ValidSubject(r.Subject) {
		end.Subject = r.Subject
	}
	if by := r.End.ReplacedBy; !by.IsZero() {
		end.ReplacedBy = &by
	}
	if !session.ValidText(string(end.Reason), maxText) || !session.ValidText(string(end.By), maxText) {
		end.Reason, end.By = "", ""
	}
	return Event{ID: "session_" + r.ID.String(), Type: SessionEnded, Timestamp: r.End.At, User: r.ID.Partition(), Data: end}
}

const maxText = 200 // bytes of who and what: no record has more

// OfAccount returns the event of an account as it was created or changed: what its
// newest change says. Each version of an account is one event.
func OfAccount(a *signin.Account) Event {
	last := signin.Change{At: a.CreatedAt}
	if n := len(a.Changes); n > 0 {
		last = a.Changes[n-1]
	}
	user := session.PartitionOf(a.Subject)
	return Event{
		ID:   "user_" + base64.RawURLEncoding.EncodeToString(user[:]) + "_" + strconv.Itoa(a.Version),
		Type: UserChanged, Timestamp: last.At, User: user,
		Data: UserChange{
			Subject: a.Subject, Version: a.Version, Roles: append([]string{}, a.Roles...), Disabled: a.Disabled,
			What: last.What, By: last.By,
		},
	}
}

// JSON returns the event as applications get it.
func (e *Event) JSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it would make up to six bytes of one
	if err := encoder.Encode(e); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
