package bolt

import (
	"bytes"
	"encoding/json"
	"errors"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
)

// overDamaged is what takes the place of a value that is no record when its session is
// ended: the value as it was, and the end. It is no record either, so reads need not
// know of it.
type overDamaged struct {
	Damaged    []byte `json:"damaged"`
	EndedAt    int64  `json:"endedAt"`
	EndReason  string `json:"endReason"`
	EndedBy    string `json:"endedBy"`
	EndedFrom  string `json:"endedFrom,omitempty"`
	ReplacedBy []byte `json:"replacedBy,omitempty"`
}

// endedDamaged returns the ID and the end of a session whose value is no record; false
// if it was not ended.
func endedDamaged(id session.ID, value []byte) (session.Record, bool) {
	var o overDamaged
	var faults faults
	if err := unmarshal(value, &o); err != nil || o.EndedAt == 0 {
		return session.Record{}, false
	}
	end := session.End{
		At: timeOf(o.EndedAt), Reason: session.EndReason(o.EndReason), By: session.By(o.EndedBy), From: o.EndedFrom, ReplacedBy: faults.id(o.ReplacedBy),
	}
	return session.Record{ID: id, End: end}, true
}

// endDamaged ends a session whose value is no record, unless it was ended, and moves it
// among the ended.
func (db *DB) endDamaged(tx *bbolt.Tx, id session.ID, e session.End) (session.Record, error) {
	bucket := tx.Bucket(bucketSessions)
	value := bytes.Clone(bucket.Get(id[:]))
	if there, ended := endedDamaged(id, value); ended {
		return there, nil
	}
	text, err := json.Marshal(overDamaged{
		Damaged: value, EndedAt: millis(e.At), EndReason: string(e.Reason), EndedBy: string(e.By), EndedFrom: e.From, ReplacedBy: idBytes(e.ReplacedBy),
	})
	is := session.Record{ID: id, End: e}
	status, key := indexEntry(&is)
	return is, errors.Join(err, bucket.Put(id[:], text), dropEntries(tx, id, bucketLive, bucketEnded), tx.Bucket(status).Put(key, nil), db.tellEnd(tx, &is))
}

// dropEntries removes a session from the buckets of an index. Where it stands cannot be
// told from a damaged value, so that all entries are looked at; it is rare.
func dropEntries(tx *bbolt.Tx, id session.ID, buckets ...[]byte) (err error) {
	for _, name := range buckets {
		var keys [][]byte
		bucket := tx.Bucket(name)
		c := bucket.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if bytes.HasSuffix(k, id[:]) {
				keys = append(keys, bytes.Clone(k))
			}
		}
		for _, key := range keys {
			err = errors.Join(err, bucket.Delete(key))
		}
	}
	return err
}
