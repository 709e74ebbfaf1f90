package storetest

import (
	"time"

	"coatcheck/core/session"
)

const onlyGrows = "RaiseEndedBefore sets the time before which all sessions are over, unless it is already as late or later: it only grows."

func controlChecks() []Check {
	return []Check{
		check("control-missing-is-zero", readsWhatIsAsked, controlZero),
		check("control-is-raised-at-once", onlyGrows+" "+seenByAll, controlRaised),
		check("control-only-grows", onlyGrows, controlGrows),
		check("control-makes-no-session", onlyCreate, controlIsNoSession),
		check("control-leaves-sessions-and-fences-alone", onlyGrows, controlLeavesRest),
	}
}

func (b *bench) raise(t time.Time) {
	if b.err == nil {
		b.want("raise ended-before", b.store.RaiseEndedBefore(b.ctx, t))
	}
}

// control wants the time before which everybody's sessions are over.
func (b *bench) control(want time.Time) {
	switch got := b.read(session.Query{Control: true}).EndedBefore; {
	case !got.Equal(want):
		b.failf("control: got %v, want %v", got, want)
	case got.Location() != time.UTC:
		b.failf("control: got a time in %v, want UTC", got.Location())
	}
}

func controlZero(b *bench) {
	b.control(time.Time{})
	b.create(Record("ann", noon))
	b.setFence("ann", session.Fence{1})
	b.control(time.Time{})
}

func controlRaised(b *bench) {
	for _, by := range []time.Duration{0, 1, 2, 999, 1000, 3_600_001} {
		t := noon.Add(by * time.Millisecond)
		b.raise(t)
		b.control(t)
	}
}

func controlGrows(b *bench) {
	b.raise(noon)
	for _, by := range []time.Duration{0, -1, -1000, -3_600_000} {
		b.raise(noon.Add(by * time.Millisecond))
		b.control(noon)
	}
	b.raise(ago)
	b.control(noon)
}

func controlIsNoSession(b *bench) {
	b.raise(noon)
	b.pages(live, 10)
	b.pages(ended, 10)
	b.counts(live, 0)
	b.counts(ended, 0)
}

// controlLeavesRest: what ends sessions is the Manager's reading of the control.
func controlLeavesRest(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	b.setFence("ann", session.Fence{1})
	b.raise(noon.Add(time.Hour))
	b.holds(r)
	b.lists(of("ann"), false, r)
	b.fence("ann", session.Fence{1})
	b.pages(live, 10, r)
}
