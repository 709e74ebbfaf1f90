package historytest

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"coatcheck/core/session"
)

// kind is what an operation does.
type kind string

const (
	signIn kind = "sign-in"
	lookUp kind = "look-up"
	endOne kind = "end"
	endAll kind = "end all"
	list   kind = "list"
)

// operation is one call and its answer.
type operation struct {
	kind             kind
	session          session.ID // of a sign-in the new one, zero if none; of an end of all the one that stays
	replaces         session.ID
	live             bool                // what a look-up said
	rotated          bool                // a new token was handed out
	listed           map[session.ID]bool // what a list said: active or not
	complete         bool                // the list has all of the user's
	called, returned int64
}

// said is what an operation means for one session.
type said int

const (
	made       said = iota // it is there from now on
	isLive                 // it was found live
	isOver                 // it was found ended
	isAbsent               // it was not found
	ended                  // it is over from now on
	endedIfAny             // it is over from now on if it is there
	maybeEnded             // it may be over from now on: what it took the place of was ended
)

// The states of a session.
const (
	absent = iota
	live
	over
)

// after are the states that a session may be in after an operation that finds it in a
// state; none where the operation cannot be.
var after = map[said]map[int][]any{
	made:       {absent: {live}},
	isLive:     {live: {live}},
	isOver:     {over: {over}},
	isAbsent:   {absent: {absent}},
	ended:      {live: {over}, over: {over}},
	endedIfAny: {absent: {absent}, live: {over}, over: {over}},
	maybeEnded: {absent: {absent}, live: {live, over}, over: {over}},
}

var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{absent} },
	Step: func(state, input, _ any) []any { return after[input.(said)][state.(int)] },
}).ToModel()

// judge adds a run to a report and returns what cannot be.
func (r *run) judge(total *Report) []error {
	for _, u := range r.users {
		for _, h := range u.held {
			r.report.sessions++
			r.faults = append(r.faults, r.judgeSession(u, h.id)...)
		}
	}
	total.add(&r.report)
	const most = 5
	return r.faults[:min(len(r.faults), most)]
}

// judgeTime bounds the search for an order; not to find one in time is a failure.
const judgeTime = 20 * time.Second

func (r *run) judgeSession(u *user, id session.ID) (faults []error) {
	history := u.of(id)
	r.report.histories++
	firstEnd := int64(math.MaxInt64)
	for _, o := range history {
		if o.Input == ended || o.Input == endedIfAny && o.Call > history[0].Return {
			firstEnd = min(firstEnd, o.Return)
		}
	}
	for _, o := range history {
		if o.Input == isLive && o.Call > firstEnd {
			r.report.allowedAfterAnEnd++
			faults = append(faults, fmt.Errorf("session %v was found live by a call that began after an end was acknowledged", id))
		}
	}
	if verdict := porcupine.CheckOperationsTimeout(model, history, judgeTime); verdict != porcupine.Ok {
		r.report.violations++
		faults = append(faults, fmt.Errorf("session %v: no order of its %d operations is possible: %s", id, len(history), verdict))
	}
	return faults
}

// of is a user's history as one session has met it: its sign-in first.
func (u *user) of(id session.ID) []porcupine.Operation {
	var history []porcupine.Operation
	add := func(o *operation, s said) {
		history = append(history, porcupine.Operation{Input: s, Call: o.called, Return: o.returned})
	}
	made := u.signInOf(id)
	add(made, madeBy)
	before := u.predecessors(id)
	for i := range u.history {
		o := &u.history[i]
		if before[o.session] && o.kind == endAll {
			continue // of the session that stays, and so what took its place
		}
		if before[o.session] && o.kind == endOne && o.returned > made.called {
			add(o, maybeEnded)
			continue
		}
		if s, concerns := o.says(id); concerns && o.returned > made.called {
			add(o, s)
		}
	}
	return history
}

const madeBy = made

// predecessors are the sessions whose place a session took, one after the other.
func (u *user) predecessors(id session.ID) map[session.ID]bool {
	all := map[session.ID]bool{}
	for at := u.signInOf(id).replaces; !at.IsZero() && !all[at]; at = u.signInOf(at).replaces {
		all[at] = true
	}
	return all
}

func (u *user) signInOf(id session.ID) *operation {
	for i := range u.history {
		if o := &u.history[i]; o.kind == signIn && o.session == id {
			return o
		}
	}
	return &operation{}
}

// says is what an operation means for a session, if anything.
func (o *operation) says(id session.ID) (said, bool) {
	switch {
	case o.kind == lookUp && o.session == id:
		return found(o.live), true
	case o.kind == endOne && o.session == id, o.kind == signIn && o.replaces == id:
		return ended, true
	case o.kind == endAll && o.session != id:
		return endedIfAny, true
	case o.kind == list:
		active, there := o.listed[id]
		if !there {
			return isAbsent, o.complete
		}
		return found(active), true
	}
	return 0, false
}

func found(alive bool) said {
	if alive {
		return isLive
	}
	return isOver
}

func (r *Report) add(o *Report) {
	r.operations += o.operations
	r.sessions += o.sessions
	r.histories += o.histories
	r.allowed += o.allowed
	r.refused += o.refused
	r.ends += o.ends
	r.overtaken += o.overtaken
	r.rotated += o.rotated
	r.violations += o.violations
	r.allowedAfterAnEnd += o.allowedAfterAnEnd
	r.unanswered += o.unanswered
}
