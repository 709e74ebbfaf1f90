package lifetest

import (
	"context"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// person is a user of whom something is kept wherever something can be.
type person struct {
	subject, name string
	live          session.Presented
	records       int
	damageable    session.ID
}

const (
	personName    = "erasmus.of.rotterdam"
	personAddress = "203.0.113.77"
	personFrom    = "2001:db8::77"
	personAgent   = "Erasmobile/5.0 (folly; printing press)"
	personRole    = "humanist"
	personFlag    = "adagia"
)

// inhabit adds a user and lets him live: sessions that are live, expired, signed out,
// ended from elsewhere, replaced, a program's and acted in, and one with a new token.
func (s *scene) inhabit() person {
	account, err := s.directory.Add(session.From(s.ctx, personFrom), signin.NewUser{
		Name: personName, Roles: []string{personRole}, Password: firstPhrase,
	}, "operator")
	s.must(err)
	p := person{subject: account.Subject, name: personName}
	here := session.From(s.ctx, personFrom)
	in := func(more session.SignIn) ticket {
		more.Subject = p.subject
		more.Client = session.Client{Address: personAddress, UserAgent: personAgent}
		more.Check = func(ctx context.Context) (session.Grant, error) {
			grant, err := s.check(p.subject, firstPhrase)(ctx)
			grant.Attributes = map[string]string{"work": personFlag}
			return grant, err
		}
		p.records++
		return s.signIn(s.Manager, more)
	}
	in(session.SignIn{})
	s.move(9 * time.Hour) // expired
	owner := s.enter("owner")
	_, err = s.SignOut(here, in(session.SignIn{}).Presented)
	s.must(err)
	ended := in(session.SignIn{})
	_, err = s.End(here, ended.ID, session.EndedByAdmin, session.BySubject(p.subject))
	s.must(err)
	p.damageable = ended.ID
	in(session.SignIn{Replace: in(session.SignIn{}).Presented})
	in(session.SignIn{Bearer: true})
	in(session.SignIn{Actor: owner.ID})
	p.live = in(session.SignIn{}).Presented
	s.move(time.Hour)
	_, renewed := s.renew(s.Manager, p.live)
	s.want(renewed, "no new token after an hour")
	return p
}

// Erasure is a user who can be erased: for an adapter's own proof, over a dump of all that
// it keeps, that nothing is left.
type Erasure struct {
	scene  *scene
	person person
}

// NewErasure puts a user into the stores, wherever something of one can be.
func NewErasure(ctx context.Context, stores Stores) (e *Erasure, err error) {
	err = attempt(func() {
		e = &Erasure{scene: newScene(ctx, stores)}
		e.person = e.scene.inhabit()
	})
	return e, err
}

// Traces are the texts by which the user can be told, each under what it is. A dump that
// is made before the erasure has them all.
func (e *Erasure) Traces() map[string]string {
	hash, _ := plain{}.Hash(e.scene.ctx, firstPhrase)
	return map[string]string{
		"subject": e.person.subject, "name": e.person.name, "address": personAddress, "address of an end": personFrom,
		"user agent": personAgent, "role": personRole, "attribute": personFlag, "password hash": string(hash),
	}
}

// Partition is under what the fence stands.
func (e *Erasure) Partition() session.Partition { return session.PartitionOf(e.person.subject) }

// Ended is one of the user's sessions, for who wants to damage it.
func (e *Erasure) Ended() session.ID { return e.person.damageable }

// Erase erases the user.
func (e *Erasure) Erase() error {
	return attempt(func() {
		is := e.scene.erase(e.person.subject)
		e.scene.want(is.Account && is.Sessions == e.person.records, "erased %+v, want %d records and an account", is, e.person.records)
	})
}
