package storetest

import (
	"time"

	"coatcheck/core/session"
)

const (
	listsFence    = "List returns one user's records and the user's fence, strongly consistent."
	setFence      = "SetFence replaces the user's fence."
	fenceNotOlder = "The fence is read no earlier than any write that returned before the call began."
	fenceMissing  = "Missing reads as zero."
	onlyCreate    = "Nothing but Create makes a record."
)

func fenceChecks() []Check {
	return []Check{
		check("fence-missing-is-zero", fenceMissing, fenceZero),
		check("fence-is-replaced-at-once", setFence+" "+fenceNotOlder, fenceReplaced),
		check("fence-of-each-user-is-its-own", setFence, fencePerUser),
		check("fence-with-a-list-of-no-records", listsFence, fenceWithoutRecords),
		check("fence-with-a-list-of-a-range", listsFence, fenceWithRange),
		check("fence-takes-no-place-in-a-list", limitBounds, fenceTakesNoPlace),
		check("fence-makes-no-session", onlyCreate, fenceIsNoSession),
		check("fence-leaves-sessions-alone", setFence, fenceLeavesSessions),
	}
}

func (b *bench) setFence(subject string, f session.Fence) {
	if b.err == nil {
		b.want("set fence", b.store.SetFence(b.ctx, session.PartitionOf(subject), f))
	}
}

// fence wants Read and List to return a user's fence.
func (b *bench) fence(subject string, want session.Fence) {
	if got := b.read(session.Query{Subject: session.PartitionOf(subject)}).Fence; got != want {
		b.failf("fence by Read: got %x, want %x", got, want)
	}
	b.fenceBy(of(subject), want)
}

func (b *bench) fenceBy(r session.Range, want session.Fence) {
	if got := b.list(r).Fence; got != want {
		b.failf("fence by List, limit %d: got %x, want %x", r.Limit, got, want)
	}
}

func fenceZero(b *bench) {
	b.create(Record("ann", noon))
	b.setFence("cid", session.Fence{9})
	b.fence("ann", session.Fence{})
	b.fence("bob", session.Fence{})
}

func fenceReplaced(b *bench) {
	b.create(Record("ann", noon))
	for i := range byte(5) {
		f := session.Fence{0, i, 0xff, 15: i + 1}
		b.setFence("ann", f)
		b.fence("ann", f)
	}
}

func fencePerUser(b *bench) {
	users := subjects(5)
	for i, subject := range users {
		b.setFence(subject, session.Fence{byte(i + 1)})
	}
	for i, subject := range users {
		b.fence(subject, session.Fence{byte(i + 1)})
	}
}

func fenceWithoutRecords(b *bench) {
	b.setFence("ann", session.Fence{1})
	b.fence("ann", session.Fence{1})
	b.fenceBy(session.Range{Partition: session.PartitionOf("ann"), Since: noon, Limit: 1}, session.Fence{1})
}

// fenceWithRange asks with ranges that a scan of the user's items would end before
// it comes by the fence.
func fenceWithRange(b *bench) {
	records := numbered("ann", 5)
	b.create(records...)
	b.setFence("ann", session.Fence{1})
	for limit := range 7 {
		r := of("ann")
		r.Limit = limit
		b.fenceBy(r, session.Fence{1})
		r.Since = noon
		b.fenceBy(r, session.Fence{1})
		r.Before = records[2].ID
		b.fenceBy(r, session.Fence{1})
		r.Since, r.Before = noon.Add(time.Hour), session.ID{}
		b.fenceBy(r, session.Fence{1})
		r.Since, r.Before = time.Time{}, records[4].ID
		b.fenceBy(r, session.Fence{1})
	}
}

func fenceTakesNoPlace(b *bench) {
	records := numbered("ann", 3)
	b.create(records...)
	b.setFence("ann", session.Fence{1})
	for limit := 1; limit <= 4; limit++ {
		r := of("ann")
		r.Limit = limit
		b.lists(r, limit < 3, records[:min(limit, 3)]...)
	}
}

func fenceIsNoSession(b *bench) {
	b.setFence("ann", session.Fence{1})
	b.lists(of("ann"), false)
	b.pages(live, 10)
	b.pages(ended, 10)
	b.counts(live, 0)
	b.counts(ended, 0)
}

func fenceLeavesSessions(b *bench) {
	live := Record("ann", noon.Add(time.Second), Full)
	over := Record("ann", noon, Full, EndedAt(noon.Add(time.Hour)))
	b.create(live, over)
	b.setFence("ann", session.Fence{1})
	b.setFence("ann", session.Fence{2})
	b.holds(live, over)
	b.lists(of("ann"), false, live, over)
}
