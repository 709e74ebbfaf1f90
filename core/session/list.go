package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Get returns one record, live or not. It returns [ErrNotFound] where there is none.
func (m *Manager) Get(ctx context.Context, id ID) (Record, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	r, err := m.fetch(ctx, id, m.clock())
	if err != nil {
		return Record{}, fmt.Errorf("get session %v: %w", id, err)
	}
	return r, nil
}

// Identify returns the record that a presented token belongs to, live or not: what a
// logout needs. Its error is a [*Refusal] as of [Manager.Lookup].
func (m *Manager) Identify(ctx context.Context, p Presented) (Record, error) {
	token, err := m.verify(p.Token)
	if err != nil {
		return Record{}, err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	r, err := m.fetch(ctx, token.ID(), m.clock())
	if err == nil && (r.Bearer != p.Bearer || !r.Secrets.Current.matches(token.secretHash())) {
		err = &Refusal{Outcome: Unknown}
	}
	if err != nil {
		return Record{}, refusalOf(err, token.ID())
	}
	return r, nil
}

// Bounds of a list's page.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// UserPage asks for a page of a user's sessions.
type UserPage struct {
	Limit  int    // 1 to MaxPage; 0: DefaultPage
	Cursor string // the Next of the page before; "" for the first
}

// UserSessions is a page of a user's sessions, newest first, ended ones included.
// Damaged names stored items that are no records: never let in, shown so that
// somebody mends them. Next is "" after the last page.
type UserSessions struct {
	Records []Record
	Damaged []ID
	Next    string
}

// List returns a subject's sessions, live and ended, newest first, strongly
// consistent. A cursor of another list is [ErrCursor].
func (m *Manager) List(ctx context.Context, subject string, page UserPage) (UserSessions, error) {
	if !ValidSubject(subject) {
		return UserSessions{}, invalidSubject()
	}
	if page.Limit == 0 {
		page.Limit = DefaultPage
	}
	if page.Limit < 1 || page.Limit > MaxPage {
		return UserSessions{}, invalid("limit is %d: want 1 to %d", page.Limit, MaxPage)
	}
	r := Range{Partition: PartitionOf(subject), Limit: page.Limit}
	if page.Cursor != "" {
		before, err := m.openCursor(page.Cursor, r.Partition)
		if err != nil {
			return UserSessions{}, err
		}
		r.Before = before
	}
	listing, err := m.list(ctx, r)
	if err != nil {
		return UserSessions{}, err
	}
	out := UserSessions{Records: listing.Records, Damaged: listing.Damaged}
	if listing.More {
		out.Next = m.sealCursor(listing.last())
	}
	return out, nil
}

// last returns the lowest ID of a listing, damaged items included.
func (l *Listing) last() ID {
	var ids []ID
	for i := range l.Records {
		ids = append(ids, l.Records[i].ID)
	}
	var last ID
	for i, id := range append(ids, l.Damaged...) {
		if i == 0 || string(id[:]) < string(last[:]) {
			last = id
		}
	}
	return last
}

// walkPage is how many records a walk asks for at once: few enough that a page is
// read well within the bound of a call, however long a user's history is.
const walkPage = 1000

// walk visits the pages of a range, newest first, until visit returns an error.
func (m *Manager) walk(ctx context.Context, r Range, visit func(*Listing) error) error {
	r.Limit = walkPage
	for {
		page, err := m.list(ctx, r)
		if err != nil {
			return err
		}
		if err := visit(&page); err != nil || !page.More {
			return err
		}
		r.Before = page.last()
	}
}

// list is one bounded List whose records were checked.
func (m *Manager) list(ctx context.Context, r Range) (Listing, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	got, err := m.store.List(ctx, r)
	if err != nil {
		return Listing{}, unavailable("list", err)
	}
	kept := got.Records[:0]
	for _, rec := range got.Records {
		if rec.ID.Partition() != r.Partition || rec.Validate() != nil {
			got.Damaged = append(got.Damaged, rec.ID)
			continue
		}
		kept = append(kept, rec)
	}
	got.Records = kept
	return got, nil
}

// A cursor is the last ID of its page, tagged under a domain of its own: it cannot
// be made up, and it fits the list of one user only.
const cursorDomain = "coatcheck cursor user\x00"

func (m *Manager) sealCursor(last ID) string {
	tag := m.keys.tag(0, cursorInput(last))
	return base64.RawURLEncoding.EncodeToString(append(last[:], tag[:]...))
}

func (m *Manager) openCursor(text string, p Partition) (ID, error) {
	raw, err := strict.DecodeString(text)
	if err != nil || len(raw) != len(ID{})+tagSize {
		return ID{}, ErrCursor
	}
	id := ID(raw[:len(ID{})])
	if !m.keys.verify(cursorInput(id), raw[len(ID{}):]) || id.Partition() != p {
		return ID{}, ErrCursor
	}
	return id, nil
}

func cursorInput(id ID) []byte {
	sum := sha256.Sum256(append([]byte(cursorDomain), id[:]...))
	return sum[:]
}
