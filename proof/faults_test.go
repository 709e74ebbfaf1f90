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
	befell  string       // the first call that it befell
}

// met reports whether there was a call that the trouble befell.
func (t *trouble) met() bool { return t.calls.Load() > int64(t.at) }

func (t *trouble) meet(ctx context.Context, c call, do func() error) error {
	n := t.calls.Add(1) - 1
	if n < int64(t.at) || n > int64(t.at) && !t.lasting {
		return do()
	}
	if n == int64(t.at) {
		t.befell = c.name
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

// operation is something that is asked for while a store is in trouble. stray is how
// many sessions may be left that nobody holds: an end that follows an error may fail, too.
type operation struct {
	do func(ctx context.Context) error
	// holds says what is wrong although the answer was yes.
	holds func(stray int) string
	// after says what is wrong though the answer was an error.
	after func(err error, stray int) string
}

// operations are all that call a store.
var operations = []struct {
	name string
	open func(w *world) operation
}{
	{"sign in", faultySignIn},
	{"sign in over the limit", func(w *world) operation { return faultySignInOverLimit(w, false) }},
	{"sign in over the limit with a session in hand", func(w *world) operation { return faultySignInOverLimit(w, true) }},
	{"sign in with a session in hand", func(w *world) operation { return faultyReplace(w, false) }},
	{"step up", func(w *world) operation { return faultyReplace(w, true) }},
	{"act as somebody", faultyActing},
	{"look-up", func(w *world) operation { return faultyLookup(w, 0) }},
	{"look-up that touches", func(w *world) operation { return faultyLookup(w, time.Hour) }},
	{"look-up while acting", faultyLookupActing},
	{"offer", faultyOffer},
	{"confirmation", faultyConfirmation},
	{"replay", faultyReplay},
	{"sign out", faultySignOut},
	{"end", faultyEnd},
	{"end all", faultyEndAll},
	{"end others", faultyEndOthers},
	{"end everybody", faultyEveryone},
	{"end by predicate", faultyWalk},
	{"end by predicate and account", faultyWalkAccounts},
	{"sweep", faultySweep},
	{"list", faultyList},
	{"list all", faultyListAll},
	{"count all", faultyCountAll},
	{"add a user", faultyAdd},
	{"find a user by name", faultyResolve},
	{"list users", faultyUsers},
	{"enable", faultyEnable},
	{"disable", faultyDisable},
	{"roles", faultyRoles},
	{"password reset", faultyReset},
	{"own password, others end", func(w *world) operation { return faultyOwnPassword(w, true) }},
	{"own password, others stay", func(w *world) operation { return faultyOwnPassword(w, false) }},
}

// Each store call of each operation fails in each way, once and for as long as the
// operation lasts.
func TestFaults(t *testing.T) {
	cases, befell := 0, map[string]int{}
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			before := cases
			synctest.Test(t, func(t *testing.T) {
				for _, f := range faults {
					for _, lasting := range []bool{false, true} {
						for at := 0; ; at++ {
							trouble := &trouble{fault: f, at: at, lasting: lasting}
							if !suffer(t, o.open, trouble) {
								break
							}
							cases++
							befell[trouble.befell]++
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
	for _, name := range callNames {
		if befell[name] == 0 {
			t.Errorf("no fault befell the call %q", name)
		}
	}
	t.Logf("%d faults in all: %v", cases, befell)
}

// callNames are the kinds of calls of the two stores.
var callNames = []string{
	"create", "read", "touch", "rotate", "end", "list", "page", "count", "fence", "raise",
	"account", "account-create", "account-list", "account-name", "account-write",
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
		wrong = o.holds(0)
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
	} else if wrong = o.holds(stray); wrong != "" {
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
