package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"

	"coatcheck/core/events"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Outbox is the events that wait in the file to be delivered. While it is kept, the
// very transaction that ends a session or changes an account appends its event, so
// that none is lost whatever becomes of the process. Whether it is kept stands in the
// file: an operator's command that opens the file by itself appends, too.
type Outbox struct{ db *DB }

var (
	bucketOutbox = []byte("outbox") // number -> event
	keyOutbox    = []byte("outbox") // in meta, while it is kept
)

// Outbox returns the file's.
func (db *DB) Outbox() *Outbox { return &Outbox{db} }

// Keep says whether events are kept from now on. Turned off, those that wait are
// dropped; it returns how many.
func (o *Outbox) Keep(ctx context.Context, on bool) (dropped int, err error) {
	var waited int
	err = o.db.writer.do(ctx, func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if on {
			return meta.Put(keyOutbox, []byte("on"))
		}
		if meta.Get(keyOutbox) == nil {
			return nil
		}
		waited = tx.Bucket(bucketOutbox).Stats().KeyN
		return errors.Join(meta.Delete(keyOutbox), emptied(tx))
	})
	if err != nil {
		return 0, err
	}
	return waited, nil
}

// emptied makes the bucket anew; its numbers go on.
func emptied(tx *bbolt.Tx) error {
	last := tx.Bucket(bucketOutbox).Sequence()
	if err := tx.DeleteBucket(bucketOutbox); err != nil {
		return err
	}
	b, err := tx.CreateBucket(bucketOutbox)
	if err != nil {
		return err
	}
	return b.SetSequence(last)
}

// Waiting returns up to limit entries above a number, ascending.
func (o *Outbox) Waiting(ctx context.Context, after uint64, limit int) ([]events.Entry, error) {
	var found []events.Entry
	err := o.db.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketOutbox).Cursor()
		for k, v := c.Seek(outboxKey(after + 1)); k != nil && len(found) < limit && ctx.Err() == nil; k, v = c.Next() {
			if len(k) != len(outboxKey(0)) {
				continue // none of ours
			}
			e, _ := events.Decode(binary.BigEndian.Uint64(k), bytes.Clone(v)) // without a body it says so itself
			found = append(found, e)
		}
		return ctx.Err()
	})
	return found, err
}

// Remove forgets entries; what is missing is no error.
func (o *Outbox) Remove(ctx context.Context, numbers ...uint64) error {
	return o.db.writer.do(ctx, func(tx *bbolt.Tx) (err error) {
		for _, n := range numbers {
			err = errors.Join(err, tx.Bucket(bucketOutbox).Delete(outboxKey(n)))
		}
		return err
	})
}

// Appended is sent to after entries were appended, by this process; several may share
// one.
func (o *Outbox) Appended() <-chan struct{} { return o.db.appended }

func outboxKey(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

// tellEnd appends the end of a session, if it ended and the outbox is kept.
func (db *DB) tellEnd(tx *bbolt.Tx, r *session.Record) error {
	if !r.Ended() {
		return nil
	}
	return db.tell(tx, func() events.Event { return events.OfSession(r) })
}

// tellChange appends the change of an account, if the outbox is kept.
func (db *DB) tellChange(tx *bbolt.Tx, a *signin.Account) error {
	return db.tell(tx, func() events.Event { return events.OfAccount(a) })
}

func (db *DB) tell(tx *bbolt.Tx, event func() events.Event) error {
	if tx.Bucket(bucketMeta).Get(keyOutbox) == nil {
		return nil
	}
	value, err := events.Encode(event())
	if err != nil {
		return err
	}
	b := tx.Bucket(bucketOutbox)
	number, err := b.NextSequence()
	if err != nil {
		return err
	}
	tx.OnCommit(func() {
		select {
		case db.appended <- struct{}{}:
		default: // one is on its way
		}
	})
	return b.Put(outboxKey(number), value)
}
