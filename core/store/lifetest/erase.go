package lifetest

import (
	"context"
	"errors"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

func eraseChecks() []Check {
	const nothing = "erasing a user takes away every record of a session, the account and its name; the fence stays"
	return []Check{
		{"erase-leaves-nothing", nothing, eraseLeavesNothing},
		{"erase-leaves-others-alone", nothing + ". What is kept of others stays", eraseLeavesOthers},
		{"erase-races-a-sign-in", "a sign-in that is under way when its user is erased is refused", eraseRacesSignIn},
		{"erase-repeated-after-a-fault", "an erasure that failed half-way is repeated to its end", eraseRepeated},
		{"erase-frees-the-name", "another user may have the name afterwards, and is somebody else", eraseFreesName},
	}
}

func (s *scene) erase(subject string) signin.Erased {
	is, err := s.directory.Erase(s.ctx, subject, session.ByOperator)
	s.must(err)
	return is
}

// nothingOf wants that nothing is kept of a user but a fence.
func (s *scene) nothingOf(subject, name string) {
	got, err := s.stores.Sessions.List(s.ctx, session.Range{Partition: session.PartitionOf(subject)})
	s.must(err)
	s.want(len(got.Records)+len(got.Damaged) == 0, "%d records are left", len(got.Records)+len(got.Damaged))
	s.want(got.Fence != session.Fence{}, "no fence is left")
	_, err = s.stores.Accounts.Get(s.ctx, subject)
	s.want(errors.Is(err, signin.ErrNotFound), "the account: %v", err)
	_, err = s.stores.Accounts.Subject(s.ctx, name)
	s.want(errors.Is(err, signin.ErrNotFound), "the name: %v", err)
}

func eraseLeavesNothing(s *scene) {
	p := s.inhabit()
	is := s.erase(p.subject)
	s.want(is.Account && is.Sessions == p.records, "erased %+v, want %d records and an account", is, p.records)
	s.nothingOf(p.subject, p.name)
	s.refused(s.Manager, p.live, session.Unknown, "")
	is = s.erase(p.subject)
	s.want(!is.Account && is.Sessions == 0, "repeated: erased %+v", is)
}

func eraseLeavesOthers(s *scene) {
	ann, bob := s.user("ann"), s.user("bob")
	s.arrive(ann)
	b := s.arrive(bob)
	s.erase(ann)
	s.allowed(s.Manager, b.Presented)
	_, err := s.directory.Get(s.ctx, bob)
	s.must(err)
	s.want(len(s.live(bob)) == 1, "%d sessions of the other", len(s.live(bob)))
}

func eraseRacesSignIn(s *scene) {
	ann := s.user("ann")
	_, _, err := s.SignIn(s.ctx, session.SignIn{Subject: ann, Check: func(ctx context.Context) (session.Grant, error) {
		grant, err := s.check(ann, firstPhrase)(ctx)
		s.erase(ann)
		return grant, err
	}})
	s.want(errors.Is(err, session.ErrOvertaken), "got %v", err)
	s.want(len(s.live(ann)) == 0, "the session of the sign-in is left live")
	s.erase(ann)
	s.nothingOf(ann, "ann")
}

func eraseRepeated(s *scene) {
	p := s.inhabit()
	for _, store := range []*failing{
		{left: 1}, {left: 1, applied: true}, {deletes: 1}, {deletes: 1, applied: true},
	} {
		store.Store = s.stores.Sessions
		m, err := session.New(store, s.keys(), &session.Options{Now: func() time.Time { return s.now }, Timeout: timeout})
		s.must(err)
		d := signin.NewDirectory(s.stores.Accounts, plain{}, &signin.DirectoryOptions{Sessions: m})
		_, err = d.Erase(s.ctx, p.subject, session.ByOperator)
		s.want(errors.Is(err, session.ErrUnavailable), "a write was lost and nobody said so: %v", err)
		a, err := s.directory.Get(s.ctx, p.subject)
		s.want(err == nil && a.Disabled, "half-way the account is there and disabled: %t, %v", a.Disabled, err)
	}
	s.erase(p.subject)
	s.nothingOf(p.subject, p.name)
}

func eraseFreesName(s *scene) {
	first := s.user("ann")
	a := s.arrive(first)
	s.erase(first)
	second := s.user("ann")
	s.want(second != first, "the same subject again")
	b := s.arrive(second)
	s.refused(s.Manager, a.Presented, session.Unknown, "")
	s.allowed(s.Manager, b.Presented)
}
