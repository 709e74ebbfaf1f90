package proof_test

import (
	"context"
	"errors"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// erased wants nothing kept of a user once an erasure is repeated, but the fence.
func (r *round) erased(subject, name string) {
	for _, s := range r.records(subject) {
		r.want(s.Ended(), "session %v is left live", s.ID)
	}
	_, err := r.directory.Erase(r.ctx, subject, session.ByOperator)
	r.must(err)
	r.want(len(r.records(subject)) == 0, "%d records are left", len(r.records(subject)))
	_, err = r.directory.Get(r.ctx, subject)
	r.want(errors.Is(err, signin.ErrNotFound), "the account: %v", err)
	_, err = r.directory.Resolve(r.ctx, name)
	r.want(errors.Is(err, signin.ErrNotFound), "the name: %v", err)
}

func (r *round) records(subject string) []session.Record {
	got, err := r.calls.Store.List(r.ctx, session.Range{Partition: session.PartitionOf(subject)})
	r.must(err)
	return got.Records
}

// eraseAgainst has one session, an erasure, and a sign-in that comes with what is in hand.
func eraseAgainst(sign func(old ticket) session.SignIn) func(*round) {
	return func(r *round) {
		ann, bob := r.user("ann"), r.user("bob")
		old, other := r.enter(ann), r.enter(bob)
		var fresh ticket
		var failed error
		in := sign(old)
		in.Subject = ann
		r.act(func(ctx context.Context) { fresh = r.signIn(ctx, r.process(0), in) })
		r.act(func(ctx context.Context) { _, failed = r.directory.Erase(ctx, ann, session.ByOperator) })
		r.run()
		r.want(failed == nil, "erase: %v", failed)
		r.want(!r.allowed(old.Presented), "a session that was there before is let in")
		r.want(!fresh.given() || !r.allowed(fresh.Presented), "a sign-in is let in to who is erased")
		r.want(r.allowed(other.Presented), "somebody else's session ended")
		r.erased(ann, "ann")
	}
}

// eraseErase has two erasures at once, each of which comes to its end or may be repeated.
func eraseErase(r *round) {
	ann := r.user("ann")
	r.enter(ann)
	var failed [2]error
	for i := range failed {
		r.act(func(ctx context.Context) { _, failed[i] = r.directory.Erase(ctx, ann, session.ByOperator) })
	}
	r.run()
	r.want(failed[0] == nil && failed[1] == nil, "two erasures: %v, %v", failed[0], failed[1])
	r.want(len(r.records(ann)) == 0, "%d records are left", len(r.records(ann)))
	r.erased(ann, "ann")
}
