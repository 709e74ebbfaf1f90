package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"coatcheck/core/session"
)

// DamageCheck is a [Check] that needs a stored item to be damaged.
type DamageCheck struct {
	Name   string
	Clause string
	// Run tests a store that is empty; damage makes what is stored of a session
	// something that is no record.
	Run func(ctx context.Context, s session.Store, damage func(session.ID) error) error
}

// RunDamaged runs the checks of what is stored and is no record. open returns an empty
// store and how its items are damaged, which only the adapter knows.
func RunDamaged(t *testing.T, open func(t *testing.T) (s session.Store, damage func(session.ID) error)) {
	t.Helper()
	for _, c := range DamageChecks() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), checkTime)
			defer cancel()
			s, damage := open(t)
			if err := c.Run(ctx, s, damage); err != nil {
				t.Errorf("%v\ncontract: %s", err, c.Clause)
			}
		})
	}
}

const (
	damagedIsNamed   = "A stored item that is no record is damaged: reads name it and go on."
	damagedIsNoWrite = "An update of a damaged item returns ErrDamaged and makes it no record."
	damagedEnds      = "An end and nothing else takes hold of a damaged item: it is answered with ErrDamaged and a record that has the ID and the end that holds."
)

// DamageChecks returns all of them.
func DamageChecks() []DamageCheck {
	return []DamageCheck{
		damageCheck("damaged-item-is-named-by-read", damagedIsNamed, damagedRead),
		damageCheck("damaged-item-is-named-by-list", damagedIsNamed, damagedList),
		damageCheck("damaged-item-is-named-by-page", damagedIsNamed, damagedPage),
		damageCheck("damaged-item-is-not-replaced", "Create changes nothing where there is something under the ID, whatever its state.", damagedCreate),
		damageCheck("damaged-item-refuses-touch-and-secrets", damagedIsNoWrite, damagedRefuses),
		damageCheck("damaged-item-takes-an-end", damagedEnds, damagedTakesEnd),
		damageCheck("damaged-item-keeps-the-first-end", damagedEnds+" The first end stays.", damagedKeepsEnd),
		damageCheck("damaged-item-that-was-ended-keeps-that-end", damagedEnds+" The first end stays.", damagedKeepsOldEnd),
		damageCheck("damaged-item-moves-to-the-ended", damagedEnds+" It is then among the ended.", damagedMoves),
		damageCheck("damaged-item-leaves-others-alone", damagedEnds, damagedLeavesOthers),
		damageCheck("damaged-item-is-deleted-once-ended", deletesEnded+" So does what is damaged, if its end can be read.", damagedDeleted),
	}
}

// brokenBench is a bench with one damaged and one good session of the same user.
type brokenBench struct {
	*bench
	bad, fine session.Record
	damage    func(session.ID) error
}

func damageCheck(name, clause string, test func(b *brokenBench)) DamageCheck {
	return DamageCheck{Name: name, Clause: clause, Run: func(ctx context.Context, s session.Store, damage func(session.ID) error) error {
		b := &brokenBench{
			bench: &bench{ctx: ctx, store: s}, damage: damage,
			bad: Record("ann", noon, Numbered(1)), fine: Record("ann", noon, Numbered(2)),
		}
		b.create(b.bad, b.fine)
		b.want("damage", damage(b.bad.ID))
		test(b)
		return b.err
	}}
}

// names wants the damaged session named and the good one returned.
func (b *brokenBench) names(call string, records []session.Record, damaged []session.ID, err error) {
	b.want(call, err)
	if len(records) != 1 || records[0].ID != b.fine.ID || !slices.Equal(damaged, []session.ID{b.bad.ID}) {
		b.failf("%s: got %d records, damaged %v, want the good one and the damaged one named", call, len(records), damaged)
	}
}

func damagedRead(b *brokenBench) {
	got, err := b.store.Read(b.ctx, session.Query{Sessions: []session.ID{b.bad.ID, b.fine.ID}})
	b.names("read of two", got.Records, got.Damaged, err)
	got, err = b.store.Read(b.ctx, session.Query{Sessions: []session.ID{b.bad.ID}})
	b.want("read of one", err)
	if len(got.Records) != 0 || !slices.Equal(got.Damaged, []session.ID{b.bad.ID}) {
		b.failf("read of one: got %d records, damaged %v", len(got.Records), got.Damaged)
	}
}

func damagedList(b *brokenBench) {
	got, err := b.store.List(b.ctx, session.Range{Partition: b.bad.ID.Partition()})
	b.names("list", got.Records, got.Damaged, err)
}

func damagedPage(b *brokenBench) {
	got, err := b.store.Page(b.ctx, session.PageQuery{StatusRange: live, Limit: 10})
	b.names("page", got.Records, got.Damaged, err)
}

func damagedCreate(b *brokenBench) {
	if _, err := b.store.Create(b.ctx, b.bad); err == nil {
		b.failf("create over a damaged item: got no error")
	}
	damagedRead(b)
}

func damagedRefuses(b *brokenBench) {
	touch, _ := touchOf(b.bad)
	rotation, _ := rotationOf(b.bad)
	for _, c := range []session.Change{touch, rotation, {Touch: touch.Touch, Secrets: rotation.Secrets}} {
		b.isDamaged(c, session.End{})
	}
	damagedRead(b)
}

// isDamaged wants a change answered with ErrDamaged, and the end that holds.
func (b *brokenBench) isDamaged(c session.Change, holds session.End) {
	if b.err != nil {
		return
	}
	got, err := b.store.Update(b.ctx, b.bad.ID, c)
	want := session.Record{}
	if !holds.At.IsZero() {
		want.ID, want.End = b.bad.ID, holds
	}
	if !errors.Is(err, session.ErrDamaged) {
		b.failf("update of a damaged item: got error %v, want ErrDamaged", err)
		return
	}
	b.want("record returned with ErrDamaged", Diff(got, want))
}

func damagedTakesEnd(b *brokenBench) {
	end, after := endOf(b.bad)
	b.isDamaged(end, after.End)
	damagedRead(b)
	damagedList(b)
}

func damagedKeepsEnd(b *brokenBench) {
	end, after := endOf(b.bad)
	b.isDamaged(end, after.End)
	b.isDamaged(end, after.End)
	other := session.End{At: noon.Add(time.Hour), Reason: session.SignedOut, By: session.BySubject("ann")}
	b.isDamaged(session.Change{End: &other}, after.End)
}

func damagedKeepsOldEnd(b *brokenBench) {
	end, after := endOf(b.fine)
	b.changes(end, after)
	b.want("damage", b.damage(b.fine.ID))
	b.bad = b.fine
	later := session.End{At: noon.Add(time.Hour), Reason: session.SignedOut, By: session.BySubject("ann")}
	if b.err != nil {
		return
	}
	got, err := b.store.Update(b.ctx, b.fine.ID, session.Change{End: &later})
	// What is left of the old end, if its part of the item can still be read, stays.
	if !errors.Is(err, session.ErrDamaged) || !got.Ended() || got.ID != b.fine.ID {
		b.failf("end of a damaged item that was ended: got %+v, %v, want an end and ErrDamaged", got.End, err)
	}
}

func damagedMoves(b *brokenBench) {
	end, after := endOf(b.bad)
	b.isDamaged(end, after.End)
	for status, want := range map[session.StatusRange][]session.ID{live: nil, ended: {b.bad.ID}} {
		page, err := b.store.Page(b.ctx, session.PageQuery{StatusRange: status, Limit: 10})
		b.want("page", err)
		if !slices.Equal(page.Damaged, want) {
			b.failf("page of %s: damaged %v, want %v", status.Status, page.Damaged, want)
		}
	}
}

func damagedLeavesOthers(b *brokenBench) {
	end, after := endOf(b.bad)
	b.isDamaged(end, after.End)
	b.holds(b.fine)
	b.changes(end, withEnd(b.fine, after.End))
}

func withEnd(r session.Record, e session.End) session.Record {
	r.End = e
	return r
}

func damagedDeleted(b *brokenBench) {
	if b.err == nil {
		if err := b.store.Delete(b.ctx, b.bad.ID); !errors.Is(err, session.ErrConflict) {
			b.failf("delete of a damaged item that is not ended: got error %v, want ErrConflict", err)
		}
	}
	damagedRead(b)
	end, after := endOf(b.bad)
	b.isDamaged(end, after.End)
	b.deletes(b.bad.ID)
	b.holds(b.fine)
	b.misses(b.bad.ID)
	b.lists(of("ann"), false, b.fine)
	b.pages(ended, 10)
	b.pages(live, 10, b.fine)
}
