package bolt

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
)

// Sessions is the file's [session.Store].
type Sessions struct{ db *DB }

var _ session.Store = (*Sessions)(nil)

// Sessions returns the session store.
func (db *DB) Sessions() *Sessions { return &Sessions{db} }

// Create implements [session.Store].
func (s *Sessions) Create(ctx context.Context, r session.Record) (session.Record, error) {
	var is session.Record
	err := s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		is, answer = get(tx, r.ID)
		switch {
		case answer == nil:
			return session.ErrExists, nil
		case !errors.Is(answer, session.ErrNotFound):
			return answer, nil
		}
		is = r
		return nil, errors.Join(
			put(tx, nil, &r),
			tx.Bucket(bucketPurge).Put(indexKey(r.PurgeAt, r.ID), nil),
		)
	})
	return answered(&is, err)
}

// answered leaves alone a record that comes with no answer: the writer may still be
// at it.
func answered(r *session.Record, err error) (session.Record, error) {
	if err == nil || errors.Is(err, session.ErrExists) || errors.Is(err, session.ErrConflict) || errors.Is(err, session.ErrDamaged) {
		return *r, err
	}
	return session.Record{}, err
}

// Read implements [session.Store].
func (s *Sessions) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	var got session.Reading
	err := s.db.view(ctx, func(tx *bbolt.Tx) (err error) {
		for _, id := range q.Sessions {
			switch r, err := get(tx, id); {
			case errors.Is(err, session.ErrDamaged):
				got.Damaged = append(got.Damaged, id)
			case err == nil:
				got.Records = append(got.Records, r)
			}
		}
		if !q.Subject.IsZero() {
			if got.Fence, err = fence(tx, q.Subject); err != nil {
				return err
			}
		}
		if q.Control {
			got.EndedBefore, err = endedBefore(tx)
		}
		return err
	})
	return got, err
}

// Update implements [session.Store].
func (s *Sessions) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	var is session.Record
	err := s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		was, answer := get(tx, id)
		if errors.Is(answer, session.ErrDamaged) && c.EndsOnly() {
			is, fault = s.db.endDamaged(tx, id, *c.End)
			return answer, fault
		}
		if answer != nil {
			return answer, nil
		}
		if is, answer = c.Apply(was); answer != nil {
			return answer, nil
		}
		return nil, errors.Join(put(tx, &was, &is), s.db.tellEnd(tx, &is))
	})
	return answered(&is, err)
}

// Delete implements [session.Store].
func (s *Sessions) Delete(ctx context.Context, id session.ID) error {
	return s.db.writer.decide(ctx, func(tx *bbolt.Tx) (answer, fault error) {
		r, err := get(tx, id)
		damaged := errors.Is(err, session.ErrDamaged)
		if damaged {
			r, _ = endedDamaged(id, tx.Bucket(bucketSessions).Get(id[:]))
		}
		switch {
		case errors.Is(err, session.ErrNotFound):
			return nil, nil
		case !r.Ended():
			return session.ErrConflict, nil
		case damaged:
			return nil, errors.Join(dropEntries(tx, id, bucketLive, bucketEnded, bucketPurge), tx.Bucket(bucketSessions).Delete(id[:]))
		}
		return nil, forget(tx, indexKey(r.PurgeAt, id))
	})
}

// List implements [session.Store].
func (s *Sessions) List(ctx context.Context, q session.Range) (session.Listing, error) {
	var out session.Listing
	err := s.db.view(ctx, func(tx *bbolt.Tx) (err error) {
		if out.Fence, err = fence(tx, q.Partition); err != nil {
			return err
		}
		c := tx.Bucket(bucketSessions).Cursor()
		for k, v := seekBelow(c, upperBound(q)); k != nil && ctx.Err() == nil; k, v = c.Prev() {
			if !bytes.HasPrefix(k, q.Partition[:]) {
				return nil
			}
			if len(k) != len(session.ID{}) {
				return fmt.Errorf("a key of %d bytes among the user's sessions: %w", len(k), session.ErrDamaged)
			}
			if !q.Holds(session.ID(k)) {
				return nil
			}
			if q.Limit > 0 && len(out.Records)+len(out.Damaged) == q.Limit {
				out.More = true
				return nil
			}
			if r, err := decodeRecord(k, v); err != nil {
				out.Damaged = append(out.Damaged, session.ID(k))
			} else {
				out.Records = append(out.Records, r)
			}
		}
		return ctx.Err()
	})
	return out, err
}

// upperBound is the key that the range's keys lie below.
func upperBound(q session.Range) []byte {
	if !q.Before.IsZero() {
		return q.Before[:]
	}
	bound := bytes.Repeat([]byte{0xff}, len(session.ID{})+1)
	copy(bound, q.Partition[:])
	return bound
}

// seekBelow moves to the last key below a bound.
func seekBelow(c *bbolt.Cursor, bound []byte) (key, value []byte) {
	if k, _ := c.Seek(bound); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// SetFence implements [session.Store].
func (s *Sessions) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	return s.db.writer.do(ctx, func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketFences).Put(p[:], f[:])
	})
}

// RaiseEndedBefore implements [session.Store].
func (s *Sessions) RaiseEndedBefore(ctx context.Context, t time.Time) error {
	return s.db.writer.do(ctx, func(tx *bbolt.Tx) error {
		if there, err := endedBefore(tx); err != nil || !t.After(there) {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keyEndedBefore, ordered(t))
	})
}

// Page implements [session.Store]. Its cursor is the last index key of the page.
func (s *Sessions) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	after, err := openCursor(q)
	if err != nil {
		return session.Page{}, err
	}
	var page session.Page
	err = s.db.view(ctx, func(tx *bbolt.Tx) error {
		var last []byte
		walk(ctx, tx, q.StatusRange, after, func(key []byte, id session.ID) bool {
			if len(page.Records)+len(page.Damaged) == q.Limit {
				page.Next = sealCursor(q.Status, last)
				return false
			}
			last = bytes.Clone(key)
			switch r, err := get(tx, id); {
			case err == nil:
				page.Records = append(page.Records, r)
			case errors.Is(err, session.ErrDamaged):
				page.Damaged = append(page.Damaged, id)
			}
			return true
		})
		return ctx.Err()
	})
	return page, err
}

// Count implements [session.Store].
func (s *Sessions) Count(ctx context.Context, q session.StatusRange) (int, error) {
	n := 0
	err := s.db.view(ctx, func(tx *bbolt.Tx) error {
		walk(ctx, tx, q, nil, func([]byte, session.ID) bool { n++; return true })
		return ctx.Err()
	})
	return n, err
}

// walk visits the index entries of a range, those after a key, until visit says no.
func walk(ctx context.Context, tx *bbolt.Tx, q session.StatusRange, after []byte, visit func([]byte, session.ID) bool) {
	bucket := tx.Bucket(statusBucket(q.Status))
	if bucket == nil {
		return
	}
	c := bucket.Cursor()
	k, _ := c.Seek(ordered(q.From))
	if after != nil {
		if k, _ = c.Seek(after); bytes.Equal(k, after) {
			k, _ = c.Next()
		}
	}
	until := ordered(q.Until)
	for ; k != nil && ctx.Err() == nil; k, _ = c.Next() {
		id, ok := indexID(k)
		switch {
		case !ok: // no entry of ours
		case !q.Until.IsZero() && bytes.Compare(k[:timeSize], until) >= 0, !visit(k, id):
			return
		}
	}
}

// sealCursor writes a page's last index key; the status keeps it to its own list.
func sealCursor(s session.Status, key []byte) string {
	return string(s) + "." + base64.RawURLEncoding.EncodeToString(key)
}

func openCursor(q session.PageQuery) ([]byte, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	prefix := string(q.Status) + "."
	if len(q.Cursor) < len(prefix) || q.Cursor[:len(prefix)] != prefix {
		return nil, session.ErrCursor
	}
	key, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor[len(prefix):])
	if _, ok := indexID(key); err != nil || !ok || sealCursor(q.Status, key) != q.Cursor {
		return nil, session.ErrCursor
	}
	return key, nil
}
