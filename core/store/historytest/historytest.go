// Package historytest asks many clients to sign in, look up, rotate, end and list the
// same users' sessions at once, over any store, and judges what they were answered:
// there has to be one order of all of it, in agreement with the time that passed, in
// which every answer is right (linearizability, judged by porcupine). "Unavailable" is a
// failure: nothing is in trouble here.
//
// A history is recorded for each user and judged session by session: an end of all is an
// end of each, at a time of its own within the call.
package historytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/session"
)

// Load is how much is asked.
type Load struct {
	Operations int // in all
	Clients    int // at once, each by a process of its own
	Seed       uint64
}

// proveVariable asks for the whole of a load rather than a sample.
const proveVariable = "COATCHECK_TEST_PROVE"

// LoadOf is a load of so many operations where COATCHECK_TEST_PROVE is set, and of a
// sample of them otherwise.
func LoadOf(operations, sample int) Load {
	if os.Getenv(proveVariable) == "" {
		operations = sample
	}
	return Load{Operations: operations, Clients: 8, Seed: 1}
}

// Run asks a store and reports each answer that cannot be.
func Run(t *testing.T, store session.Store, load Load) {
	t.Helper()
	began := time.Now()
	report, err := Judge(t.Context(), store, load)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%s, in %s", report, time.Since(began).Round(time.Second))
	if report.allowed < load.Operations/20 || report.refused < load.Operations/20 || report.ends < load.Operations/50 || report.rotated < report.operations/1000 {
		t.Error("too little of something to show anything")
	}
}

// Report is what was done.
type Report struct {
	operations, sessions, histories            int
	allowed, refused, ends, overtaken, rotated int
	violations, allowedAfterAnEnd, unanswered  int
}

// String tells all of it.
func (r *Report) String() string {
	return fmt.Sprintf("%d operations on %d sessions: %d let in, %d refused, %d ends, %d tokens replaced, %d sign-ins overtaken; "+
		"%d histories judged: %d violations, %d let in after an end was acknowledged, %d unanswered",
		r.operations, r.sessions, r.allowed, r.refused, r.ends, r.rotated, r.overtaken,
		r.histories, r.violations, r.allowedAfterAnEnd, r.unanswered)
}

// Bounds of one part of a load: its users are of its own, so that a history stays short
// enough to be judged.
const (
	partOperations = 4_000
	userOperations = 500
	phase          = 40 // operations of a client between two moves of the clock
)

// Judge asks a store and returns what was done, and an error for answers that cannot be.
func Judge(ctx context.Context, store session.Store, load Load) (*Report, error) {
	total := &Report{}
	var faults []error
	for part := 0; total.operations < load.Operations && len(faults) == 0; part++ {
		operations := min(partOperations, load.Operations-total.operations)
		r, err := newRun(jostled{store}, load, part, max(2, operations/userOperations))
		if err != nil {
			return total, err
		}
		r.play(ctx, operations)
		faults = append(faults, r.judge(total)...)
	}
	return total, errors.Join(faults...)
}

// run is one part of a load.
type run struct {
	managers []*session.Manager
	users    []*user
	now      atomic.Int64 // Unix milliseconds, by all clocks
	tick     atomic.Int64 // orders the beginnings and the ends of calls
	seed     uint64
	part     int

	mu     sync.Mutex
	report Report
	faults []error
}

// user is a user and what was done to his sessions.
type user struct {
	subject string
	mu      sync.Mutex
	held    []*held
	history []operation
}

// held is a session whose token somebody holds, as a browser's tabs share it.
type held struct {
	id    session.ID
	mu    sync.Mutex
	token session.Presented
}

func (h *held) presented() session.Presented {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.token
}

func (h *held) replace(t session.Token) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token.Token = t.Reveal()
}

// policy has no limit that is reached here.
var policy = session.Policy{
	Idle: 300 * 24 * time.Hour, Absolute: 399 * 24 * time.Hour, TouchEvery: time.Minute,
	RotateEvery: 5 * time.Minute, PerUser: 1000,
}

func newRun(store session.Store, load Load, part, users int) (*run, error) {
	r := &run{seed: load.Seed, part: part}
	r.now.Store(time.Now().UnixMilli())
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	if err != nil {
		return nil, err
	}
	for range load.Clients {
		m, err := session.New(store, keys, &session.Options{
			Policy: policy, Timeout: 10 * time.Second, // of a stand-in on a busy machine
			Now: func() time.Time { return time.UnixMilli(r.now.Load()) },
		})
		if err != nil {
			return nil, err
		}
		r.managers = append(r.managers, m)
	}
	for i := range users {
		r.users = append(r.users, &user{subject: fmt.Sprintf("usr_%d_%d_%d", load.Seed, part, i)})
	}
	return r, nil
}

// play lets the clients do their part, in phases: between two of them the clock moves on
// far enough for uses to be written down and tokens to be replaced. Within a phase it
// stands, so that no request outlives the grace.
func (r *run) play(ctx context.Context, operations int) {
	for left := operations; left > 0; {
		var clients sync.WaitGroup
		for i, m := range r.managers {
			n := min(phase, left)
			left -= n
			c := &client{r, m, rand.New(rand.NewPCG(r.seed, uint64(r.part)<<32|uint64(left)<<8|uint64(i)))} //nolint:gosec // G404, G115: draws that repeat themselves
			clients.Go(func() {
				for range n {
					c.step(ctx)
				}
			})
		}
		clients.Wait()
		r.now.Add((10 * time.Minute).Milliseconds())
	}
}

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
