package storetest

import (
	"time"

	"coatcheck/core/session"
)

const (
	byStatus  = "Page returns records of all users by status and time, ascending by time."
	twoStatus = "Status divides all records in two: live, not ended, ordered by ExpiresAt; ended, ordered by End.At."
	fromUntil = "From is inclusive, Until exclusive; zero: no bound."
)

func pageChecks() []Check {
	return []Check{
		check("page-live-by-expiry", byStatus+" "+twoStatus, pagesLive),
		check("page-ended-by-end", byStatus+" "+twoStatus, pagesEnded),
		check("page-of-an-empty-store", `Next is "" after the last.`, pagesEmpty),
		check("page-keeps-every-field", asWritten, pagesWhole),
		check("page-follows-a-touch", twoStatus, pagesTouch),
		check("page-follows-an-end", twoStatus, pagesEnd),
		check("page-keeps-what-expired-live", "A record that expired without being ended is still live here; its time tells.", pagesExpired),
	}
}

// pagesLive has expiries, creations and IDs in three different orders.
func pagesLive(b *bench) {
	var records []session.Record
	for i, subject := range subjects(5) {
		at := noon.Add(-time.Duration(i) * time.Second)
		records = append(records,
			Record(subject, at, ExpiringAt(at.Add(time.Duration(i*7%5+1)*time.Hour))),
			Record(subject, at, EndedAt(at.Add(time.Minute))))
	}
	b.create(records...)
	var want []session.Record
	for i := 0; i < len(records); i += 2 {
		want = append(want, records[i])
	}
	b.pages(live, 100, want...)
	b.pages(live, 2, want...)
}

func pagesEnded(b *bench) {
	var records []session.Record
	for i, subject := range subjects(5) {
		at := noon.Add(-time.Duration(i) * time.Second)
		records = append(records, Record(subject, at,
			ExpiringAt(at.Add(time.Duration(i+1)*time.Minute)), EndedAt(at.Add(time.Duration(i*7%5+1)*time.Hour))))
	}
	b.create(records...)
	b.create(Record("zed", noon))
	b.pages(ended, 100, records...)
	b.pages(ended, 2, records...)
}

func pagesEmpty(b *bench) {
	b.pages(live, 1)
	b.pages(ended, 1000)
	b.pages(session.StatusRange{Status: session.StatusLive, From: noon, Until: noon.Add(time.Hour)}, 10)
	b.create(Record("ann", noon))
	b.pages(ended, 10)
}

func pagesWhole(b *bench) {
	r, over := Record("ann", noon, Full), Record("bob", noon, Full, EndedAt(noon.Add(time.Hour)))
	b.create(r, over)
	b.pages(live, 10, r)
	b.pages(ended, 10, over)
}

func pagesTouch(b *bench) {
	r, other := Record("ann", noon), Record("bob", noon, ExpiringAt(noon.Add(16*time.Minute)))
	b.create(r, other)
	b.pages(live, 1, r, other)
	old := session.StatusRange{Status: session.StatusLive, Until: r.ExpiresAt.Add(time.Millisecond)}
	b.pages(old, 10, r)
	c, after := touchOf(r)
	b.update(r.ID, c)
	b.pages(live, 1, other, after)
	b.pages(old, 10)
	b.counts(live, 2)
}

func pagesEnd(b *bench) {
	r, other := Record("ann", noon), Record("bob", noon)
	b.create(r, other)
	b.pages(live, 10, r, other)
	c, after := endOf(r)
	b.update(r.ID, c)
	b.pages(ended, 10, after)
	b.pages(live, 10, other)
	b.counts(ended, 1)
	b.counts(live, 1)
}

func pagesExpired(b *bench) {
	r := Record("ann", ago)
	b.create(r)
	b.pages(live, 10, r)
	b.pages(ended, 10)
	b.pages(session.StatusRange{Status: session.StatusLive, From: noon}, 10)
}

func pageRangeChecks() []Check {
	return []Check{
		check("page-from-is-inclusive", fromUntil, pagesFrom),
		check("page-until-is-exclusive", fromUntil, pagesUntil),
		check("page-from-and-until-together", fromUntil, pagesBetween),
	}
}

// timed returns records one millisecond apart, each of a user of its own, live and
// ended ones, both from t on.
func timed(t time.Time, n int) (lives, overs []session.Record) {
	for i, subject := range subjects(n) {
		at := t.Add(time.Duration(i) * time.Millisecond)
		lives = append(lives, Record(subject, noon, ExpiringAt(at)))
		overs = append(overs, Record(subject, noon, EndedAt(at)))
	}
	return lives, overs
}

// within wants the two lists of records for a range of both statuses.
func (b *bench) within(from, until time.Time, limit int, lives, overs []session.Record) {
	q := session.StatusRange{Status: session.StatusLive, From: from, Until: until}
	b.pages(q, limit, lives...)
	b.counts(q, len(lives))
	q.Status = session.StatusEnded
	b.pages(q, limit, overs...)
	b.counts(q, len(overs))
}

// zero is no bound.
var zero time.Time

// minute is when the records of range checks expire or end, at a millisecond that is
// in the middle of its second.
var minute = noon.Add(time.Minute)

func pagesFrom(b *bench) {
	lives, overs := timed(minute, 4)
	b.create(append(lives, overs...)...)
	b.within(minute.Add(-time.Millisecond), zero, 2, lives, overs)
	for i := range lives {
		b.within(minute.Add(time.Duration(i)*time.Millisecond), zero, 2, lives[i:], overs[i:])
	}
	b.within(minute.Add(4*time.Millisecond), zero, 2, nil, nil)
}

func pagesUntil(b *bench) {
	lives, overs := timed(minute, 4)
	b.create(append(lives, overs...)...)
	for i := range lives {
		b.within(zero, minute.Add(time.Duration(i)*time.Millisecond), 2, lives[:i], overs[:i])
	}
	b.within(zero, minute.Add(4*time.Millisecond), 2, lives, overs)
}

func pagesBetween(b *bench) {
	lives, overs := timed(minute, 5)
	b.create(append(lives, overs...)...)
	from, until := minute.Add(time.Millisecond), minute.Add(4*time.Millisecond)
	for _, limit := range []int{1, 2, 3, 100} {
		b.within(from, until, limit, lives[1:4], overs[1:4])
	}
	b.within(from, from.Add(time.Millisecond), 1, lives[1:2], overs[1:2])
	b.within(from, from, 1, nil, nil)
	b.within(until, from, 1, nil, nil)
}
