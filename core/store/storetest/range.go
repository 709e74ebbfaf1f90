package storetest

import (
	"time"

	"coatcheck/core/session"
)

const (
	sinceLeavesOut  = "Since leaves out records created before its second; zero: none."
	beforeLeavesOut = "Before leaves out records that do not sort below it; zero: none."
	limitBounds     = "Limit is how many records at most; 0: all. More reports that Limit left records out."
)

func rangeChecks() []Check {
	return []Check{
		check("list-since-is-inclusive-by-second", sinceLeavesOut, listsSince),
		check("list-since-long-ago-or-far-ahead", sinceLeavesOut, listsSinceExtremes),
		check("list-before-is-exclusive", beforeLeavesOut, listsBefore),
		check("list-before-what-is-not-there", beforeLeavesOut, listsBeforeMissing),
		check("list-since-and-before-together", sinceLeavesOut+" "+beforeLeavesOut, listsBetween),
	}
}

func listsSince(b *bench) {
	second := noon.Truncate(time.Second)
	var records []session.Record
	for _, ms := range []time.Duration{1000, 999, 1, 0, -1, -1000} {
		n := uint64(10_000 + ms) //nolint:gosec // G115: small and positive
		records = append(records, Record("ann", second.Add(ms*time.Millisecond), Numbered(n)))
	}
	b.create(records...)
	for _, ms := range []time.Duration{0, 1, 500, 999} {
		r := of("ann")
		r.Since = second.Add(ms * time.Millisecond)
		b.lists(r, false, records[:4]...)
	}
	r := of("ann")
	r.Since = second.Add(-time.Millisecond)
	b.lists(r, false, records...)
	r.Since = second.Add(time.Second)
	b.lists(r, false, records[0])
}

// listsSinceExtremes asks with seconds that do not fit the ID's four bytes.
func listsSinceExtremes(b *bench) {
	records := numbered("ann", 3)
	b.create(records...)
	r := of("ann")
	for _, year := range []int{1900, 1969, 1970} {
		r.Since = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		b.lists(r, false, records...)
	}
	for _, year := range []int{2100, 2107, 2300} {
		r.Since = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		b.lists(r, false)
	}
}

func listsBefore(b *bench) {
	records := numbered("ann", 4)
	b.create(records...)
	for i := range records {
		r := of("ann")
		r.Before = records[i].ID
		b.lists(r, false, records[i+1:]...)
	}
}

// listsBeforeMissing starts between two records, above all and below all.
func listsBeforeMissing(b *bench) {
	high, low := Record("ann", noon, Numbered(0x500)), Record("ann", noon, Numbered(0x300))
	b.create(high, low)
	for _, subject := range subjects(5) {
		b.create(Record(subject, noon))
	}
	for at, want := range map[uint64][]session.Record{
		0x501: {high, low}, ^uint64(0): {high, low}, 0x400: {low}, 0x4ff: {low}, 0x301: {low}, 0x2ff: nil, 0: nil,
	} {
		r := of("ann")
		r.Before = Record("ann", noon, Numbered(at)).ID
		b.lists(r, false, want...)
	}
	r := of("ann")
	r.Before = Record("ann", time.Date(2105, 1, 1, 0, 0, 0, 0, time.UTC)).ID
	b.lists(r, false, high, low)
}

func listsBetween(b *bench) {
	var records []session.Record
	for i := range 6 {
		records = append(records, Record("ann", noon.Add(-time.Duration(i)*time.Second)))
	}
	b.create(records...)
	r := of("ann")
	r.Since, r.Before = records[4].CreatedAt, records[1].ID
	b.lists(r, false, records[2:5]...)
	r.Limit = 2
	b.lists(r, true, records[2:4]...)
	r.Since, r.Limit = records[1].CreatedAt, 0
	b.lists(r, false)
	r.Since = records[0].CreatedAt.Add(time.Hour)
	b.lists(r, false)
}

func limitChecks() []Check {
	return []Check{
		check("list-limit-zero-is-all", limitBounds, listsAllOf),
		check("list-limit-at-its-boundary", limitBounds, listsLimit),
		check("list-more-only-for-the-range", limitBounds, listsMoreInRange),
		check("list-walk-sees-each-once", beforeLeavesOut+" "+limitBounds, listsWalk),
	}
}

func listsAllOf(b *bench) {
	records := numbered("ann", 7)
	b.create(records...)
	b.lists(of("ann"), false, records...)
}

func listsLimit(b *bench) {
	records := numbered("ann", 4)
	b.create(records...)
	for limit := 1; limit <= 6; limit++ {
		r := of("ann")
		r.Limit = limit
		n := min(limit, 4)
		b.lists(r, limit < 4, records[:n]...)
	}
}

// listsMoreInRange has records below Since, and another user's: they are not more.
func listsMoreInRange(b *bench) {
	records := numbered("ann", 3)
	b.create(records...)
	b.create(Record("ann", noon.Add(-time.Second)))
	for _, subject := range subjects(5) {
		b.create(numbered(subject, 2)...)
		b.setFence(subject, session.Fence{9})
	}
	r := of("ann")
	r.Since, r.Limit = noon, 3
	b.lists(r, false, records...)
	r.Limit = 2
	b.lists(r, true, records[:2]...)
}

func listsWalk(b *bench) {
	records := numbered("ann", 7)
	b.create(records...)
	b.setFence("ann", session.Fence{9})
	for limit := 1; limit <= 8; limit++ {
		var all []session.Record
		r := of("ann")
		r.Limit = limit
		for more := true; more && len(all) <= len(records) && b.err == nil; {
			page := b.list(r)
			all = append(all, page.Records...)
			more = page.More
			if more && len(page.Records) == 0 {
				b.failf("list: got More and no records, want records")
			} else if more {
				r.Before = page.Records[len(page.Records)-1].ID
			}
		}
		if b.err == nil {
			b.want("walk by Before", sameList(all, records))
		}
	}
}
