package storetest

import (
	"errors"
	"slices"

	"coatcheck/core/session"
)

func raceRecordChecks() []Check {
	return []Check{
		check("race-of-parts-keeps-both", returnsAsItIs, racesParts),
		check("race-of-end-and-touch-stays-ended", endedStays, racesEndTouch),
		check("race-of-sign-in-and-end-all-shows-in-one", listsAll+" "+fenceNotOlder, racesSignIn),
	}
}

// racesParts loses one of them in a store that writes whole records back.
func racesParts(b *bench) {
	for round := range rounds {
		r := Record("ann", noon, Full)
		b.create(r)
		touch, after := touchOf(r)
		rotation, after := rotationOf(after)
		rotation.Secrets = &after.Secrets
		if b.err != nil {
			return
		}
		var faults [2]error
		both(round,
			func() { _, faults[0] = b.store.Update(b.ctx, r.ID, touch) },
			func() { _, faults[1] = b.store.Update(b.ctx, r.ID, rotation) })
		b.want("touch and rotation at once", errors.Join(faults[:]...))
		b.holds(after)
	}
}

// racesEndTouch brings the session back in a store that writes whole records back.
func racesEndTouch(b *bench) {
	for round := range rounds {
		r := Record("ann", noon)
		b.create(r)
		touch, touched := touchOf(r)
		end, over := endOf(r)
		if b.err != nil {
			return
		}
		var endErr, touchErr error
		both(round,
			func() { _, endErr = b.store.Update(b.ctx, r.ID, end) },
			func() { _, touchErr = b.store.Update(b.ctx, r.ID, touch) })
		b.want("end", endErr)
		switch {
		case touchErr == nil:
			touched.End = over.End
			b.holds(touched)
		case errors.Is(touchErr, session.ErrConflict):
			b.holds(over)
		default:
			b.failf("touch: got error %v, want nil or ErrConflict", touchErr)
		}
	}
}

// racesSignIn is the race that the fence is for: who signs in creates and lists, who
// ends all sets the fence and lists. At least one must see the other.
func racesSignIn(b *bench) {
	for round := range rounds {
		r := Record("ann", noon)
		fence := session.Fence{byte(round + 1)}
		var signIn, endAll session.Listing
		var faults [4]error
		if b.err != nil {
			return
		}
		both(round, func() {
			_, faults[0] = b.store.Create(b.ctx, r)
			signIn, faults[1] = b.store.List(b.ctx, of("ann"))
		}, func() {
			faults[2] = b.store.SetFence(b.ctx, r.ID.Partition(), fence)
			endAll, faults[3] = b.store.List(b.ctx, of("ann"))
		})
		b.want("sign-in and end-all at once", errors.Join(faults[:]...))
		seen := slices.ContainsFunc(endAll.Records, func(is session.Record) bool { return is.ID == r.ID })
		if signIn.Fence != fence && !seen {
			b.failf("the sign-in saw the old fence and the end-all not its record: want one to see the other")
		}
	}
}
