package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter selects sessions of all users: those that fit every field that is not zero.
type Filter struct {
	Role      string        // one of the session's
	Method    string        // one of the authentication methods
	UserAgent string        // a part of it, letters' case aside
	Address   string        // the client's at sign-in
	OlderThan time.Duration // made longer ago
	Reason    EndReason     // ended for it
	By        By            // ended by exactly that one
}

// IsZero reports whether the filter selects every session.
func (f Filter) IsZero() bool { return f == Filter{} }

// name tells filters apart: each field under its name and each text in quotes, so that
// no text can pass for two fields.
func (f Filter) name() string { return fmt.Sprintf("%#v", f) }

// Validate reports, wrapped in [ErrInvalid], a filter that no session can fit.
func (f Filter) Validate() error {
	switch {
	case f.Role != "" && ValidateRoles([]string{f.Role}) != nil:
		return ValidateRoles([]string{f.Role})
	case f.Method != "" && validateList("authentication method", []string{f.Method}, 1, maxMethod) != nil:
		return validateList("authentication method", []string{f.Method}, 1, maxMethod)
	case !validOrEmpty(f.UserAgent, maxKeptAgent):
		return invalid("user agent: want a part of at most %d bytes of text", maxKeptAgent)
	case !validOrEmpty(f.Address, maxAddress):
		return invalid("address: want at most %d bytes of text", maxAddress)
	case f.OlderThan < 0 || f.OlderThan > maxAbsolute:
		return invalid("older than %v: want up to %v", f.OlderThan, maxAbsolute)
	case !validOrEmpty(string(f.By), maxBy):
		return invalid("who ended: want at most %d bytes of text", maxBy)
	case f.Reason != "" && !f.Reason.known():
		return invalid("end reason %s: want one of %s", Shown(string(f.Reason)), reasonNames())
	}
	return nil
}

// fits reports whether a session is selected.
func (f Filter) fits(r *Record, now time.Time) bool {
	return (f.Role == "" || slices.Contains(r.Roles, f.Role)) &&
		(f.Method == "" || slices.Contains(r.Methods, f.Method)) &&
		(f.UserAgent == "" || strings.Contains(strings.ToLower(r.Client.UserAgent), strings.ToLower(f.UserAgent))) &&
		(f.Address == "" || r.Client.Address == f.Address) &&
		(f.OlderThan == 0 || now.Sub(r.CreatedAt) > f.OlderThan) &&
		(f.Reason == "" || r.End.Reason == f.Reason) &&
		(f.By == "" || r.End.By == f.By)
}

// AllQuery asks for a page of all users' sessions.
type AllQuery struct {
	// State is which: active and expired ones come by the time at which they expire
	// by their own record, ended ones by that at which they were ended; ascending.
	State State
	// Since and Until bound that time, the latter exclusive; zero: no bound.
	Since, Until time.Time
	Filter       Filter
	Limit        int    // most sessions looked at, 1 to MaxPage; 0: DefaultPage
	Cursor       string // the Next of the page before, of the same query; "" for the first
}

// ListAll returns a page of all users' sessions. A page may be short, even empty, and
// have a Next: the filter is applied to what was looked at. It may lag behind what
// happened by what the store says of its index. The range of the first page is that
// of all. A cursor of another query is [ErrCursor].
func (m *Manager) ListAll(ctx context.Context, q AllQuery) (ListPage, error) {
	if q.Limit == 0 {
		q.Limit = DefaultPage
	}
	if err := q.validate(); err != nil {
		return ListPage{}, err
	}
	now := m.clock()
	page, err := m.page(ctx, stretch{
		name: fmt.Sprintf("all %s %d %d %s", q.State, millis(q.Since), millis(q.Until), q.Filter.name()),
		span: q.State.span(q.Since, q.Until, now), limit: q.Limit, cursor: q.Cursor,
	})
	if err != nil {
		return ListPage{}, err
	}
	out := ListPage{Damaged: page.Damaged, Next: page.Next}
	sessions, err := m.listed(ctx, page.Records)
	for _, s := range sessions {
		if s.State == q.State && q.Filter.fits(&s.Record, now) {
			out.Sessions = append(out.Sessions, s)
		}
	}
	return out, err
}

func (q *AllQuery) validate() error {
	switch q.State {
	case StateActive, StateExpired, StateEnded:
	default:
		return invalid("status %s: want %s, %s or %s", Shown(string(q.State)), StateActive, StateExpired, StateEnded)
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return invalid("limit is %d: want 1 to %d", q.Limit, MaxPage)
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return invalid("until is not after since")
	}
	if (q.Filter.Reason != "" || q.Filter.By != "") && q.State != StateEnded {
		return invalid("a reason, and who ended it, select ended sessions only")
	}
	return q.Filter.Validate()
}

// CountAll returns how many sessions [Manager.ListAll] would give in all without a
// filter, by their own records: a policy that was made tighter since, and an end of
// everybody that was not swept yet, are not in it. It costs about 12,500 read units a
// million on DynamoDB.
func (m *Manager) CountAll(ctx context.Context, state State, since, until time.Time) (int, error) {
	q := AllQuery{State: state, Since: since, Until: until, Limit: 1}
	if err := q.validate(); err != nil {
		return 0, err
	}
	ctx, cancel := Bound(ctx, countTime)
	defer cancel()
	n, err := m.store.Count(ctx, state.span(since, until, m.clock()))
	if err != nil {
		return 0, unavailable("count", err)
	}
	return n, nil
}

// Settled returns the time before which expiries stand still: which sessions ran out
// until then changes no more. A use that is written down moves an expiry, and is sent
// before it by the clock of its process, which may be behind by [Skew], and arrives
// within the time of a call. What ends a session later takes it out of those that
// expired all the same, so the first count of such a time is the highest.
func (m *Manager) Settled() time.Time { return m.settled(m.clock()) }

func (m *Manager) settled(now time.Time) time.Time { return now.Add(-Skew - m.timeout) }

// countTime bounds a count: a million sessions are about a hundred requests.
const countTime = 10 * time.Second

// span is where the sessions of a state stand in the store's index.
func (s State) span(since, until, now time.Time) StatusRange {
	next := now.Add(time.Millisecond) // the first at which a session is not expired
	switch s {
	case StateActive:
		if since.Before(next) {
			since = next
		}
		return StatusRange{Status: StatusLive, From: since, Until: until}
	case StateExpired:
		if until.IsZero() || until.After(next) {
			until = next
		}
		return StatusRange{Status: StatusLive, From: since, Until: until}
	case StateEnded:
	}
	return StatusRange{Status: StatusEnded, From: since, Until: until}
}

// stretch is one page of a walk through the store's index. Its cursors are bound to
// its name, and carry the range, which a moving clock would move.
type stretch struct {
	name   string
	span   StatusRange
	limit  int
	cursor string
}

// page is one bounded Page whose records were checked and whose Next is sealed.
func (m *Manager) page(ctx context.Context, s stretch) (Page, error) {
	q := PageQuery{StatusRange: s.span, Limit: s.limit}
	if s.cursor != "" {
		place, err := m.OpenCursor(s.name, s.cursor)
		if err != nil || !q.resume(place) {
			return Page{}, ErrCursor
		}
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	got, err := m.store.Page(ctx, q)
	if err != nil {
		return Page{}, unavailable("page", err)
	}
	page := Page{Damaged: got.Damaged}
	for _, r := range got.Records {
		if r.Validate() != nil {
			page.Damaged = append(page.Damaged, r.ID)
			continue
		}
		page.Records = append(page.Records, r)
	}
	if got.Next != "" {
		page.Next = m.SealCursor(s.name, q.place(got.Next))
	}
	return page, nil
}

const boundSize = 8

// place is where a walk goes on: its range, and the store's own cursor.
func (q *PageQuery) place(next string) []byte {
	place := binary.BigEndian.AppendUint64(nil, uint64(millis(q.From)))   //nolint:gosec // G115: back again in resume
	place = binary.BigEndian.AppendUint64(place, uint64(millis(q.Until))) //nolint:gosec // G115: back again in resume
	return append(place, next...)
}

// resume goes on at a place.
func (q *PageQuery) resume(place []byte) bool {
	if len(place) <= 2*boundSize {
		return false
	}
	q.From, q.Until = fromBytes(place), fromBytes(place[boundSize:])
	q.Cursor = string(place[2*boundSize:])
	return true
}

func fromBytes(b []byte) time.Time {
	n := int64(binary.BigEndian.Uint64(b)) //nolint:gosec // G115: see place
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
