package session

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// Store keeps records. It is the port that adapters implement; package storetest
// holds the conformance suite that each of them passes.
//
// A Store knows no clock, no HTTP and no policy: it compares the times it is given
// and takes none itself. For every method:
//
//   - What returned nil is durable, and every later call by any process sees it,
//     save for Page and Count, which may lag where the adapter says so.
//   - A record is what was written, to the millisecond, and shares no memory with
//     the caller's. It stays readable whatever its times say, until the store's own
//     housekeeping forgets it after PurgeAt.
//   - Missing is never confused with failed. An error that is none of the sentinels
//     below means that the store did not answer; whether a write took place is then
//     open, and repeating it is safe.
//   - A call whose context is done returns promptly, with an error; if it was done
//     before the call, nothing is written.
//   - A stored item that is no record is damaged: reads name it and go on. An update
//     of it returns [ErrDamaged] and makes it no record. One that is an end and nothing
//     else ([Change.EndsOnly]) takes hold: none of what is stored is lost, and with
//     ErrDamaged comes a record that has the ID and the end that holds, the first one.
//     So an end is never refused because the record is odd, and what it took hold of can
//     be deleted.
type Store interface {
	// Create keeps a new record and returns it as kept. If there is one with that ID, whatever its state,
	// it changes nothing and returns that one with [ErrExists]. Nothing but Create
	// makes a record.
	Create(ctx context.Context, r Record) (Record, error)

	// Read returns what q asks for, strongly consistent. What is missing is left
	// out, or zero.
	Read(ctx context.Context, q Query) (Reading, error)

	// Update changes the record that has that ID, if it is not ended and c.If
	// holds, in one atomic step, and returns it as it then is. Otherwise it changes
	// nothing and returns the record as it stands with [ErrConflict], or
	// [ErrNotFound] where there is none: an update never makes a record. A write of
	// another part that comes in between is no conflict.
	Update(ctx context.Context, id ID, c Change) (Record, error)

	// Delete forgets a record that is ended, or what is stored in its place and is
	// damaged, if its end can be read. What is not ended stays, with [ErrConflict]. Where
	// there is none it is success, so that it may be repeated.
	Delete(ctx context.Context, id ID) error

	// List returns one user's records, newest first by ID, and the user's fence,
	// strongly consistent: it holds every record whose Create returned before the
	// call began. The fence is read no earlier than any write that returned before
	// the call began.
	List(ctx context.Context, r Range) (Listing, error)

	// SetFence replaces the user's fence. One call writes at most once: where its answer
	// is lost, the adapter does not send it again, since an end and a sign-in may come in
	// between, and the older value must not come back. The caller repeats it with another.
	SetFence(ctx context.Context, p Partition, f Fence) error

	// RaiseEndedBefore sets the time before which all sessions are over, unless it
	// is already as late or later: it only grows.
	RaiseEndedBefore(ctx context.Context, t time.Time) error

	// Page returns records of all users by status and time, ascending by time. A
	// record that matches during a whole walk is on one of its pages; one whose time
	// moves later meanwhile may be on two, one whose time moves earlier on none. A
	// page may be shorter than its limit, even empty, and have a Next.
	Page(ctx context.Context, q PageQuery) (Page, error)

	// Count returns how many records Page would give in all.
	Count(ctx context.Context, s StatusRange) (int, error)
}

// What a Store returns besides success. Compare with errors.Is.
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("session not found")
	// ErrExists says that the ID is taken.
	ErrExists = errors.New("session ID taken")
	// ErrConflict says that the record is there but the update's condition does not
	// hold.
	ErrConflict = errors.New("session changed meanwhile")
	// ErrDamaged says that what is stored is not a record. The Manager treats it as
	// unavailable: it is neither let in nor declared signed out.
	ErrDamaged = errors.New("stored item is not a session record")
	// ErrCursor says that a cursor is not one that Page returned for that status.
	ErrCursor = errors.New("not a cursor of this list")
)

// Query is what one Read asks for.
type Query struct {
	Sessions []ID      // at most 100; one that is named twice is answered at least once
	Subject  Partition // whose fence; zero: nobody's
	Control  bool      // the time before which everybody's sessions are over
}

// Reading is what a Read found.
type Reading struct {
	Records     []Record // those found, in any order
	Damaged     []ID     // those that are no records
	Fence       Fence
	EndedBefore time.Time
}

// Fence is a random value that is replaced by whatever ends or narrows more than
// one session of a user. A sign-in that finds it changed has lost the race. Missing
// reads as zero.
type Fence [16]byte

// Range selects a user's records.
type Range struct {
	Partition Partition
	// Since leaves out records created before its second; zero: none.
	Since time.Time
	// Before leaves out records that do not sort below it; zero: none.
	Before ID
	// Limit is how many records at most; 0: all.
	Limit int
}

// Holds reports whether the range selects the ID, Limit aside.
func (r Range) Holds(id ID) bool {
	return id.Partition() == r.Partition &&
		(r.Since.IsZero() || id.CreatedSecond().Unix() >= r.Since.Unix()) &&
		(r.Before.IsZero() || bytes.Compare(id[:], r.Before[:]) < 0)
}

// Listing is a user's records, newest first.
type Listing struct {
	Records []Record
	Damaged []ID
	Fence   Fence
	// More reports that Limit left records out.
	More bool
}

// Change is one conditional update. Parts that are nil leave the record's as they are.
type Change struct {
	If      Condition
	Touch   *Touch
	Secrets *Secrets
	End     *End
}

// EndsOnly reports whether the change is an end, without a condition and anything else.
func (c Change) EndsOnly() bool {
	return c.End != nil && c.Touch == nil && c.Secrets == nil && c.If == Condition{}
}

// Condition is what must hold beside "exists" and "not ended". Zero fields do not
// count.
type Condition struct {
	// ExpiresAfter: the record's ExpiresAt is later than this.
	ExpiresAfter time.Time
	// LastSeenAt: the record's equals this.
	LastSeenAt time.Time
	// Secrets: the record's Current and Next equal these.
	Secrets *Secrets
}

// Touch is the use of a session, written down.
type Touch struct {
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// Status divides all records in two.
type Status string

// The statuses. A record that expired without being ended is still live here; its
// time tells.
const (
	StatusLive  Status = "live"  // not ended; ordered by ExpiresAt
	StatusEnded Status = "ended" // ordered by End.At
)

// StatusRange selects records of all users.
type StatusRange struct {
	Status Status
	From   time.Time // inclusive; zero: no bound
	Until  time.Time // exclusive; zero: no bound
}

// Time returns the time by which the status orders a record; zero if the record's
// status is the other one.
func (s Status) Time(r *Record) time.Time {
	switch {
	case s == StatusLive && !r.Ended():
		return r.ExpiresAt
	case s == StatusEnded && r.Ended():
		return r.End.At
	}
	return time.Time{}
}

// Holds reports whether the range selects the record.
func (s StatusRange) Holds(r *Record) bool {
	t := s.Status.Time(r)
	return !t.IsZero() && !t.Before(s.From) && (s.Until.IsZero() || t.Before(s.Until))
}

// PageQuery asks for one page.
type PageQuery struct {
	StatusRange
	Limit  int    // 1 to 1000
	Cursor string // a Page's Next; "" for the first
}

// Page is one page of records. Next is the cursor of the following page, "" after
// the last.
type Page struct {
	Records []Record
	Damaged []ID
	Next    string
}

// Apply returns the record as the change leaves it, or [ErrConflict] with the record
// as it stands. Adapters that read and write in one transaction use it; those that
// send the condition to a database express the same there.
func (c Change) Apply(r Record) (Record, error) {
	if r.Ended() || !c.If.holds(&r) {
		return r, ErrConflict
	}
	if c.Touch != nil {
		r.LastSeenAt, r.ExpiresAt = c.Touch.LastSeenAt, c.Touch.ExpiresAt
	}
	if c.Secrets != nil {
		r.Secrets = *c.Secrets
	}
	if c.End != nil {
		r.End = *c.End
	}
	return r, nil
}

func (c Condition) holds(r *Record) bool {
	return (c.ExpiresAfter.IsZero() || r.ExpiresAt.After(c.ExpiresAfter)) &&
		(c.LastSeenAt.IsZero() || r.LastSeenAt.Equal(c.LastSeenAt)) &&
		(c.Secrets == nil || r.Secrets.Current == c.Secrets.Current && r.Secrets.Next == c.Secrets.Next)
}
