package storetest

import (
	"errors"
	"time"

	"coatcheck/core/session"
)

const (
	deletesEnded  = "Delete forgets a record that is ended."
	keepsUnended  = "Delete of what is not ended is ErrConflict, and it stays."
	deleteRepeats = "Delete where there is no record is success, so that it may be repeated."
)

func deleteChecks() []Check {
	return []Check{
		check("delete-forgets-an-ended-record", deletesEnded, deletesIt),
		check("delete-leaves-no-index-entry", deletesEnded+" Page and Count know nothing of it.", deletesEntries),
		check("delete-of-a-live-record-conflicts", keepsUnended, deletesLive),
		check("delete-of-an-expired-record-conflicts", keepsUnended+" A Store knows no clock.", deletesExpired),
		check("delete-of-a-missing-record-is-success", deleteRepeats, deletesMissing),
		check("delete-leaves-the-others-and-the-fence", "Delete forgets the record that has the ID, and nothing else.", deletesOnlyThat),
		check("update-after-delete-makes-nothing", "Nothing but Create makes a record: an Update that comes after a Delete finds none.", updatesDeleted),
	}
}

// deletes wants sessions forgotten.
func (b *bench) deletes(ids ...session.ID) {
	for _, id := range ids {
		if b.err == nil {
			b.want("delete", b.store.Delete(b.ctx, id))
		}
	}
}

// keeps wants a Delete refused, and the record to stay.
func (b *bench) keeps(r session.Record) {
	if b.err != nil {
		return
	}
	if err := b.store.Delete(b.ctx, r.ID); !errors.Is(err, session.ErrConflict) {
		b.failf("delete of what is not ended: got error %v, want ErrConflict", err)
	}
	b.holds(r)
}

func deletesIt(b *bench) {
	born, over := Record("ann", noon, Full, EndedAt(noon.Add(time.Hour))), Record("ann", noon, Full)
	b.create(born, over)
	end, _ := endOf(over)
	b.update(over.ID, end)
	b.deletes(born.ID, over.ID)
	b.misses(born.ID, over.ID)
	b.lists(of("ann"), false)
}

func deletesEntries(b *bench) {
	r, over := Record("ann", noon, Numbered(1)), Record("ann", noon, Numbered(2), EndedAt(noon.Add(time.Minute)))
	other := Record("bob", noon, Numbered(3), EndedAt(noon.Add(time.Minute)))
	b.create(r, over, other)
	touch, _ := touchOf(r)
	b.update(r.ID, touch)
	end, _ := endOf(r)
	b.update(r.ID, end)
	b.deletes(r.ID, over.ID)
	b.pages(ended, 10, other)
	b.pages(live, 10)
	b.counts(ended, 1)
	b.counts(live, 0)
}

func deletesLive(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	b.keeps(r)
	touch, touched := touchOf(r)
	b.changes(touch, touched)
	b.keeps(touched)
	b.pages(live, 10, touched)
}

func deletesExpired(b *bench) {
	r := Record("ann", ago)
	b.create(r)
	b.keeps(r)
}

func deletesMissing(b *bench) {
	never, over := Record("ann", noon), Record("ann", noon, EndedAt(noon))
	b.create(over)
	b.deletes(never.ID, over.ID, over.ID)
	b.misses(never.ID, over.ID)
}

func deletesOnlyThat(b *bench) {
	over := Record("ann", noon, Numbered(7), EndedAt(noon))
	next, namesake := Record("ann", noon, Numbered(6), EndedAt(noon)), Record("bob", noon, Numbered(7), EndedAt(noon))
	b.create(over, next, namesake)
	b.setFence("ann", session.Fence{1})
	b.raise(ago)
	b.deletes(over.ID)
	b.holds(next, namesake)
	b.fence("ann", session.Fence{1})
	b.control(ago)
	b.deletes(next.ID)
	b.fence("ann", session.Fence{1})
}

func updatesDeleted(b *bench) {
	over := Record("ann", noon, EndedAt(noon))
	b.create(over)
	b.deletes(over.ID)
	for _, c := range changesOf(over) {
		b.notFound(over.ID, c)
	}
	b.misses(over.ID)
	b.lists(of("ann"), false)
}
