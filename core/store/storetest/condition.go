package storetest

import (
	"time"

	"coatcheck/core/session"
)

const conditionFails = "If c.If does not hold, Update changes nothing and returns the record as it stands with ErrConflict."

func conditionChecks() []Check {
	return []Check{
		check("condition-expires-after", "ExpiresAfter: the record's ExpiresAt is later than this.", expiresAfter),
		check("condition-last-seen-at", "LastSeenAt: the record's equals this.", lastSeenAt),
		check("condition-current-secret", "Secrets: the record's Current equals this one's.", currentSecret),
		check("condition-next-secret", "Secrets: the record's Next equals this one's.", nextSecret),
		check("condition-on-secrets-looks-at-no-more", "Secrets: the record's Current and Next equal these.", otherSecrets),
		check("condition-needs-all-parts", "Update changes the record if c.If holds, in one atomic step.", allConditions),
		check("condition-of-zero-fields", "Zero fields do not count.", noConditions),
		check("condition-failed-changes-nothing", conditionFails, failedChangesNothing),
		check("condition-failed-returns-the-record", conditionFails, failedReturns),
		check("condition-sees-the-latest-write", conditionFails, conditionSeesLatest),
	}
}

// expiresAfter asks at the very millisecond, and at those beside it.
func expiresAfter(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	c, after := touchOf(r)
	for _, at := range []time.Duration{time.Hour, time.Millisecond, 0} {
		c.If.ExpiresAfter = r.ExpiresAt.Add(at)
		b.rejects(c, r)
	}
	c.If.ExpiresAfter = r.ExpiresAt.Add(-time.Millisecond)
	b.changes(c, after)
	c.If.ExpiresAfter = noon.AddDate(-10, 0, 0)
	b.changes(c, after)
}

func lastSeenAt(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	c, after := touchOf(r)
	for _, off := range []time.Duration{-time.Second, -time.Millisecond, time.Millisecond, time.Second} {
		c.If.LastSeenAt = r.LastSeenAt.Add(off)
		b.rejects(c, r)
	}
	c.If.LastSeenAt = r.LastSeenAt
	b.changes(c, after)
}

func currentSecret(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	c, after := rotationOf(r)
	other := r.Secrets
	other.Current[31] ^= 1
	c.If.Secrets = &other
	b.rejects(c, r)
	c.If.Secrets = &r.Secrets
	b.changes(c, after)
}

// nextSecret meets zero on either side: in a database that is an absent field.
func nextSecret(b *bench) {
	with, without := Record("ann", noon, Full), Record("ann", noon)
	b.create(with, without)
	for _, r := range []session.Record{with, without} {
		c, after := rotationOf(r)
		other := r.Secrets
		other.Next[31] ^= 1
		c.If.Secrets = &other
		b.rejects(c, r)
		if !r.Secrets.Next.IsZero() {
			other.Next = session.Hash{}
			b.rejects(c, r)
		}
		c.If.Secrets = &r.Secrets
		b.changes(c, after)
	}
}

func otherSecrets(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	c, after := rotationOf(r)
	c.If.Secrets = &session.Secrets{Current: r.Secrets.Current, Next: r.Secrets.Next}
	b.changes(c, after)
}

func allConditions(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	c, after := touchOf(r)
	for wrong := range 3 {
		secrets := r.Secrets
		c.If = session.Condition{ExpiresAfter: noon, LastSeenAt: r.LastSeenAt, Secrets: &secrets}
		switch wrong {
		case 0:
			c.If.ExpiresAfter = r.ExpiresAt
		case 1:
			c.If.LastSeenAt = noon
		case 2:
			secrets.Current[0] ^= 1
		}
		b.rejects(c, r)
	}
	c.If = session.Condition{ExpiresAfter: noon, LastSeenAt: r.LastSeenAt, Secrets: &r.Secrets}
	b.changes(c, after)
}

func noConditions(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	for _, change := range []func(session.Record) (session.Change, session.Record){touchOf, rotationOf, endOf} {
		c, after := change(r)
		b.changes(c, after)
		r = after
	}
}

// unfit is a change of each part under a condition that does not hold.
func unfit(r session.Record) []session.Change {
	changes := changesOf(r)
	for i := range changes {
		changes[i].If.LastSeenAt = r.LastSeenAt.Add(time.Millisecond)
	}
	return changes
}

func failedChangesNothing(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	for _, c := range unfit(r) {
		if b.err == nil {
			_, _ = b.store.Update(b.ctx, r.ID, c)
		}
		b.holds(r)
		b.pages(ended, 10)
	}
	b.pages(live, 10, r)
}

func failedReturns(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	for _, c := range unfit(r) {
		b.rejects(c, r)
	}
}

// conditionSeesLatest meets what the update before it wrote.
func conditionSeesLatest(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	for range 4 {
		c, after := touchOf(r)
		c.If.LastSeenAt = r.LastSeenAt
		b.changes(c, after)
		b.rejects(c, after)
		r = after
	}
}
