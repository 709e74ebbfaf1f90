package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"coatcheck/core/session"
)

// stored is a record as the file has it: JSON, so that an operator can read it with
// any bbolt tool. Times are Unix milliseconds; what is zero is left out. The key
// holds the ID.
type stored struct {
	Subject        string            `json:"subject"`
	Roles          []string          `json:"roles,omitempty"`
	Attributes     map[string]string `json:"attributes,omitempty"`
	Methods        []string          `json:"amr,omitempty"`
	AuthTime       int64             `json:"authTime"`
	CreatedAt      int64             `json:"createdAt"`
	LastSeenAt     int64             `json:"lastSeenAt"`
	ExpiresAt      int64             `json:"expiresAt"`
	AbsoluteExpiry int64             `json:"absoluteExpiry"`
	PurgeAt        int64             `json:"purgeAt"`
	Remembered     bool              `json:"remembered,omitempty"`
	Bearer         bool              `json:"bearer,omitempty"`
	SecretHash     []byte            `json:"secretHash"`
	NextHash       []byte            `json:"nextHash,omitempty"`
	NextAt         int64             `json:"nextAt,omitempty"`
	PreviousHash   []byte            `json:"previousHash,omitempty"`
	SupersededHash []byte            `json:"supersededHash,omitempty"`
	ConfirmedAt    int64             `json:"confirmedAt,omitempty"`
	Rotations      int               `json:"rotations,omitempty"`
	ClientAddress  string            `json:"clientAddress,omitempty"`
	UserAgent      string            `json:"userAgent,omitempty"`
	Replaces       []byte            `json:"replaces,omitempty"`
	Actor          []byte            `json:"actor,omitempty"`
	EndedAt        int64             `json:"endedAt,omitempty"`
	EndReason      string            `json:"endReason,omitempty"`
	EndedBy        string            `json:"endedBy,omitempty"`
	EndedFrom      string            `json:"endedFrom,omitempty"`
	ReplacedBy     []byte            `json:"replacedBy,omitempty"`
}

func encodeRecord(r *session.Record) ([]byte, error) {
	return json.Marshal(&stored{
		Subject: r.Subject, Roles: r.Roles, Attributes: r.Attributes, Methods: r.Methods,
		AuthTime: millis(r.AuthTime), CreatedAt: millis(r.CreatedAt), LastSeenAt: millis(r.LastSeenAt),
		ExpiresAt: millis(r.ExpiresAt), AbsoluteExpiry: millis(r.AbsoluteExpiry), PurgeAt: millis(r.PurgeAt),
		Remembered: r.Remembered, Bearer: r.Bearer,
		SecretHash: r.Secrets.Current[:], NextHash: hashBytes(r.Secrets.Next), NextAt: millis(r.Secrets.NextAt),
		PreviousHash: hashBytes(r.Secrets.Previous), SupersededHash: hashBytes(r.Secrets.Superseded), ConfirmedAt: millis(r.Secrets.ConfirmedAt),
		Rotations:     r.Secrets.Rotations,
		ClientAddress: r.Client.Address, UserAgent: r.Client.UserAgent,
		Replaces: idBytes(r.Replaces), Actor: idBytes(r.Actor),
		EndedAt: millis(r.End.At), EndReason: string(r.End.Reason), EndedBy: string(r.End.By), EndedFrom: r.End.From,
		ReplacedBy: idBytes(r.End.ReplacedBy),
	})
}

// decodeRecord reads what encodeRecord wrote; whatever else it meets is
// [session.ErrDamaged].
func decodeRecord(key, value []byte) (session.Record, error) {
	var s stored
	var faults faults
	if err := unmarshal(value, &s); err != nil {
		return session.Record{}, session.ErrDamaged
	}
	r := session.Record{
		ID: session.ID(key), Subject: s.Subject, Roles: s.Roles, Attributes: s.Attributes, Methods: s.Methods,
		AuthTime: timeOf(s.AuthTime), CreatedAt: timeOf(s.CreatedAt), LastSeenAt: timeOf(s.LastSeenAt),
		ExpiresAt: timeOf(s.ExpiresAt), AbsoluteExpiry: timeOf(s.AbsoluteExpiry), PurgeAt: timeOf(s.PurgeAt),
		Remembered: s.Remembered, Bearer: s.Bearer,
		Secrets: session.Secrets{
			Current: faults.hash(s.SecretHash), Next: faults.hash(s.NextHash), NextAt: timeOf(s.NextAt),
			Previous: faults.hash(s.PreviousHash), Superseded: faults.hash(s.SupersededHash), ConfirmedAt: timeOf(s.ConfirmedAt), Rotations: s.Rotations,
		},
		Client:   session.Client{Address: s.ClientAddress, UserAgent: s.UserAgent},
		Replaces: faults.id(s.Replaces), Actor: faults.id(s.Actor),
		End: session.End{
			At: timeOf(s.EndedAt), Reason: session.EndReason(s.EndReason), By: session.By(s.EndedBy),
			From: s.EndedFrom, ReplacedBy: faults.id(s.ReplacedBy),
		},
	}
	if faults {
		return session.Record{}, session.ErrDamaged
	}
	return r, nil
}

// faults notes that some field had a wrong size.
type faults bool

func (f *faults) hash(b []byte) (h session.Hash) {
	if len(b) != 0 && len(b) != len(h) {
		*f = true
		return h
	}
	copy(h[:], b)
	return h
}

func (f *faults) id(b []byte) (id session.ID) {
	if len(b) != 0 && len(b) != len(id) {
		*f = true
		return id
	}
	copy(id[:], b)
	return id
}

// unmarshal refuses unknown fields and trailing data: a value that a later version
// wrote would lose what this one does not know at its next update.
func unmarshal(value []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("trailing data")
	}
	return nil
}

func hashBytes(h session.Hash) []byte {
	if h.IsZero() {
		return nil
	}
	return h[:]
}

func idBytes(id session.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// millis is 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// ordered is a time as a key that sorts like it; times before 1970 sort as 1970.
func ordered(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(millis(t), 0)))
}

// indexKey is a time and the ID of the record that has it.
func indexKey(t time.Time, id session.ID) []byte { return append(ordered(t), id[:]...) }

const timeSize = 8

// indexID returns the ID in an index key; false if it is no such key.
func indexID(key []byte) (session.ID, bool) {
	if len(key) != timeSize+len(session.ID{}) {
		return session.ID{}, false
	}
	return session.ID(key[timeSize:]), true
}
