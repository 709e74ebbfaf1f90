package historytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"coatcheck/core/session"
)

// client does one thing after another.
type client struct {
	*run
	m    *session.Manager
	draw *rand.Rand
}

// recent is how many of a user's newest sessions are used.
const recent = 6

func (c *client) step(ctx context.Context) {
	u := c.users[c.draw.IntN(len(c.users))]
	h := c.oneOf(u)
	if h == nil {
		c.signIn(ctx, u, nil)
		return
	}
	switch n := c.draw.IntN(100); {
	case n < 10:
		c.signIn(ctx, u, nil)
	case n < 14:
		c.signIn(ctx, u, h)
	case n < 44:
		c.lookUp(ctx, u, h)
	case n < 80:
		c.renew(ctx, u, h)
	case n < 86:
		c.ending(u, operation{kind: endOne, session: h.id}, func() error {
			_, err := c.m.End(ctx, h.id, session.EndedByAdmin, session.ByOperator)
			return err
		})
	case n < 90:
		c.ending(u, operation{kind: endOne, session: h.id}, func() error {
			_, err := c.m.SignOut(ctx, h.presented())
			return err
		})
	case n < 92:
		c.ending(u, operation{kind: endAll}, func() error {
			_, err := c.m.EndAll(ctx, u.subject, session.EndedByAdmin, session.ByOperator)
			return err
		})
	case n < 94:
		c.ending(u, operation{kind: endAll, session: h.id}, func() error {
			_, err := c.m.EndOthers(ctx, u.subject, h.id, session.EndedByUser, session.ByOperator)
			return err
		})
	default:
		c.list(ctx, u)
	}
}

func (c *client) oneOf(u *user) *held {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := len(u.held)
	if n == 0 {
		return nil
	}
	return u.held[n-1-c.draw.IntN(min(n, recent))]
}

// record takes an operation down: the moment before, and that after.
func (c *client) record(u *user, o operation, do func(o *operation) error) {
	o.called = c.tick.Add(1)
	err := do(&o)
	o.returned = c.tick.Add(1)
	u.mu.Lock()
	u.history = append(u.history, o)
	u.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.operations++
	if err != nil {
		c.report.unanswered++
		c.faults = append(c.faults, fmt.Errorf("%s of %v: %w", o.kind, o.session, err))
	}
	switch {
	case o.kind == lookUp && o.live:
		c.report.allowed++
	case o.kind == lookUp:
		c.report.refused++
	case o.kind == endOne, o.kind == endAll:
		c.report.ends++
	case o.kind == signIn && o.session.IsZero():
		c.report.overtaken++
	}
	if o.rotated {
		c.report.rotated++
	}
}

func (c *client) signIn(ctx context.Context, u *user, inHand *held) {
	in := session.SignIn{Subject: u.subject, Check: granted}
	o := operation{kind: signIn}
	if inHand != nil {
		in.Replace, o.replaces = inHand.presented(), inHand.id
	}
	c.record(u, o, func(o *operation) error {
		token, r, err := c.m.SignIn(ctx, in)
		if errors.Is(err, session.ErrOvertaken) {
			o.replaces = session.ID{}
			return nil
		}
		if err != nil {
			return err
		}
		o.session, o.replaces = r.ID, r.Replaces // none where that had ended before
		u.mu.Lock()
		defer u.mu.Unlock()
		u.held = append(u.held, &held{id: r.ID, token: session.Presented{Token: token.Reveal()}})
		return nil
	})
}

func granted(context.Context) (session.Grant, error) {
	return session.Grant{Roles: []string{"clerk"}, Methods: []string{"pwd"}}, nil
}

// answer takes down what a look-up said.
func (o *operation) answer(err error) error {
	o.live = err == nil
	if session.OutcomeOf(err) == session.Ended {
		return nil
	}
	return err
}

func (c *client) lookUp(ctx context.Context, u *user, h *held) {
	c.record(u, operation{kind: lookUp, session: h.id}, func(o *operation) error {
		_, err := c.m.Lookup(ctx, h.presented())
		return o.answer(err)
	})
}

// renew loses every tenth token that it is given, as networks do.
func (c *client) renew(ctx context.Context, u *user, h *held) {
	c.record(u, operation{kind: lookUp, session: h.id}, func(o *operation) error {
		_, token, err := c.m.Renew(ctx, h.presented())
		if o.rotated = !token.IsZero(); o.rotated && c.draw.IntN(10) > 0 {
			h.replace(token)
		}
		return o.answer(err)
	})
}

func (c *client) ending(u *user, o operation, end func() error) {
	c.record(u, o, func(*operation) error { return end() })
}

func (c *client) list(ctx context.Context, u *user) {
	c.record(u, operation{kind: list}, func(o *operation) error {
		page, err := c.m.List(ctx, u.subject, session.UserPage{Limit: session.MaxPage})
		o.listed = make(map[session.ID]bool, len(page.Sessions))
		for _, s := range page.Sessions {
			o.listed[s.ID] = s.State == session.StateActive
		}
		o.complete = page.Next == ""
		return err
	})
}
