package storetest

import (
	"time"

	"coatcheck/core/session"
)

const partsLeaveRest = "Parts that are nil leave the record's as they are."

func partChecks() []Check {
	leaves := func(name string, change func(session.Record) (session.Change, session.Record)) Check {
		return check(name, partsLeaveRest, func(b *bench) {
			r := Record("ann", noon, Full)
			b.create(r)
			c, after := change(r)
			b.changes(c, after)
		})
	}
	return []Check{
		leaves("touch-leaves-the-rest", touchOf),
		leaves("secrets-leave-the-rest", rotationOf),
		leaves("end-leaves-the-rest", endOf),
		check("update-of-no-part-changes-nothing", partsLeaveRest, updatesNothing),
		check("update-of-all-parts-at-once", returnsAsItIs, updatesAll),
		check("secrets-clear-what-is-zero", "Next is a secret that was sent out and not yet come back; zero if none.", clearsSecrets),
		check("touch-moves-either-way", "A Store knows no policy: it compares the times it is given and takes none itself.", touchesEitherWay),
	}
}

func updatesNothing(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	b.changes(session.Change{}, r)
	b.changes(session.Change{If: session.Condition{LastSeenAt: r.LastSeenAt}}, r)
	b.rejects(session.Change{If: session.Condition{LastSeenAt: noon.Add(time.Hour)}}, r)
}

func updatesAll(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	touch, after := touchOf(r)
	rotation, after := rotationOf(after)
	end, after := endOf(after)
	b.changes(session.Change{
		If:    session.Condition{ExpiresAfter: noon, LastSeenAt: r.LastSeenAt, Secrets: &r.Secrets},
		Touch: touch.Touch, Secrets: rotation.Secrets, End: end.End,
	}, after)
}

func clearsSecrets(b *bench) {
	r := Record("ann", noon, Full)
	b.create(r)
	r.Secrets = session.Secrets{Current: r.Secrets.Next, ConfirmedAt: noon.Add(time.Minute)}
	b.changes(session.Change{Secrets: &r.Secrets}, r)
}

// touchesEitherWay moves the expiry back too: a policy that became tighter does so.
func touchesEitherWay(b *bench) {
	r := Record("ann", noon)
	b.create(r)
	for _, by := range []time.Duration{time.Hour, -time.Hour, time.Millisecond, -time.Millisecond} {
		r.LastSeenAt, r.ExpiresAt = r.LastSeenAt.Add(time.Millisecond), r.ExpiresAt.Add(by)
		b.changes(session.Change{Touch: &session.Touch{LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt}}, r)
	}
}
