package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
)

// get returns a record, [session.ErrNotFound] or [session.ErrDamaged].
func get(tx *bbolt.Tx, id session.ID) (session.Record, error) {
	value := tx.Bucket(bucketSessions).Get(id[:])
	if value == nil {
		return session.Record{}, session.ErrNotFound
	}
	return decodeRecord(id[:], value)
}

// put keeps a record and moves its index entry along, in the same transaction, so
// that the index cannot drift from the records. was is nil for a new record.
func put(tx *bbolt.Tx, was, is *session.Record) error {
	value, err := encodeRecord(is)
	if err != nil {
		return err
	}
	err = tx.Bucket(bucketSessions).Put(is.ID[:], value)
	bucket, key := indexEntry(is)
	if was != nil {
		oldBucket, oldKey := indexEntry(was)
		if bytes.Equal(oldBucket, bucket) && bytes.Equal(oldKey, key) {
			return err
		}
		err = errors.Join(err, tx.Bucket(oldBucket).Delete(oldKey))
	}
	return errors.Join(err, tx.Bucket(bucket).Put(key, nil))
}

// indexEntry is where a record stands in the index by status.
func indexEntry(r *session.Record) (bucket, key []byte) {
	status := session.StatusLive
	if r.Ended() {
		status = session.StatusEnded
	}
	return statusBucket(status), indexKey(status.Time(r), r.ID)
}

func statusBucket(s session.Status) []byte {
	switch s {
	case session.StatusLive:
		return bucketLive
	case session.StatusEnded:
		return bucketEnded
	}
	return nil
}

// fence returns a user's fence, zero where there is none. One of a wrong size is no
// answer rather than a missing one.
func fence(tx *bbolt.Tx, p session.Partition) (f session.Fence, err error) {
	value := tx.Bucket(bucketFences).Get(p[:])
	if len(value) != 0 && len(value) != len(f) {
		return f, errors.New("the user's fence is damaged")
	}
	copy(f[:], value)
	return f, nil
}

// endedBefore returns the control's time, zero where there is none.
func endedBefore(tx *bbolt.Tx) (time.Time, error) {
	value := tx.Bucket(bucketMeta).Get(keyEndedBefore)
	switch len(value) {
	case 0:
		return time.Time{}, nil
	case timeSize:
		return timeOf(int64(binary.BigEndian.Uint64(value))), nil //nolint:gosec // G115: written by ordered
	}
	return time.Time{}, errors.New("the time of the last end of everybody is damaged")
}
