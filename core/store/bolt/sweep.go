package bolt

import (
	"bytes"
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
)

// sweepChunk is how many records one transaction of a sweep forgets, so that
// sign-ins need not wait for a long one.
const sweepChunk = 256

// Sweep forgets the records whose PurgeAt lies before a time, and returns how many.
// It is housekeeping, as the TTL of a database is: no answer depends on it.
func (db *DB) Sweep(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for {
		var n int
		err := db.writer.do(ctx, func(tx *bbolt.Tx) (err error) {
			n, err = sweepSome(tx, ordered(before))
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < sweepChunk {
			return total, nil
		}
	}
}

func sweepSome(tx *bbolt.Tx, bound []byte) (int, error) {
	var due [][]byte
	c := tx.Bucket(bucketPurge).Cursor()
	for k, _ := c.First(); k != nil && len(due) < sweepChunk && bytes.Compare(k, bound) < 0; k, _ = c.Next() {
		due = append(due, bytes.Clone(k))
	}
	for _, key := range due {
		if err := forget(tx, key); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// forget removes a record and its index entries; a key that is no entry just goes. The
// entry of a damaged record that nobody ended is not known and stays; lists pass over it.
func forget(tx *bbolt.Tx, purgeKey []byte) error {
	err := tx.Bucket(bucketPurge).Delete(purgeKey)
	id, ok := indexID(purgeKey)
	if !ok {
		return err
	}
	r, getErr := get(tx, id)
	if errors.Is(getErr, session.ErrNotFound) {
		return err
	}
	if errors.Is(getErr, session.ErrDamaged) {
		r, _ = endedDamaged(id, tx.Bucket(bucketSessions).Get(id[:]))
	}
	if getErr == nil || r.Ended() {
		bucket, key := indexEntry(&r)
		err = errors.Join(err, tx.Bucket(bucket).Delete(key))
	}
	return errors.Join(err, tx.Bucket(bucketSessions).Delete(id[:]))
}
