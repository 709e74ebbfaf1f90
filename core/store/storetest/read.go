package storetest

import (
	"fmt"
	"time"

	"coatcheck/core/session"
)

const (
	readsWhatIsAsked = "Read returns what q asks for, strongly consistent. What is missing is left out, or zero."
	seenByAll        = "What returned nil is durable, and every later call by any process sees it."
)

func readChecks() []Check {
	return []Check{
		check("read-sees-a-create-at-once", seenByAll, readsOwnCreate),
		check("read-sees-an-update-at-once", seenByAll, readsOwnUpdate),
		check("read-several-of-several-users", readsWhatIsAsked, readsSeveral),
		check("read-a-hundred", "Sessions []ID: at most 100.", readsHundred),
		check("read-the-same-ID-twice", readsWhatIsAsked, readsTwice),
		check("read-nothing", readsWhatIsAsked, readsNothing),
		check("read-only-what-is-asked", readsWhatIsAsked, readsOnlyAsked),
		check("read-no-neighbour-by-last-byte", readsWhatIsAsked, readsNoNeighbour),
		check("read-no-neighbour-of-another-user", readsWhatIsAsked, readsNoNamesake),
	}
}

func readsOwnCreate(b *bench) {
	for range 5 {
		r := Record("ann", noon)
		b.misses(r.ID)
		b.create(r)
		b.holds(r)
	}
}

func readsOwnUpdate(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	b.holds(r)
	for range 5 {
		r.LastSeenAt, r.ExpiresAt = r.LastSeenAt.Add(time.Second), r.ExpiresAt.Add(time.Second)
		b.update(r.ID, session.Change{Touch: &session.Touch{LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt}})
		b.holds(r)
	}
}

func readsSeveral(b *bench) {
	var there []session.Record
	var q session.Query
	for i, subject := range subjects(4) {
		r := Record(subject, noon)
		missing := Record(subject, noon)
		q.Sessions = append(q.Sessions, r.ID, missing.ID)
		if i < 3 { // of the last user there is nothing at all
			there = append(there, r)
		}
	}
	b.create(there...)
	b.finds(q, there...)
}

func readsHundred(b *bench) {
	var there []session.Record
	q := session.Query{Subject: session.PartitionOf("ann"), Control: true}
	for i := range 100 {
		r := Record(fmt.Sprintf("user-%d", i%7), noon)
		there = append(there, r)
		q.Sessions = append(q.Sessions, r.ID)
	}
	b.create(there...)
	b.setFence("ann", session.Fence{1})
	b.raise(noon)
	got := b.finds(q, there...)
	if want := (session.Fence{1}); b.err == nil && (got.Fence != want || !got.EndedBefore.Equal(noon)) {
		b.failf("with 100 sessions: got fence %x and control %v, want %x and %v", got.Fence, got.EndedBefore, want, noon)
	}
}

// readsTwice lets the answer hold the record once or twice: callers look it up.
func readsTwice(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	got := b.read(session.Query{Sessions: []session.ID{r.ID, r.ID}})
	if b.err == nil && len(got.Records) == 0 {
		b.failf("read of one ID twice: got no record, want it")
	}
	for _, is := range got.Records {
		b.want("read of one ID twice", Diff(is, r))
	}
}

func readsNothing(b *bench) {
	b.create(Record("ann", noon))
	got := b.finds(session.Query{})
	if b.err == nil && (got.Fence != session.Fence{} || !got.EndedBefore.IsZero()) {
		b.failf("empty query: got fence %x and control %v, want zero", got.Fence, got.EndedBefore)
	}
}

// readsOnlyAsked lets a store answer with the control unasked, if it is the true one.
func readsOnlyAsked(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	b.setFence("ann", session.Fence{1})
	b.setFence("bob", session.Fence{2})
	b.raise(noon)
	got := b.finds(session.Query{Sessions: []session.ID{r.ID}}, r)
	if b.err == nil && got.Fence != (session.Fence{}) {
		b.failf("nobody's fence asked for: got %x, want zero", got.Fence)
	}
	if !got.EndedBefore.IsZero() && !got.EndedBefore.Equal(noon) {
		b.failf("control not asked for: got %v, want zero or %v", got.EndedBefore, noon)
	}
	got = b.finds(session.Query{Subject: session.PartitionOf("bob")})
	if want := (session.Fence{2}); b.err == nil && got.Fence != want {
		b.failf("only a fence asked for: got %x, want %x", got.Fence, want)
	}
}

func readsNoNeighbour(b *bench) {
	r := Record("ann", noon, Numbered(0x40))
	b.create(r)
	b.misses(sibling(r.ID, 1), sibling(r.ID, 0x80), sibling(r.ID, 0x41))
	next := Record("ann", noon, Numbered(0x41))
	b.create(next)
	b.finds(session.Query{Sessions: []session.ID{next.ID}}, next)
	b.finds(session.Query{Sessions: []session.ID{r.ID}}, r)
}

func readsNoNamesake(b *bench) {
	ann, bob := Record("ann", noon, Numbered(7)), Record("bob", noon, Numbered(7))
	b.create(ann)
	b.misses(bob.ID)
	b.create(bob)
	b.finds(session.Query{Sessions: []session.ID{ann.ID}}, ann)
	b.finds(session.Query{Sessions: []session.ID{bob.ID}}, bob)
}
