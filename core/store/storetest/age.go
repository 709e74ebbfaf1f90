package storetest

import (
	"time"

	"coatcheck/core/session"
)

const anyAge = "A record stays readable whatever its times say."

// ageChecks come in two kinds, because a store that purges by itself at PurgeAt can
// leave the second out, never the first.
func ageChecks() []Check {
	return append(ageChecksOf("an-expired-record", anyAge),
		ageChecksOf("a-purgeable-record", anyAge+" PurgeAt is housekeeping: no answer depends on it.", Purgeable)...)
}

func ageChecksOf(what, clause string, traits ...Trait) []Check {
	records := func() (live, over session.Record) {
		return Record("ann", ago, traits...), Record("ann", ago.Add(-time.Hour), append(traits[:len(traits):len(traits)], EndedAt(ago))...)
	}
	on := func(name string, test func(b *bench, live, over session.Record)) Check {
		return check(name, clause, func(b *bench) {
			live, over := records()
			b.create(live, over)
			test(b, live, over)
		})
	}
	return []Check{
		on("read-"+what, func(b *bench, live, over session.Record) { b.holds(live, over) }),
		on("list-"+what, func(b *bench, live, over session.Record) {
			b.lists(session.Range{Partition: live.ID.Partition()}, false, live, over)
		}),
		on("update-"+what, updatesOld),
		on("page-"+what, func(b *bench, old, over session.Record) {
			b.pages(live, 10, old)
			b.pages(ended, 10, over)
			b.counts(live, 1)
			b.counts(ended, 1)
		}),
	}
}

func updatesOld(b *bench, live, over session.Record) {
	c, after := touchOf(live)
	b.changes(c, after)
	c, after = endOf(after)
	b.changes(c, after)
	b.rejects(c, over)
}
