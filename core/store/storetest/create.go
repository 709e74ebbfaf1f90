package storetest

import (
	"strings"
	"time"

	"coatcheck/core/session"
)

const asWritten = "A record is what was written, to the millisecond."

func createChecks() []Check {
	return []Check{
		check("create-keeps-every-field", asWritten, keepsEveryField),
		check("create-keeps-what-is-empty", asWritten+` The zero time means "not".`, keepsEmpty),
		check("create-keeps-text", asWritten, keepsText),
		check("create-keeps-order-of-lists", "Roles the session was given, in the order of the grant.", keepsOrder),
		check("create-keeps-the-largest-record", asWritten+" A record has at most 2 KB.", keepsLargest),
		check("create-keeps-times-in-UTC", "Times are UTC, whole milliseconds.", keepsUTC),
	}
}

func keepsEveryField(b *bench) {
	live, ended := Record("ann", noon, Full), Record("ann", noon, Full, EndedAt(noon.Add(time.Hour)))
	b.create(live, ended)
	b.holds(live, ended)
}

func keepsEmpty(b *bench) {
	none := Record("ann", noon)
	empty := Record("bob", noon, func(r *session.Record) {
		r.Roles, r.Methods, r.Attributes = []string{}, []string{}, map[string]string{}
	})
	b.create(none, empty)
	b.holds(none, empty)
	for _, r := range b.read(session.Query{Sessions: []session.ID{none.ID, empty.ID}}).Records {
		b.want("record as read back", r.Validate())
	}
}

func keepsText(b *bench) {
	r := Record("Zoë Ω 山 👩‍🚀 \u2028 <a&b> %41", noon, func(r *session.Record) {
		r.Client.UserAgent = " Brauser/1.0 (Überläufer; 日本語) \"' "
		r.Attributes = map[string]string{
			"a.b#c:d/e": "=,;|", "empty": "", "Case": "1", "case": "2", "ключ": "значение", " ": " ", "0": "-0.10",
		}
	})
	b.create(r)
	b.holds(r)
}

func keepsOrder(b *bench) {
	r := Record("ann", noon, func(r *session.Record) {
		r.Roles = []string{"writer", "admin", "Reader", "admin", "coatcheck:owner"}
		r.Methods = []string{"pwd", "mfa", "otp", "hwk"}
	})
	b.create(r)
	b.holds(r)
}

func keepsLargest(b *bench) {
	r := Record(strings.Repeat("s", session.MaxSubject), noon, Largest, EndedAt(noon))
	b.create(r)
	b.holds(r)
}

func keepsUTC(b *bench) {
	r := Record("ann", noon, Full, EndedAt(noon.Add(time.Hour)))
	b.create(r)
	for _, r := range b.read(session.Query{Sessions: []session.ID{r.ID}}).Records {
		for _, t := range []time.Time{
			r.AuthTime, r.CreatedAt, r.LastSeenAt, r.ExpiresAt, r.AbsoluteExpiry, r.PurgeAt,
			r.Secrets.NextAt, r.Secrets.ConfirmedAt, r.End.At,
		} {
			if t.Location() != time.UTC {
				b.failf("got a time in %v, want UTC", t.Location())
			}
		}
	}
}

const refusesTaken = "If there is one with that ID, whatever its state, it changes nothing and returns that one with ErrExists."

func takenChecks() []Check {
	refuses := func(name string, created time.Time, traits ...Trait) Check {
		return check(name, refusesTaken, func(b *bench) {
			there := Record("ann", created, traits...)
			offered := there
			offered.Roles, offered.Client.Address = []string{"other"}, "192.0.2.9"
			offered.Secrets.Current[0] ^= 1
			offered.End = session.End{}
			b.create(there)
			b.taken(offered, there)
			b.taken(there, there)
		})
	}
	return []Check{
		refuses("create-refuses-a-taken-ID", noon, Full),
		refuses("create-refuses-the-ID-of-an-ended-record", noon, EndedAt(noon.Add(time.Hour))),
		refuses("create-refuses-the-ID-of-an-expired-record", ago),
		refuses("create-refuses-the-ID-of-a-purgeable-record", ago, Purgeable),
		check("create-refuses-nothing-else", "Create keeps a new record.", createsSiblings),
	}
}

// createsSiblings makes records that differ in as little as IDs can.
func createsSiblings(b *bench) {
	r := Record("ann", noon, Numbered(0))
	other := Record("bob", noon, Numbered(0))
	low := Record("ann", noon, Numbered(1))
	high := Record("ann", noon, Numbered(1<<63))
	for _, r := range []session.Record{r, other, low, high} {
		if b.err != nil {
			return
		}
		_, err := b.store.Create(b.ctx, r)
		b.want("create of an ID much like others", err)
	}
	b.holds(r, other, low, high)
}
