package proof_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

var errFault = errors.New("the network is down")

// fault is what becomes of a store call.
type fault struct {
	name    string
	applied bool // it is carried out all the same
	slow    bool // no answer comes before the caller's time is over
	cancel  bool // the caller hangs up
}

var faults = []fault{
	{name: "failed"},
	{name: "failed, but applied", applied: true},
	{name: "no answer in time", slow: true},
	{name: "no answer in time, but applied", slow: true, applied: true},
	{name: "cancelled", cancel: true},
	{name: "cancelled, but applied", cancel: true, applied: true},
}

// trouble makes a call of a store fail, or each from it on.
type trouble struct {
	fault
	at      int
	lasting bool
	hangUp  context.CancelFunc
	calls   atomic.Int64 // so far; ends of many come in parallel
}

// met reports whether there was a call that the trouble befell.
func (t *trouble) met() bool { return t.calls.Load() > int64(t.at) }

func (t *trouble) meet(ctx context.Context, _ call, do func() error) error {
	n := t.calls.Add(1) - 1
	if n < int64(t.at) || n > int64(t.at) && !t.lasting {
		return do()
	}
	if t.applied {
		_ = do()
	}
	switch {
	case t.cancel:
		t.hangUp()
		return context.Canceled
	case t.slow:
		<-ctx.Done()
		return ctx.Err()
	}
	return errFault
}

// operation is something that is asked for while a store is in trouble.
type operation struct {
	do func(ctx context.Context) error
	// holds says what is wrong although the answer was yes.
	holds func() string
	// after says what is wrong though the answer was an error. stray is how many sessions
	// may be left that nobody holds: an end that follows an error may fail, too.
	after func(err error, stray int) string
}

// operations are all that write, and the look-ups.
var operations = []struct {
	name string
	open func(w *world) operation
}{
	{"sign in", faultySignIn},
	{"sign in over the limit", faultySignInOverLimit},
	{"sign in with a session in hand", func(w *world) operation { return faultyReplace(w, false) }},
	{"step up", func(w *world) operation { return faultyReplace(w, true) }},
	{"act as somebody", faultyActing},
	{"look-up", func(w *world) operation { return faultyLookup(w, 0) }},
	{"look-up that touches", func(w *world) operation { return faultyLookup(w, time.Hour) }},
	{"offer", faultyOffer},
	{"confirmation", faultyConfirmation},
	{"replay", faultyReplay},
	{"sign out", faultySignOut},
	{"end", faultyEnd},
	{"end all", faultyEndAll},
	{"end others", faultyEndOthers},
	{"end everybody", faultyEveryone},
	{"end by predicate", faultyWalk},
	{"sweep", faultySweep},
	{"disable", faultyDisable},
	{"roles", faultyRoles},
	{"password reset", faultyReset},
	{"own password, others end", func(w *world) operation { return faultyOwnPassword(w, true) }},
	{"own password, others stay", func(w *world) operation { return faultyOwnPassword(w, false) }},
}

// Each store call of each operation fails in each way, once and for as long as the
// operation lasts.
func TestFaults(t *testing.T) {
	cases := 0
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			before := cases
			synctest.Test(t, func(t *testing.T) {
				for _, f := range faults {
					for _, lasting := range []bool{false, true} {
						for at := 0; suffer(t, o.open, &trouble{fault: f, at: at, lasting: lasting}); at++ {
							cases++
						}
					}
				}
			})
			if cases-before < 2*len(faults) {
				t.Errorf("%d faults: too few to show anything", cases-before)
			}
			t.Logf("%d faults", cases-before)
		})
	}
	t.Logf("%d faults in all", cases)
}

// suffer carries an operation out in trouble, and again when the trouble is over. It
// returns false when there is no call any more that the trouble could meet.
func suffer(t *testing.T, open func(*world) operation, trouble *trouble) bool {
	t.Helper()
	w := newWorld(t, steady)
	o := open(w)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	trouble.hangUp = cancel
	w.calls.meet = trouble.meet
	err := o.do(ctx)
	w.calls.meet = nil
	if !trouble.met() {
		return false
	}
	where := fmt.Sprintf("call %d %s, lasting %t: answered %v", trouble.at, trouble.name, trouble.lasting, err)
	stray := 0
	if trouble.lasting {
		stray = 1
	}
	wrong := ""
	switch {
	case err == nil:
		wrong = o.holds()
	case !isOpen(err):
		wrong = "that is no answer to a fault"
	default:
		wrong = o.after(err, stray)
	}
	if wrong != "" {
		t.Errorf("%s: %s", where, wrong)
		return true
	}
	if err = o.do(context.Background()); err != nil {
		t.Errorf("%s: repeated: %v", where, err)
	} else if wrong = o.holds(); wrong != "" && !trouble.lasting {
		t.Errorf("%s: repeated: %s", where, wrong)
	}
	return true
}

// isOpen reports whether an error says that nothing was decided, or that the sign-in is
// to be tried again.
func isOpen(err error) bool {
	return errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrOvertaken) ||
		errors.Is(err, errFault) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func says(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// liveAre wants so many sessions of a subject to be live, and some that nobody holds.
func (w *world) liveAre(subject string, want, stray int) string {
	n := w.live(subject)
	return says(want <= n && n <= want+stray, "%d sessions are live, want %d and at most %d besides", n, want, stray)
}

func faultySignIn(w *world) operation {
	ann := w.user("ann")
	had := w.enter(ann)
	var fresh ticket
	given := 0
	return operation{
		do: func(ctx context.Context) error {
			if fresh = w.signIn(ctx, w.Manager, session.SignIn{Subject: ann}); fresh.given() {
				given++
			}
			return fresh.err
		},
		holds: func() string {
			if !w.allowed(fresh.Presented) || !w.allowed(had.Presented) {
				return "an innocent session is refused"
			}
			return w.liveAre(ann, 1+given, 0)
		},
		after: func(_ error, stray int) string { return w.liveAre(ann, 1, stray) },
	}
}

func faultySignInOverLimit(w *world) operation {
	w.policy.PerUser = 2
	w.Manager = w.process(0)
	ann := w.user("ann")
	w.enter(ann)
	w.enter(ann)
	w.now = w.now.Add(time.Minute)
	var fresh ticket
	return operation{
		do: func(ctx context.Context) error {
			fresh = w.signIn(ctx, w.Manager, session.SignIn{Subject: ann})
			return fresh.err
		},
		holds: func() string {
			return says(w.allowed(fresh.Presented), "the new session is refused") + w.liveAre(ann, 2, 0)
		},
		after: func(_ error, stray int) string {
			n := w.live(ann)
			return says(n <= 2+stray, "%d sessions are live, the limit is 2", n)
		},
	}
}

func faultyReplace(w *world, stepUp bool) operation {
	ann := w.user("ann")
	old := w.enter(ann)
	var fresh ticket
	given := 0
	in := session.SignIn{Subject: ann, Replace: old.Presented, StepUp: stepUp}
	return operation{
		do: func(ctx context.Context) error {
			if w.calls.meet == nil && !w.allowed(old.Presented) {
				in.StepUp = false // as who was signed out has to: by signing in
			}
			if fresh = w.signIn(ctx, w.Manager, in); fresh.given() {
				given++
			}
			return fresh.err
		},
		holds: func() string {
			return says(w.allowed(fresh.Presented) && !w.allowed(old.Presented), "the new session, or the old one") + w.liveAre(ann, given, 0)
		},
		after: func(err error, stray int) string {
			// A trouble that lasts, and a caller who hung up, may have taken away the answer
			// to the last call, by which the old session ends.
			if stray == 0 && !errors.Is(err, context.Canceled) && !w.allowed(old.Presented) {
				return "the holder was signed out"
			}
			return w.liveAre(ann, 0, 1+stray)
		},
	}
}

func faultyActing(w *world) operation {
	ann, olga := w.user("ann"), w.user("olga")
	own := w.enter(olga)
	var acting ticket
	given := 0
	return operation{
		do: func(ctx context.Context) error {
			if acting = w.signIn(ctx, w.Manager, session.SignIn{Subject: ann, Actor: own.record.ID}); acting.given() {
				given++
			}
			return acting.err
		},
		holds: func() string {
			return says(w.allowed(acting.Presented) && w.allowed(own.Presented), "the session is refused") + w.liveAre(ann, given, 0)
		},
		after: func(_ error, stray int) string {
			return says(w.allowed(own.Presented), "the actor was signed out") + w.liveAre(ann, 0, stray)
		},
	}
}

func faultyLookup(w *world, later time.Duration) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(later)
	in := func() string { return says(w.allowed(k.Presented), "the holder was signed out") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, k.Presented)
			return err
		},
		holds: in,
		after: func(err error, _ int) string {
			return says(session.OutcomeOf(err) == session.Unavailable, "that is a decision") + in()
		},
	}
}

func faultyOffer(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	var given []session.Presented
	in := func() string {
		if !w.allowed(k.Presented) {
			return "the holder was signed out"
		}
		if n := len(given); n > 0 && !w.allowed(given[n-1]) {
			return "the last token that was handed out is refused"
		}
		return ""
	}
	return operation{
		do: func(ctx context.Context) error {
			_, token, err := w.Renew(ctx, k.Presented)
			if !token.IsZero() {
				given = append(given, session.Presented{Token: token.Reveal()})
			}
			return err
		},
		holds: in,
		after: func(error, int) string { return in() },
	}
}

func faultyConfirmation(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	_, token, err := w.Renew(w.ctx, k.Presented)
	w.must(err)
	next := session.Presented{Token: token.Reveal()}
	in := func() string {
		return says(w.allowed(next) && w.allowed(k.Presented), "the holder was signed out")
	}
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, next)
			return err
		},
		holds: in,
		after: func(error, int) string { return in() },
	}
}

func faultyReplay(w *world) operation {
	k := w.enter(w.user("ann"))
	w.now = w.now.Add(time.Hour)
	_, token, err := w.Renew(w.ctx, k.Presented)
	w.must(err)
	next := session.Presented{Token: token.Reveal()}
	_, err = w.Lookup(w.ctx, next)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Lookup(ctx, k.Presented)
			switch session.OutcomeOf(err) {
			case session.Reused, session.Ended:
				return nil // that is the right answer
			case session.Allowed:
				return errors.New("a replayed token was let in")
			}
			return err
		},
		holds: func() string { return says(!w.allowed(next), "the session goes on") },
		after: func(error, int) string { return "" },
	}
}

// over is an operation that ends sessions of ann, and of nobody else.
func over(w *world, do func(ctx context.Context) error, ended ...ticket) operation {
	other := w.enter(w.user("innocent"))
	innocent := func() string { return says(w.allowed(other.Presented), "somebody else was signed out") }
	return operation{
		do: do,
		holds: func() string {
			for i := range ended {
				if w.allowed(ended[i].Presented) {
					return fmt.Sprintf("session %d was ended and is let in", i+1)
				}
			}
			return innocent()
		},
		after: func(error, int) string { return innocent() },
	}
}

func faultySignOut(w *world) operation {
	k := w.enter(w.user("ann"))
	return over(w, func(ctx context.Context) error {
		_, err := w.SignOut(ctx, k.Presented)
		return err
	}, k)
}

func faultyEnd(w *world) operation {
	k := w.enter(w.user("ann"))
	return over(w, func(ctx context.Context) error {
		_, err := w.End(ctx, k.record.ID, session.EndedByAdmin, session.ByOperator)
		return err
	}, k)
}

func faultyEndAll(w *world) operation {
	ann := w.user("ann")
	a, b, c := w.enter(ann), w.enter(ann), w.enter(ann)
	return over(w, func(ctx context.Context) error {
		_, err := w.EndAll(ctx, ann, session.EndedByAdmin, session.ByOperator)
		return err
	}, a, b, c)
}

func faultyEndOthers(w *world) operation {
	ann := w.user("ann")
	here, a, b := w.enter(ann), w.enter(ann), w.enter(ann)
	o := over(w, func(ctx context.Context) error {
		_, err := w.EndOthers(ctx, ann, here.record.ID, session.EndedByUser, session.BySubject(ann))
		return err
	}, a, b)
	return keeping(w, o, here)
}

// keeping wants a session to stay, whatever happens.
func keeping(w *world, o operation, here ticket) operation {
	holds, after := o.holds, o.after
	kept := func() string { return says(w.allowed(here.Presented), "the session in hand ended") }
	o.holds = func() string { return holds() + kept() }
	o.after = func(err error, stray int) string { return after(err, stray) + kept() }
	return o
}

func faultyEveryone(w *world) operation {
	a, b := w.enter(w.user("ann")), w.enter(w.user("bob"))
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.EndEveryone(ctx)
			return err
		},
		holds: func() string {
			return says(!w.allowed(a.Presented) && !w.allowed(b.Presented), "somebody is let in")
		},
		after: func(error, int) string { return "" },
	}
}

func faultyWalk(w *world) operation {
	ann := w.user("ann")
	a, b := w.enter(ann), w.enter(ann)
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.EndWhere(ctx, session.Walk{
				Filter: session.Filter{Role: "clerk"}, Reason: session.EndedByAdmin, By: session.ByOperator,
			})
			return err
		},
		holds: func() string {
			return says(!w.allowed(a.Presented) && !w.allowed(b.Presented), "a session that fits is let in")
		},
		after: func(error, int) string { return "" },
	}
}

func faultySweep(w *world) operation {
	ann := w.user("ann")
	w.enter(ann)
	w.enter(ann)
	w.now = w.now.Add(time.Minute)
	_, err := w.EndEveryone(w.ctx)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	fresh := w.enter(ann)
	in := func() string { return says(w.allowed(fresh.Presented), "a session made afterwards was ended") }
	return operation{
		do: func(ctx context.Context) error {
			_, err := w.Sweep(ctx, session.ByRule, "")
			return err
		},
		holds: func() string {
			n, err := w.CountAll(w.ctx, session.StateActive, time.Time{}, time.Time{})
			return says(err == nil && n == 1, "%d are counted as active, %v", n, err) + in()
		},
		after: func(error, int) string { return in() },
	}
}

func faultyChange(w *world, c signin.UserChange) operation {
	ann := w.user("ann")
	a, b := w.enter(ann), w.enter(ann)
	return over(w, func(ctx context.Context) error {
		_, err := w.directory.Change(ctx, ann, c, session.ByOperator)
		return err
	}, a, b)
}

func faultyDisable(w *world) operation {
	disabled := true
	return faultyChange(w, signin.UserChange{Disabled: &disabled})
}

func faultyRoles(w *world) operation {
	roles := []string{"guest"}
	return faultyChange(w, signin.UserChange{Roles: &roles})
}

func faultyReset(w *world) operation {
	password := signin.NewPassword(secondPhrase)
	return faultyChange(w, signin.UserChange{Password: &password})
}

func faultyOwnPassword(w *world, endOthers bool) operation {
	ann := w.user("ann")
	here, other := w.enter(ann), w.enter(ann)
	do := func(ctx context.Context) error {
		_, err := w.directory.ChangePassword(ctx, signin.PasswordChange{
			Subject: ann, New: secondPhrase, Keep: here.record.ID, EndOthers: endOthers, By: session.BySubject(ann),
			Verify: func(ctx context.Context) (bool, error) {
				_, err := w.check(ann, firstPhrase)(ctx)
				if !errors.Is(err, signin.ErrRefused) {
					return false, err
				}
				_, err = w.check(ann, secondPhrase)(ctx)
				return err == nil, err
			},
		})
		return err
	}
	ended := []ticket{other}
	if !endOthers {
		ended = nil
	}
	return keeping(w, over(w, do, ended...), here)
}
