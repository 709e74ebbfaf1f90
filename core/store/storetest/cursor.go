package storetest

import (
	"encoding/base64"
	"errors"
	"time"

	"coatcheck/core/session"
)

const isCursor = "ErrCursor says that a cursor is not one that Page returned for that query."

func cursorChecks() []Check {
	return []Check{
		check("page-refuses-a-garbled-cursor", isCursor, refusesGarbled),
		check("page-refuses-a-cursor-of-the-other-status", isCursor, refusesOtherStatus),
		check("page-cursor-may-be-used-again", "Cursor: a Page's Next.", repeatsPage),
	}
}

// firstNext creates records of both statuses and returns the cursor of the second
// page of the live ones.
func (b *bench) firstNext() string {
	lives, overs := timed(minute, 4)
	b.create(append(lives, overs...)...)
	b.pages(live, 2, lives...)
	b.pages(ended, 2, overs...)
	if b.err != nil {
		return ""
	}
	page, err := b.page(session.PageQuery{StatusRange: live, Limit: 2})
	b.want("first page", err)
	if page.Next == "" {
		b.failf("first page: got no Next, want one, since half of the records are left")
	}
	return page.Next
}

func (b *bench) refusesCursor(status session.StatusRange, cursor string) {
	if b.err != nil {
		return
	}
	page, err := b.store.Page(b.ctx, session.PageQuery{StatusRange: status, Limit: 2, Cursor: cursor})
	if !errors.Is(err, session.ErrCursor) {
		b.failf("page with cursor %q: got %d records and error %v, want ErrCursor", cursor, len(page.Records), err)
	}
}

// refusesGarbled tries texts that no store makes, and a true cursor cut or drawn out.
func refusesGarbled(b *bench) {
	next := b.firstNext()
	if b.err != nil {
		return
	}
	for _, cursor := range []string{
		"x", " ", "0", "AAAA", "!!!", "null", "{}", "\x00", "\xff", next + "A", next + next, "A" + next, next[1:], next[:len(next)-1],
		base64.RawURLEncoding.EncodeToString([]byte("not a cursor")), Record("ann", noon).ID.String(),
	} {
		b.refusesCursor(live, cursor)
	}
}

func refusesOtherStatus(b *bench) {
	b.refusesCursor(ended, b.firstNext())
}

// repeatsPage reads the second page twice: a retry must not lose records.
func repeatsPage(b *bench) {
	q := session.PageQuery{StatusRange: live, Limit: 2, Cursor: b.firstNext()}
	if b.err != nil {
		return
	}
	first, err := b.page(q)
	b.want("second page", err)
	again, err := b.page(q)
	b.want("second page, again", err)
	b.want("second page, again", sameList(again.Records, first.Records))
	if len(first.Records) == 0 {
		b.failf("second page: got no records, want some, since half of them are left")
	}
}

const wholeWalk = "A record that matches during a whole walk is on one of its pages."

func walkChecks() []Check {
	return []Check{
		check("page-sees-each-of-one-millisecond-once", wholeWalk, walksMillisecond),
		check("page-limits-of-all-sizes", wholeWalk+" Limit: 1 to 1000.", walksLimits),
		check("page-of-many", wholeWalk+" Limit: 1 to 1000.", walksMany),
		check("page-misses-none-while-others-end", wholeWalk, walksEnding),
		check("page-misses-none-while-others-come", wholeWalk, walksComing),
		check("page-misses-none-that-is-touched", wholeWalk+" One whose time moves meanwhile may be on two.", walksTouching),
	}
}

// walksMillisecond has many users' records at one time: the cursor must tell more.
func walksMillisecond(b *bench) {
	var lives, overs []session.Record
	for _, subject := range subjects(12) {
		lives = append(lives, Record(subject, noon, Numbered(1)), Record(subject, noon, Numbered(2)))
		overs = append(overs, Record(subject, noon, Numbered(3), EndedAt(minute)))
	}
	b.create(append(lives, overs...)...)
	for _, limit := range []int{1, 2, 5} {
		b.pages(live, limit, lives...)
		b.pages(ended, limit, overs...)
	}
}

func walksLimits(b *bench) {
	lives, overs := timed(minute, 9)
	b.create(append(lives, overs...)...)
	for _, limit := range []int{1, 2, 3, 4, 8, 9, 10, 1000} {
		b.pages(live, limit, lives...)
		b.pages(ended, limit, overs...)
	}
}

// walksMany is more than DynamoDB reads in one batch of 100 keys.
func walksMany(b *bench) {
	var records []session.Record
	for i, subject := range subjects(50) {
		for range 5 {
			records = append(records, Record(subject, noon.Add(time.Duration(i)*time.Millisecond), Full))
		}
	}
	b.create(records...)
	for _, limit := range []int{99, 101, 250, 1000} {
		b.pages(live, limit, records...)
	}
	b.counts(live, len(records))
}

// walksWhile walks in pages of two, lets records change after the first page, and
// wants those that matched all the while.
func (b *bench) walksWhile(change func(seen []session.Record), want []session.Record) {
	if b.err != nil {
		return
	}
	first := true
	got, err := b.walkWith(live, 2, func(seen []session.Record) {
		if first {
			change(seen)
		}
		first = false
	})
	b.want("walk", err)
	type place struct {
		id session.ID
		at int64
	}
	there, places := map[session.ID]bool{}, map[place]bool{}
	for _, r := range got {
		at := place{r.ID, r.ExpiresAt.UnixMilli()}
		if places[at] {
			b.failf("walk while records change: got %v twice at one time, want it once", names([]session.Record{r}))
		}
		there[r.ID], places[at] = true, true
	}
	for _, r := range want {
		if !there[r.ID] {
			b.failf("walk while records change: got %v, want %v on it too", names(got), names([]session.Record{r}))
		}
	}
}

// walksEnding ends what the first page gave, and one that is still to come.
func walksEnding(b *bench) {
	lives, _ := timed(minute, 10)
	b.create(lives...)
	b.pages(live, 2, lives...)
	b.walksWhile(func(seen []session.Record) {
		for _, r := range append(seen, lives[5]) {
			c, _ := endOf(r)
			b.update(r.ID, c)
		}
	}, append(lives[2:5:5], lives[6:]...))
}

// walksComing adds records before and after the place where the walk is.
func walksComing(b *bench) {
	lives, _ := timed(minute, 10)
	b.create(lives...)
	b.pages(live, 2, lives...)
	b.walksWhile(func([]session.Record) {
		b.create(Record("zed", noon, ExpiringAt(minute.Add(-30*time.Second))), Record("zed", noon, ExpiringAt(minute.Add(time.Hour))))
	}, lives)
}

// walksTouching moves one that was seen and one that was not to the end.
func walksTouching(b *bench) {
	lives, _ := timed(minute, 10)
	b.create(lives...)
	b.pages(live, 2, lives...)
	b.walksWhile(func([]session.Record) {
		for _, r := range []session.Record{lives[0], lives[1], lives[6]} {
			c, _ := touchOf(r)
			b.update(r.ID, c)
		}
	}, lives)
}
