package truthtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// foreign are tokens that this deployment did not hand out.
type foreign struct{ forged, unknown string }

// newForeign makes one under other keys, and one under ours of a session that is in
// another store.
func newForeign(keys session.Keys, now func() time.Time) (f foreign, err error) {
	others, err := session.NewKeys(bytes.Repeat([]byte{8}, session.MinKeySize))
	if err != nil {
		return f, err
	}
	for _, one := range []struct {
		keys session.Keys
		to   *string
	}{{others, &f.forged}, {keys, &f.unknown}} {
		m, err := session.New(memory.New(), one.keys, &session.Options{Now: now})
		if err != nil {
			return f, err
		}
		token, _, err := m.SignIn(context.Background(), session.SignIn{Subject: "stranger", Check: grant})
		if err != nil {
			return f, err
		}
		*one.to = token.Reveal()
	}
	return f, nil
}

func grant(context.Context) (session.Grant, error) {
	return session.Grant{Roles: []string{"clerk"}, Methods: []string{"pwd"}}, nil
}

// held is a session that a client signed in to, and every token that it was given.
type held struct {
	id      session.ID
	subject string
	tokens  []string // the newest last
}

func (h *held) newest() string { return h.tokens[len(h.tokens)-1] }

// mostHeld is how many sessions a client remembers, those that are over too.
const (
	mostHeld = 60
	lately   = 6
)

// client does random things and notes what it was answered.
type client struct {
	ctx    context.Context //nolint:containedctx // of the whole test
	w      *world
	random *rand.Rand
	held   []*held
}

func newClient(ctx context.Context, w *world, seed, number uint64) *client {
	return &client{ctx: ctx, w: w, random: rand.New(rand.NewPCG(seed, number+2))} //nolint:gosec // G404: a test's load
}

func (c *client) process() *session.Manager {
	return c.w.processes[c.random.IntN(len(c.w.processes))]
}

// step is one operation, and a second or two that pass.
func (c *client) step() {
	c.w.clock.Add(c.random.Int64N(2500))
	switch n := c.random.IntN(2000); {
	case n < 120:
		c.signIn()
	case n < 150:
		c.refused()
	case n < 1800:
		c.lookup()
	case n < 1880:
		c.recheck()
	case n < 1910:
		c.signOut()
	case n < 1940:
		c.end()
	case n < 1955:
		c.endMany()
	case n == 1999:
		c.everyone()
	default:
		c.replay()
	}
}

// any is a session that the client signed in to, mostly one of the last.
func (c *client) any() *held {
	if len(c.held) == 0 {
		return &held{tokens: []string{""}}
	}
	first := 0
	if c.random.IntN(8) > 0 {
		first = max(0, len(c.held)-lately)
	}
	return c.held[first+c.random.IntN(len(c.held)-first)]
}

func (c *client) signIn() {
	in := session.SignIn{Subject: fmt.Sprintf("user %d", c.random.IntN(users)), Method: "pwd", Check: grant}
	if c.random.IntN(5) == 0 {
		in.Replace = session.Presented{Token: c.any().newest()}
	}
	token, r, err := c.process().SignIn(c.ctx, in)
	switch {
	case err == nil:
		c.w.truth.add("sign_ins pwd created", 1)
		c.hold(&held{id: r.ID, subject: r.Subject, tokens: []string{token.Reveal()}})
	case errors.Is(err, session.ErrOvertaken):
		c.w.truth.add("sign_ins pwd overtaken", 1)
	case errors.Is(err, session.ErrUnavailable):
		c.w.truth.add("sign_ins pwd unavailable", 1)
	default:
		c.w.truth.add("errors "+err.Error(), 1)
	}
}

func (c *client) hold(h *held) {
	if len(c.held) == mostHeld {
		c.held = c.held[1:]
	}
	c.held = append(c.held, h)
}

// refused is a sign-in that fails by its own check, or by what it is asked for.
func (c *client) refused() {
	in := session.SignIn{Subject: "user 1", Method: "pwd", Check: func(context.Context) (session.Grant, error) {
		return session.Grant{}, signin.ErrRefused
	}}
	name := "sign_ins pwd refused"
	switch c.random.IntN(3) {
	case 0:
		in.Check = func(context.Context) (session.Grant, error) { return session.Grant{}, signin.ErrBusy }
		name = "sign_ins pwd busy"
	case 1:
		in.Subject, in.Method = "", ""
		name = "sign_ins none invalid"
	}
	if _, _, err := c.process().SignIn(c.ctx, in); errors.Is(err, session.ErrUnavailable) {
		name = "sign_ins pwd unavailable"
	}
	c.w.truth.add(name, 1)
}

// presented is one of what may come in the place of a token.
func (c *client) presented() session.Presented {
	h := c.any()
	p := session.Presented{Token: h.newest()}
	switch c.random.IntN(40) {
	case 0:
		p.Token = ""
	case 1:
		p.Token = "no token"
	case 2:
		p.Token = c.w.foreign.forged
	case 3:
		p.Token = c.w.foreign.unknown
	case 4:
		p.Bearer = true
	case 5:
		p.Token = h.tokens[0]
	case 6:
		p.Demand = session.Demand{AnyRole: []string{"owner"}}
	case 7:
		p.Demand = session.Demand{MaxAuthAge: time.Minute}
	case 8:
		p.Passive = true
	case 9:
		p.Token = strings.ToUpper(p.Token)
	}
	return p
}

// lookup presents something, half of the time where an answer can set a cookie.
func (c *client) lookup() {
	p := c.presented()
	if c.random.IntN(2) == 0 {
		_, err := c.process().Lookup(c.ctx, p)
		c.looked(err)
		return
	}
	_, renewed, err := c.process().Renew(c.ctx, p)
	c.looked(err)
	if renewed.IsZero() || c.random.IntN(10) == 0 { // an answer that is lost
		return
	}
	for _, h := range c.held {
		if h.newest() == p.Token {
			h.tokens = append(h.tokens, renewed.Reveal())
		}
	}
}

func (c *client) looked(err error) {
	c.w.truth.add("lookups "+string(session.OutcomeOf(err)), 1)
}

func (c *client) recheck() {
	if h := c.any(); !h.id.IsZero() {
		c.looked(c.process().Recheck(c.ctx, h.id, session.Demand{}))
	}
}

// replay presents the oldest token of a session that has been given another.
func (c *client) replay() {
	for _, h := range c.held {
		if len(h.tokens) > 1 {
			_, err := c.process().Lookup(c.ctx, session.Presented{Token: h.tokens[0]})
			c.looked(err)
			return
		}
	}
}

func (c *client) signOut() {
	_, err := c.process().SignOut(c.ctx, session.Presented{Token: c.any().newest()})
	c.odd(err)
}

func (c *client) end() {
	if h := c.any(); !h.id.IsZero() {
		_, err := c.process().End(c.ctx, h.id, session.EndedByAdmin, session.ByOperator)
		c.odd(err)
	}
}

func (c *client) endMany() {
	h := c.any()
	if h.id.IsZero() {
		return
	}
	var err error
	if c.random.IntN(2) == 0 {
		_, err = c.process().EndAll(c.ctx, h.subject, session.RolesChanged, session.ByOperator)
	} else {
		_, err = c.process().EndOthers(c.ctx, h.subject, h.id, session.PasswordChanged, session.ByOperator)
	}
	c.odd(err)
}

// everyone ends everybody's sessions; the sweep comes later.
func (c *client) everyone() {
	if _, err := c.process().EndEveryone(c.ctx); err == nil {
		c.w.truth.add("everyone_ended", 1)
	}
}

// odd notes an error that none of these should have.
func (c *client) odd(err error) {
	if err != nil && !errors.Is(err, session.ErrNoSession) && !errors.Is(err, session.ErrUnavailable) {
		c.w.truth.add("errors "+err.Error(), 1)
	}
}
