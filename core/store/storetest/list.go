package storetest

import (
	"slices"
	"strings"
	"time"

	"coatcheck/core/session"
)

const (
	newestFirst = "List returns one user's records, newest first by ID."
	listsAll    = "List holds every record whose Create returned before the call began, strongly consistent."
)

func listChecks() []Check {
	return []Check{
		check("list-newest-first", newestFirst, listsInOrder),
		check("list-orders-by-ID-not-by-time", newestFirst, listsByID),
		check("list-orders-beyond-2038", newestFirst, listsFuture),
		check("list-one-user-only", newestFirst, listsOneUser),
		check("list-of-nobody", newestFirst, listsNobody),
		check("list-keeps-every-field", asWritten, listsWhole),
		check("list-sees-a-create-at-once", listsAll, listsOwnCreate),
		check("list-sees-an-update-at-once", seenByAll, listsOwnUpdate),
		check("list-of-many", listsAll, listsMany),
	}
}

func of(subject string) session.Range {
	return session.Range{Partition: session.PartitionOf(subject)}
}

// listsInOrder has numbers whose order base64 and signed bytes turn round.
func listsInOrder(b *bench) {
	var want []session.Record
	for _, top := range []uint64{0xff, 0xfb, 0xc0, 0x80, 0x7f, 0x68, 0x67, 0x40, 0x3f, 0x1a, 0x19, 0x01, 0x00} {
		want = append(want, Record("ann", noon, Numbered(top<<56)))
	}
	want = append([]session.Record{Record("ann", noon.Add(time.Second), Numbered(5))}, want...)
	want = append(want, Record("ann", noon.Add(-time.Second), Numbered(1<<63)))
	shuffled := slices.Clone(want)
	for i := range shuffled {
		j := i * 7 % len(shuffled)
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	}
	b.create(shuffled...)
	b.lists(of("ann"), false, want...)
}

// listsByID has a record that is the later one of its second but sorts lower.
func listsByID(b *bench) {
	second := noon.Truncate(time.Second)
	low := Record("ann", second.Add(900*time.Millisecond), Numbered(1))
	high := Record("ann", second.Add(100*time.Millisecond), Numbered(2))
	b.create(low, high)
	b.lists(of("ann"), false, high, low)
}

func listsFuture(b *bench) {
	var want []session.Record
	for _, year := range []int{2105, 2050, 2039, 2037, 2026, 1971} {
		want = append(want, Record("ann", time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC)))
	}
	b.create(want...)
	b.lists(of("ann"), false, want...)
	r := of("ann")
	r.Since = want[2].CreatedAt
	b.lists(r, false, want[:3]...)
}

// listsOneUser has users on both sides of each other in the order of keys.
func listsOneUser(b *bench) {
	all := map[string][]session.Record{}
	for _, subject := range subjects(5) {
		all[subject] = numbered(subject, 3)
		b.create(all[subject]...)
		b.setFence(subject, session.Fence{9})
	}
	for subject, records := range all {
		b.lists(of(subject), false, records...)
		r := of(subject)
		r.Since, r.Limit = noon, 10
		b.lists(r, false, records...)
	}
}

func listsNobody(b *bench) {
	b.create(Record("ann", noon))
	got := b.list(of("bob"))
	if b.err == nil && (len(got.Records) > 0 || got.More || got.Fence != session.Fence{}) {
		b.failf("list of a user without records: got %+v, want nothing", got)
	}
}

func listsWhole(b *bench) {
	live := Record("ann", noon.Add(time.Second), Full)
	over := Record("ann", noon, Full, EndedAt(noon.Add(time.Hour)))
	b.create(live, over)
	b.lists(of("ann"), false, live, over)
}

func listsOwnCreate(b *bench) {
	records := numbered("ann", 5)
	b.lists(of("ann"), false)
	for i := range records {
		from := len(records) - 1 - i
		b.create(records[from])
		b.lists(of("ann"), false, records[from:]...)
	}
}

func listsOwnUpdate(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	b.lists(of("ann"), false, r)
	for _, change := range []func(session.Record) (session.Change, session.Record){touchOf, rotationOf, endOf} {
		c, after := change(r)
		b.update(r.ID, c)
		b.lists(of("ann"), false, after)
		r = after
	}
}

// listsMany is over 1 MB of records, more than DynamoDB gives in one answer.
func listsMany(b *bench) {
	subject := strings.Repeat("m", session.MaxSubject)
	records := numbered(subject, 640, Largest)
	b.create(records...)
	b.create(Record("ann", noon), Record("bob", noon))
	b.setFence(subject, session.Fence{3})
	b.lists(of(subject), false, records...)
	r := of(subject)
	r.Limit = 620
	b.lists(r, true, records[:620]...)
	r.Before = records[619].ID
	b.lists(r, false, records[620:]...)
	b.fence(subject, session.Fence{3})
}
