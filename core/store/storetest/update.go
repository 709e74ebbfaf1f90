package storetest

import (
	"crypto/sha256"
	"time"

	"coatcheck/core/session"
)

const (
	notFoundIsNotMade = "Update returns ErrNotFound where there is no record: an update never makes a record."
	endedStays        = "Update changes the record if it is not ended. Otherwise it changes nothing and returns the record as it stands with ErrConflict."
	returnsAsItIs     = "Update changes the record in one atomic step, and returns it as it then is."
)

func updateChecks() []Check {
	return []Check{
		check("update-of-a-missing-record-is-not-found", notFoundIsNotMade, updatesMissing),
		check("update-of-a-missing-record-makes-nothing", notFoundIsNotMade, updatesMissingMakesNothing),
		check("update-of-an-ended-record-conflicts", endedStays, updatesEnded),
		check("update-keeps-the-first-end", endedStays+" The first end stays.", keepsFirstEnd),
		check("update-returns-the-new-record", returnsAsItIs, returnsNew),
		check("update-sees-the-latest-write", returnsAsItIs, updatesLatest),
		check("update-changes-that-record-only", "Update changes the record that has that ID.", updatesOnlyThat),
	}
}

// touchOf, rotationOf and endOf are a change of each part, and the record after it.
func touchOf(r session.Record) (session.Change, session.Record) {
	touch := session.Touch{LastSeenAt: r.LastSeenAt.Add(61_001 * time.Millisecond), ExpiresAt: r.ExpiresAt.Add(61_002 * time.Millisecond)}
	r.LastSeenAt, r.ExpiresAt = touch.LastSeenAt, touch.ExpiresAt
	return session.Change{Touch: &touch}, r
}

func rotationOf(r session.Record) (session.Change, session.Record) {
	secrets := r.Secrets
	secrets.Previous, secrets.Current = secrets.Current, sha256.Sum256(secrets.Current[:])
	secrets.Next = sha256.Sum256(secrets.Current[:])
	secrets.Superseded = sha256.Sum256(secrets.Next[:])
	secrets.NextAt, secrets.ConfirmedAt = r.LastSeenAt.Add(5*time.Millisecond), r.LastSeenAt.Add(6*time.Millisecond)
	secrets.Rotations++
	r.Secrets = secrets
	return session.Change{Secrets: &secrets}, r
}

func endOf(r session.Record) (session.Change, session.Record) {
	end := session.End{
		At: r.LastSeenAt.Add(90_007 * time.Millisecond), Reason: session.EndedByAdmin,
		By: session.ByOperator, From: "2001:db8::e", ReplacedBy: sibling(r.ID, 9),
	}
	r.End = end
	return session.Change{End: &end}, r
}

// changesOf are the three, and no change at all.
func changesOf(r session.Record) []session.Change {
	touch, _ := touchOf(r)
	rotation, _ := rotationOf(r)
	end, _ := endOf(r)
	return []session.Change{touch, rotation, end, {}}
}

// updatesMissing asks with and without a condition: a database answers a condition
// on what is missing just as one that does not hold.
func updatesMissing(b *bench) {
	r := Record("ann", noon)
	b.create(Record("ann", noon), Record("bob", noon))
	for _, c := range changesOf(r) {
		b.notFound(r.ID, c)
		c.If = session.Condition{ExpiresAfter: noon, LastSeenAt: r.LastSeenAt, Secrets: &r.Secrets}
		b.notFound(r.ID, c)
	}
}

func updatesMissingMakesNothing(b *bench) {
	r := Record("ann", noon)
	for _, c := range changesOf(r) {
		if b.err == nil {
			_, _ = b.store.Update(b.ctx, r.ID, c)
		}
		b.misses(r.ID)
		b.lists(session.Range{Partition: r.ID.Partition()}, false)
		b.pages(live, 10)
		b.pages(ended, 10)
	}
	b.create(r)
	b.holds(r)
}

func updatesEnded(b *bench) {
	r := Record("ann", noon, Full, EndedAt(noon.Add(2*time.Minute)))
	b.create(r)
	for _, c := range changesOf(r) {
		b.rejects(c, r)
	}
}

func keepsFirstEnd(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	first, after := endOf(r)
	b.changes(first, after)
	b.rejects(first, after)
	second := session.End{At: noon.Add(time.Minute), Reason: session.SignedOut, By: session.BySubject("ann")}
	b.rejects(session.Change{End: &second}, after)
	second.At = noon.Add(time.Hour)
	b.rejects(session.Change{End: &second}, after)
}

func returnsNew(b *bench) {
	for _, change := range []func(session.Record) (session.Change, session.Record){touchOf, rotationOf, endOf} {
		r := Record("ann", noon, Full)
		b.create(r)
		c, after := change(r)
		if b.err != nil {
			return
		}
		got, err := b.store.Update(b.ctx, r.ID, c)
		b.want("update", err)
		b.want("record returned by update", Diff(got, after))
	}
}

func updatesLatest(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	b.holds(r)
	for _, change := range []func(session.Record) (session.Change, session.Record){touchOf, rotationOf, touchOf, rotationOf, endOf} {
		c, after := change(r)
		b.changes(c, after)
		r = after
	}
}

func updatesOnlyThat(b *bench) {
	r := Record("ann", noon, Numbered(7))
	next, namesake := Record("ann", noon, Numbered(6)), Record("bob", noon, Numbered(7))
	b.create(r, next, namesake)
	for _, change := range []func(session.Record) (session.Change, session.Record){touchOf, rotationOf, endOf} {
		c, after := change(r)
		b.changes(c, after)
		r = after
		b.holds(next, namesake)
	}
}
