package storetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"coatcheck/core/session"
)

// Trait changes a record that is being made. Any function that sets fields is one.
type Trait func(*session.Record)

// keep is how long test records are kept after their absolute expiry: so long that
// no store's own housekeeping takes one away under a test, whenever the test runs.
const keep = 75 * 366 * 24 * time.Hour

// Record returns a valid record of a subject, made at a time (cut to the
// millisecond), with a random ID and nothing but what every record has: 15 minutes
// until it expires, 8 hours at most. Traits change it further.
func Record(subject string, created time.Time, traits ...Trait) session.Record {
	at := created.UTC().Truncate(time.Millisecond)
	partition := session.PartitionOf(subject)
	var id session.ID
	n := copy(id[:], partition[:])
	binary.BigEndian.PutUint32(id[n:], uint32(at.Unix())) //nolint:gosec // G115: tests stay between 1970 and 2106
	_, _ = rand.Read(id[n+4:])
	r := session.Record{
		ID: id, Subject: subject,
		AuthTime: at, CreatedAt: at, LastSeenAt: at,
		ExpiresAt: at.Add(15 * time.Minute), AbsoluteExpiry: at.Add(8 * time.Hour),
		PurgeAt: at.Add(8*time.Hour + keep).Truncate(time.Second),
		Secrets: session.Secrets{Current: sha256.Sum256(id[:]), ConfirmedAt: at},
	}
	for _, trait := range traits {
		trait(&r)
	}
	return r
}

// Numbered replaces the random part of the ID: records of one user and second sort
// by their numbers, and records of two users may have the same.
func Numbered(n uint64) Trait {
	return func(r *session.Record) {
		binary.BigEndian.PutUint64(r.ID[len(r.ID)-8:], n)
		r.Secrets.Current = sha256.Sum256(r.ID[:])
	}
}

// ExpiringAt sets when the record expires unless it is used.
func ExpiringAt(t time.Time) Trait {
	return func(r *session.Record) { r.ExpiresAt = t.UTC().Truncate(time.Millisecond) }
}

// EndedAt ends the record, all fields of the end set.
func EndedAt(t time.Time) Trait {
	return func(r *session.Record) {
		r.End = session.End{
			At: t.UTC().Truncate(time.Millisecond), Reason: session.Replaced,
			By: session.BySubject(r.Subject), From: elsewhere(r.Client.Address), ReplacedBy: sibling(r.ID, 1),
		}
	}
}

// Purgeable lets the record be purged a month after its absolute expiry, as the
// default policy does; with a creation time long past, its purge is overdue.
func Purgeable(r *session.Record) {
	r.PurgeAt = r.AbsoluteExpiry.Add(30*24*time.Hour + time.Second).Truncate(time.Second)
}

// Full sets every field but the end, each time and hash to a value of its own.
func Full(r *session.Record) {
	at := r.CreatedAt
	r.Roles = []string{"reader", "admin", "auditor"}
	r.Attributes = map[string]string{"tenant": "acme", "plan": "gold"}
	r.Methods = []string{"pwd", "otp"}
	r.AuthTime = at.Add(-1 * time.Millisecond)
	r.LastSeenAt = at.Add(61_002 * time.Millisecond)
	r.ExpiresAt = at.Add(961_003 * time.Millisecond)
	r.AbsoluteExpiry = at.Add(28_800_004 * time.Millisecond)
	r.Remembered, r.Bearer = true, true
	r.Secrets.Next, r.Secrets.NextAt = sha256.Sum256([]byte("next")), at.Add(40_005*time.Millisecond)
	r.Secrets.Previous, r.Secrets.ConfirmedAt = sha256.Sum256([]byte("previous")), at.Add(20_006*time.Millisecond)
	r.Secrets.Superseded = sha256.Sum256([]byte("superseded"))
	r.Secrets.Rotations = 70_001
	r.Client = session.Client{Address: "2001:db8::1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
	r.Replaces, r.Actor = sibling(r.ID, 2), sibling(r.ID, 3)
}

// Largest sets every field, and what has a bound to its bound. Give it a subject of
// session.MaxSubject bytes, and the record is as large as any can be.
func Largest(r *session.Record) {
	Full(r)
	r.Attributes = map[string]string{}
	for i := range session.MaxAttributeCount {
		r.Attributes[fmt.Sprintf("k%02d", i)] = strings.Repeat("v", session.MaxAttributes/session.MaxAttributeCount-3)
	}
	r.Methods = slices.Repeat([]string{strings.Repeat("m", 8)}, 8)
	// As many as can be take the most room beside their bytes.
	rest := session.MaxGrant - session.MaxAttributes - 8*8
	r.Roles = slices.Repeat([]string{strings.Repeat("r", rest/session.MaxRoles)}, session.MaxRoles)
	r.Client.Address = strings.Repeat("a", 64)
	r.Client.UserAgent = strings.Repeat("u", session.MaxUserAgent)
}

// elsewhere returns an address of the same length that is another, or one where there is
// none.
func elsewhere(address string) string {
	if address == "" {
		return "198.51.100.9"
	}
	return strings.Repeat("f", len(address))
}

// sibling returns another ID of the same user and second.
func sibling(id session.ID, n byte) session.ID {
	id[len(id)-1] ^= n
	return id
}

// noon is when tests' sessions are made, with milliseconds that must not get lost.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

// ago is so long past that DynamoDB's own purging (within five years) leaves alone
// what was to be purged then.
var ago = time.Date(2015, 3, 1, 12, 0, 0, 123e6, time.UTC)

// subjects returns so many users, in the order of their partitions.
func subjects(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("user-%03d", i))
	}
	slices.SortFunc(out, func(a, b string) int {
		p, q := session.PartitionOf(a), session.PartitionOf(b)
		return strings.Compare(string(p[:]), string(q[:]))
	})
	return out
}

// numbered returns so many records of one user and second, newest first as a List
// gives them.
func numbered(subject string, n int, traits ...Trait) []session.Record {
	var out []session.Record
	for i := range n {
		number := Numbered(uint64(n - i)) //nolint:gosec // G115: small and positive
		out = append(out, Record(subject, noon, append([]Trait{number}, traits...)...))
	}
	return out
}
