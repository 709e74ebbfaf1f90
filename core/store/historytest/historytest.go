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
