package proof_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// round is one order in which the store calls of some actors are carried out: the
// scheduler holds each call up and lets one through at a time, so that an order is a
// list of choices and not a matter of luck.
type round struct {
	*world
	choose  func(options int) int
	actors  []func(ctx context.Context)
	waiting []*held
	trace   []step         // as they were carried out
	lost    map[int]string // the call of an actor whose first answer is lost
}

// step is a call that was carried out for an actor, the first of which is 0.
type step struct {
	actor int
	call
}

type held struct {
	step
	passed chan struct{}
}

type actorKey struct{}

// act adds an actor. Its context says to the store whose calls they are.
func (r *round) act(do func(ctx context.Context)) { r.actors = append(r.actors, do) }

// run carries the actors out, one store call at a time, and returns when all are done.
func (r *round) run() {
	arrived := make(chan *held, 64)
	r.calls.meet = func(ctx context.Context, c call, do func() error) error {
		actor, ok := ctx.Value(actorKey{}).(int)
		if !ok {
			return do()
		}
		h := &held{step{actor, c}, make(chan struct{})}
		arrived <- h
		<-h.passed
		err := do()
		if r.lost[actor] == c.name {
			delete(r.lost, actor)
			return errFault // it was carried out, and nobody is told
		}
		return err
	}
	running := len(r.actors)
	done := make(chan struct{}, running)
	for i, do := range r.actors {
		go func() {
			do(context.WithValue(context.Background(), actorKey{}, i))
			done <- struct{}{}
		}()
	}
	for {
		synctest.Wait() // until each is held up or done
		for len(arrived) > 0 {
			r.waiting = append(r.waiting, <-arrived)
		}
		if len(r.waiting) == 0 {
			break
		}
		slices.SortStableFunc(r.waiting, func(a, b *held) int {
			return cmp.Or(cmp.Compare(a.actor, b.actor), strings.Compare(a.name, b.name), cmp.Compare(a.session, b.session))
		})
		i := r.choose(len(r.waiting))
		next := r.waiting[i]
		r.waiting = slices.Delete(r.waiting, i, i+1)
		r.trace = append(r.trace, next.step)
		close(next.passed)
	}
	for range running {
		<-done
	}
	r.calls.meet = nil
}

// when is the place in the order of an actor's first call of a name; -1: there is none.
func (r *round) when(actor int, name string) int {
	return slices.IndexFunc(r.trace, func(s step) bool { return s.actor == actor && s.name == name })
}

// last is that of the last one.
func (r *round) last(actor int, name string) (at int) {
	at = -1
	for i, s := range r.trace {
		if s.actor == actor && s.name == name {
			at = i
		}
	}
	return at
}

// began is the place of an actor's first call, over that after its last.
func (r *round) began(actor int) int {
	return slices.IndexFunc(r.trace, func(s step) bool { return s.actor == actor })
}

func (r *round) over(actor int) int {
	for i, s := range slices.Backward(r.trace) {
		if s.actor == actor {
			return i + 1
		}
	}
	return 0
}

// want fails the test with the order that led here.
func (r *round) want(ok bool, format string, args ...any) {
	if ok {
		return
	}
	var order strings.Builder
	for _, s := range r.trace {
		fmt.Fprintf(&order, "\n\tactor %d: %s", s.actor, s.name)
		if s.session > 0 {
			fmt.Fprintf(&order, " of session %d", s.session)
		}
	}
	r.t.Fatalf("%s, in this order:%s", fmt.Sprintf(format, args...), order.String())
}

// complete runs a scenario in every order that there is and returns how many.
func complete(t *testing.T, scenario func(*round)) (rounds int) {
	t.Helper()
	type choice struct{ taken, options int }
	var path []choice
	for {
		depth := 0
		play(t, scenario, func(options int) int {
			if depth == len(path) {
				path = append(path, choice{0, options})
			}
			c := path[depth]
			if c.options != options {
				t.Fatalf("choice %d has %d options, and had %d: the scenario does not repeat itself", depth, options, c.options)
			}
			depth++
			return c.taken
		})
		rounds++
		for len(path) > 0 && path[len(path)-1].taken+1 == path[len(path)-1].options {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return rounds
		}
		path[len(path)-1].taken++
	}
}

// sampled runs a scenario in so many orders, drawn by a seed of the race's own, and
// returns how many of them were different.
func sampled(t *testing.T, rounds int, scenario func(*round)) int {
	t.Helper()
	name := sha256.Sum256([]byte(t.Name()))
	draw := rand.New(rand.NewPCG(1, binary.BigEndian.Uint64(name[:])))
	orders := map[string]bool{}
	for range rounds {
		var order []byte
		play(t, scenario, func(options int) int {
			taken := draw.IntN(options)
			order = append(order, byte(taken), byte(options))
			return taken
		})
		orders[string(order)] = true
	}
	return len(orders)
}

func play(t *testing.T, scenario func(*round), choose func(int) int) {
	t.Helper()
	scenario(&round{world: newWorld(t, steady), choose: choose})
}
