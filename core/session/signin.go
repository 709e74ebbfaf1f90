package session

import (
	"context"
	"errors"
	"slices"
	"time"
)

// SignIn is one sign-in.
type SignIn struct {
	// Subject is whom the credential claims to be.
	Subject string
	// Check proves it: it reads the account and checks the credential, and returns
	// what the session is granted. It runs after the user's fence was read, so that
	// an account that is disabled, or whose password or roles change, while the
	// sign-in is under way leaves no session. Its error ends the sign-in and is
	// returned as it is. A program that checked before passes a Check that only
	// returns the grant, and so must not rely on that order.
	Check func(ctx context.Context) (Grant, error)
	// Method is how the credential is checked (RFC 8176), for whoever observes a refusal;
	// "" where that is not known before.
	Method string
	// Replace is what was presented along with the sign-in: the session it belongs
	// to ends as Replaced, whoever's it was. Anything else is ignored.
	Replace Presented
	// StepUp says that the holder of the session in Replace shows a credential again:
	// it has to be a live session of the subject's own, and what it was ended as
	// meanwhile stands. Otherwise the error is the [*Refusal] of a look-up. The new
	// session is remembered and handed out as the old one was.
	StepUp bool
	// Actor is the session of who signs in as somebody else, for at most [ActingLimit].
	// Such a session lives only as long as the actor's own, never counts as fresh, and
	// not against the user's limit. It replaces none and is not remembered.
	Actor ID
	// Remember asks for the policy's remembered limits, if it has them.
	Remember bool
	// Bearer hands the token to a program rather than a browser.
	Bearer bool
	// Client is where the sign-in comes from; it is cut to fit.
	Client Client
}

// Grant is what a checked credential gives a session.
type Grant struct {
	Roles      []string          // at most MaxRoles of MaxRole bytes
	Attributes map[string]string // at most MaxAttributes bytes in all
	Methods    []string          // RFC 8176 names: "pwd", "otp", ...
	// All of them have at most MaxGrant bytes together.
}

// SignIn makes a session and returns its token, the only time the token is seen, and
// its record. Besides Check's own error it returns [ErrOvertaken] when the user's
// sessions were ended meanwhile, [ErrInvalid] for a grant out of bounds, and
// [ErrUnavailable]. After any error no session of this call is left live, unless the
// store could not be told: then one may be listed until it expires, and nobody holds
// its token.
func (m *Manager) SignIn(ctx context.Context, s SignIn) (Token, Record, error) {
	token, r, err := m.signIn(ctx, s)
	m.signedIn(ctx, &s, &r, err)
	return token, r, err
}

func (m *Manager) signIn(ctx context.Context, s SignIn) (Token, Record, error) {
	if err := s.validate(); err != nil {
		return Token{}, Record{}, err
	}
	before, err := m.beforeSignIn(ctx, &s)
	if err != nil {
		return Token{}, Record{}, err
	}
	grant, err := s.Check(ctx)
	if err != nil {
		return Token{}, Record{}, err
	}
	token, r := m.newRecord(s, grant, before)
	if err := r.Validate(); err != nil {
		return Token{}, Record{}, err
	}
	if err := m.create(ctx, r); err != nil {
		m.abandon(ctx, r.ID, SignedOut)
		return Token{}, Record{}, err
	}
	if reason, err := m.settle(ctx, &r, before, s.StepUp); err != nil {
		m.abandon(ctx, r.ID, reason)
		return Token{}, Record{}, err
	}
	return token, r, nil
}

func (s *SignIn) validate() error {
	switch {
	case !ValidSubject(s.Subject):
		return invalidSubject()
	case !s.Actor.IsZero() && (s.StepUp || s.Remember || s.Replace.Token != ""):
		return invalid("acting as somebody replaces no session and is not remembered")
	case !s.Actor.IsZero() && s.Actor.Partition() == PartitionOf(s.Subject):
		return invalid("acting as oneself")
	}
	return nil
}

// signInStart is what holds before the credential is checked.
type signInStart struct {
	createdAt time.Time
	fence     Fence
	replaces  ID
	as        EndReason // of what is replaced
	actor     *Record   // nil: none
}

// beforeSignIn takes the creation time and reads fence, control and the session in
// hand. A sign-in right after "end everybody" moves its creation time just past it.
func (m *Manager) beforeSignIn(ctx context.Context, s *SignIn) (signInStart, error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	start := signInStart{createdAt: m.clock(), as: Replaced}
	inHand, notOurs := m.verify(s.Replace.Token)
	if notOurs != nil && s.StepUp {
		return signInStart{}, notOurs
	}
	q := Query{Subject: PartitionOf(s.Subject), Control: true}
	for _, id := range []ID{inHand.ID(), s.Actor} {
		if !id.IsZero() {
			q.Sessions = append(q.Sessions, id)
		}
	}
	got, err := m.read(ctx, q)
	if err != nil {
		return signInStart{}, err
	}
	start.fence = got.Fence
	if err := m.inHand(ctx, s, inHand, &got, &start); err != nil {
		return signInStart{}, err
	}
	if over := got.EndedBefore.Add(Skew); !got.EndedBefore.IsZero() && !over.Before(start.createdAt) {
		start.createdAt = over.Add(time.Millisecond)
	}
	return start, nil
}

// inHand looks at the sessions that a sign-in comes with: the one that it replaces or
// steps up, and the actor's.
func (m *Manager) inHand(ctx context.Context, s *SignIn, token Token, got *Reading, start *signInStart) error {
	now := start.createdAt
	switch {
	case !s.Actor.IsZero():
		actor, err := got.find(s.Actor)
		if err == nil {
			err = m.mayAct(&actor, now)
		}
		start.actor = &actor
		return asRefusal(err, s.Actor)
	case token.IsZero():
		return nil
	case s.StepUp:
		return asRefusal(m.stepUp(ctx, s, token, got, start), token.ID())
	}
	// A sign-in never fails over what was presented along with it.
	if r, err := got.find(token.ID()); err == nil && r.Bearer == s.Replace.Bearer && !r.Ended() && m.orEverybodys(&r, End{}) == (End{}) {
		start.replace(&r, m.policy.judge(&r.Secrets, token.secretHash(), now, false))
	}
	return nil
}

// replace notes what the sign-in takes the place of.
func (start *signInStart) replace(r *Record, as verdict) {
	switch as {
	case isUnknown:
		return
	case isReplay:
		start.as = TokenReuse
	default:
	}
	start.replaces = r.ID
}

// stepUp admits the session in hand as a look-up would, and takes over how it is
// handed out.
func (m *Manager) stepUp(ctx context.Context, s *SignIn, token Token, got *Reading, start *signInStart) error {
	r, err := got.find(token.ID())
	if err != nil {
		return err
	}
	in, err := m.admit(ctx, r, visit{secret: token.secretHash(), bearer: s.Replace.Bearer, now: start.createdAt})
	switch {
	case err != nil:
		return err
	case r.Subject != s.Subject:
		return &Refusal{Outcome: Unknown}
	case !r.Actor.IsZero():
		return &Refusal{Outcome: Forbidden, cause: ErrActing}
	}
	start.replaces = in.record.ID
	s.Remember, s.Bearer = r.Remembered, r.Bearer
	return nil
}

// newRecord makes the token and its record.
func (m *Manager) newRecord(s SignIn, g Grant, start signInStart) (Token, Record) {
	at := start.createdAt
	remembered := s.Remember && m.policy.remembers()
	idle, absolute := m.policy.limits(remembered)
	token := m.keys.mint(PartitionOf(s.Subject), at)
	expiry, authTime := at.Add(absolute), at
	if start.actor != nil {
		expiry = earlier(earlier(expiry, at.Add(ActingLimit)), start.actor.AbsoluteExpiry)
		authTime = earlier(start.actor.AuthTime, at)
	}
	return token, Record{
		ID: token.ID(), Subject: s.Subject,
		Roles: slices.Clone(g.Roles), Attributes: g.Attributes, Methods: slices.Clone(g.Methods),
		AuthTime: authTime, CreatedAt: at, LastSeenAt: at,
		ExpiresAt: earlier(at.Add(idle), expiry), AbsoluteExpiry: expiry,
		PurgeAt:    expiry.Add(m.policy.Retention + time.Second).Truncate(time.Second),
		Remembered: remembered, Bearer: s.Bearer,
		Secrets:  Secrets{Current: token.secretHash(), ConfirmedAt: at},
		Client:   m.client(s.Client),
		Replaces: start.replaces, Actor: s.Actor,
	}
}

// client is a client as it is kept and told of: cut to fit, without what commands a screen,
// and without tokens.
func (m *Manager) client(c Client) Client {
	return Client{
		Address:   cleanText(c.Address, maxAddress),
		UserAgent: cleanText(m.keys.withoutTokens(c.UserAgent), MaxUserAgent),
	}
}

// create keeps the record. A retry inside the adapter may meet its own earlier
// write: the secret tells whose record it is.
func (m *Manager) create(ctx context.Context, r Record) error {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	switch there, err := m.store.Create(ctx, r); {
	case err == nil:
		return nil
	case errors.Is(err, ErrExists) && there.ID == r.ID && there.Secrets.Current == r.Secrets.Current && !there.Ended():
		return nil
	default:
		return unavailable("create session", err)
	}
}
