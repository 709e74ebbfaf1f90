package proof_test

import (
	"context"
	"errors"
	"slices"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Two sign-ins at once against each way of ending all of a user's sessions: together
// more than 100,000 orders in make prove.

// ending is one way, and what has to hold of the sessions that are live afterwards.
type ending struct {
	do   func(ctx context.Context, r *round, ann string) error
	live func(r session.Record) bool
}

var none = func(session.Record) bool { return false }

var endings = map[string]ending{
	"end-all": {func(ctx context.Context, r *round, ann string) error {
		_, err := r.process(0).EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
		return err
	}, func(session.Record) bool { return true }},
	"disable": {func(ctx context.Context, r *round, ann string) error {
		disabled := true
		_, err := r.directory.Change(ctx, ann, signin.UserChange{Disabled: &disabled}, session.ByOperator)
		return err
	}, none},
	"password reset": {func(ctx context.Context, r *round, ann string) error {
		password := signin.NewPassword(secondPhrase)
		_, err := r.directory.Change(ctx, ann, signin.UserChange{Password: &password}, session.ByOperator)
		return err
	}, none},
	"roles": {func(ctx context.Context, r *round, ann string) error {
		roles := []string{"guest"}
		_, err := r.directory.Change(ctx, ann, signin.UserChange{Roles: &roles}, session.ByOperator)
		return err
	}, func(s session.Record) bool { return slices.Equal(s.Roles, []string{"guest"}) }},
}

// signInsAgainst has one session, two sign-ins by the password as it was, one of them
// with that session in hand, and an end.
func signInsAgainst(name string) func(*round) {
	way := endings[name]
	return func(r *round) {
		ann, bob := r.user("ann"), r.user("bob")
		old, other := r.enter(ann), r.enter(bob)
		var fresh [2]ticket
		for i, inHand := range []session.Presented{{}, old.Presented} {
			r.act(func(ctx context.Context) {
				fresh[i] = r.signIn(ctx, r.process(0), session.SignIn{Subject: ann, Replace: inHand})
			})
		}
		var failed error
		r.act(func(ctx context.Context) { failed = way.do(ctx, r, ann) })
		r.run()
		r.want(failed == nil, "%s: %v", name, failed)
		r.want(!r.allowed(old.Presented), "a session that was there before is let in")
		r.want(r.allowed(other.Presented), "somebody else's session ended")
		for i := range fresh {
			r.want(fresh[i].given() || errors.Is(fresh[i].err, session.ErrOvertaken) || errors.Is(fresh[i].err, signin.ErrRefused),
				"sign-in %d failed: %v", i, fresh[i].err)
			if !fresh[i].given() || !r.allowed(fresh[i].Presented) {
				continue
			}
			r.want(way.live(fresh[i].record), "sign-in %d is let in: %+v", i, fresh[i].record.Roles)
			r.want(r.began(i) > r.when(2, "fence"), "sign-in %d, which began before the end, is let in", i)
		}
		r.noStray(ann, fresh[0].Presented, fresh[1].Presented)
	}
}
