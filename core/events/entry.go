package events

import (
	"encoding/json"
	"errors"
	"time"

	"coatcheck/core/session"
)

// Entry is an event that a store keeps until it was delivered: its JSON, and what is
// needed to deliver it.
type Entry struct {
	// Number orders the entries of one store: what happened later has the higher.
	Number    uint64
	User      session.Partition
	ID        string
	Timestamp time.Time
	Body      []byte // the event's JSON; nil where what is stored is no entry
}

// errNoEntry says that what is stored is none.
var errNoEntry = errors.New("not an event that waits")

// stored is an entry without its number.
type stored struct {
	User  []byte          `json:"user"`
	Event json.RawMessage `json:"event"`
}

// Encode writes an event down for a store.
func Encode(e Event) ([]byte, error) {
	body, err := e.JSON()
	if err != nil {
		return nil, err
	}
	return json.Marshal(stored{e.User[:], body})
}

// Decode reads what [Encode] wrote under a number. Its error comes with the entry
// without a body.
func Decode(number uint64, value []byte) (Entry, error) {
	var s stored
	var head struct {
		ID        string    `json:"id"`
		Timestamp time.Time `json:"timestamp"`
	}
	if json.Unmarshal(value, &s) != nil || len(s.User) != len(session.Partition{}) || json.Unmarshal(s.Event, &head) != nil || head.ID == "" {
		return Entry{Number: number}, errNoEntry
	}
	return Entry{Number: number, User: session.Partition(s.User), ID: head.ID, Timestamp: head.Timestamp, Body: s.Event}, nil
}
