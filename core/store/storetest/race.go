package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"coatcheck/core/session"
)

// rivals are how many calls race for one thing, rounds how often two calls meet.
const (
	rivals = 12
	rounds = 12
)

func raceChecks() []Check {
	return []Check{
		check("race-of-creates-has-one-winner", refusesTaken, racesCreate),
		check("race-of-ends-has-one-winner", "Update changes the record, if it is not ended, in one atomic step. The first end stays.", racesEnd),
		check("race-of-touches-has-one-winner", "Update changes the record, if c.If holds, in one atomic step.", racesTouch),
		check("race-of-raises-ends-at-the-latest", onlyGrows, racesRaise),
	}
}

// outcome is what one rival got.
type outcome struct {
	record session.Record
	err    error
}

// race runs the rivals and returns what each got.
func (b *bench) race(call func(i int) (session.Record, error)) []outcome {
	got := make([]outcome, rivals)
	if b.err != nil {
		return got
	}
	parallel(rivals, func(i int) { got[i].record, got[i].err = call(i) })
	return got
}

// oneWinner wants one nil and otherwise the sentinel, always with the winner's record,
// which is the one that is kept.
func (b *bench) oneWinner(got []outcome, loss error, record func(i int) session.Record) {
	if b.err != nil {
		return
	}
	winner := -1
	for i, o := range got {
		switch {
		case o.err == nil && winner >= 0:
			b.failf("rivals %d and %d both won, want one winner", winner, i)
		case o.err == nil:
			winner = i
		case !errors.Is(o.err, loss):
			b.failf("rival %d: got error %v, want nil or %q", i, o.err, loss)
		}
	}
	if winner < 0 {
		b.failf("no rival won, want one winner")
		return
	}
	for i, o := range got {
		if i != winner {
			b.want(fmt.Sprintf("record that rival %d lost to", i), Diff(o.record, record(winner)))
		}
	}
	b.holds(record(winner))
}

func racesCreate(b *bench) {
	base := Record("ann", noon, Full)
	record := func(i int) session.Record {
		r := clone(base)
		r.Client.Address = fmt.Sprintf("192.0.2.%d", i)
		r.Secrets.Current = sha256.Sum256([]byte(r.Client.Address))
		return r
	}
	got := b.race(func(i int) (session.Record, error) { return b.store.Create(b.ctx, record(i)) })
	b.oneWinner(got, session.ErrExists, record)
}

func racesEnd(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	record := func(i int) session.Record {
		c, after := endOf(r)
		after.End = *c.End
		after.End.By = session.BySubject(fmt.Sprint(i))
		after.End.At = after.End.At.Add(time.Duration(i%3) * time.Millisecond)
		return after
	}
	got := b.race(func(i int) (session.Record, error) {
		end := record(i).End
		return b.store.Update(b.ctx, r.ID, session.Change{End: &end})
	})
	b.oneWinner(got, session.ErrConflict, record)
}

// racesTouch is what keeps parallel requests of one page at one write.
func racesTouch(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	record := func(i int) session.Record {
		after := clone(r)
		after.LastSeenAt = r.LastSeenAt.Add(time.Duration(i+1) * time.Millisecond)
		after.ExpiresAt = r.ExpiresAt.Add(time.Duration(i+1) * time.Millisecond)
		return after
	}
	got := b.race(func(i int) (session.Record, error) {
		after := record(i)
		return b.store.Update(b.ctx, r.ID, session.Change{
			If:    session.Condition{ExpiresAfter: noon, LastSeenAt: r.LastSeenAt},
			Touch: &session.Touch{LastSeenAt: after.LastSeenAt, ExpiresAt: after.ExpiresAt},
		})
	})
	b.oneWinner(got, session.ErrConflict, record)
}

func racesRaise(b *bench) {
	for round := range rounds {
		at := noon.Add(time.Duration(round) * time.Minute)
		got := b.race(func(i int) (session.Record, error) {
			return session.Record{}, b.store.RaiseEndedBefore(b.ctx, at.Add(time.Duration(i*5%rivals)*time.Millisecond))
		})
		for _, o := range got {
			b.want("raise ended-before", o.err)
		}
		b.control(at.Add((rivals - 1) * time.Millisecond))
	}
}

// both runs two calls at once, the second started first every other time.
func both(round int, f, g func()) {
	calls := []func(){f, g}
	var wg sync.WaitGroup
	wg.Go(calls[round%2])
	wg.Go(calls[1-round%2])
	wg.Wait()
}
