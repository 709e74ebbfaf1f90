package storetest

import (
	"time"

	"coatcheck/core/session"
)

const countIsWalk = "Count returns how many records Page would give in all."

func countChecks() []Check {
	return []Check{
		check("count-is-what-a-walk-gives", countIsWalk, countsWalk),
		check("count-of-an-empty-store", countIsWalk, func(b *bench) {
			b.counts(live, 0)
			b.counts(ended, 0)
		}),
		check("count-follows-writes", countIsWalk, countsWrites),
	}
}

// countsWalk has more records than the shards and pages that a count adds up.
func countsWalk(b *bench) {
	lives, overs := timed(minute, 60)
	b.create(append(lives, overs[:40]...)...)
	b.counts(live, 60)
	b.counts(ended, 40)
	for _, n := range []int{0, 1, 39, 40} {
		q := session.StatusRange{Status: session.StatusEnded, Until: minute.Add(time.Duration(n) * time.Millisecond)}
		b.counts(q, n)
		b.pages(q, 7, overs[:n]...)
	}
}

func countsWrites(b *bench) {
	records := numbered("ann", 3)
	for i, r := range records {
		b.create(r)
		b.counts(live, i+1)
	}
	for i, r := range records {
		touch, after := touchOf(r)
		b.update(r.ID, touch)
		b.counts(live, 3-i)
		end, _ := endOf(after)
		b.update(r.ID, end)
		b.counts(live, 2-i)
		b.counts(ended, i+1)
	}
}
