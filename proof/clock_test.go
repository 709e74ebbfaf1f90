package proof_test

import (
	"testing"
	"time"

	"coatcheck/core/session"
)

const ms = time.Millisecond

// limits are all times that the policy and the design set, each with what a look-up
// says one millisecond before, at and after it.
var limits = []struct {
	name              string
	policy            session.Policy
	open              func(w *world) (at time.Time, look func() string)
	before, at, after string
}{
	{"idle", session.Policy{}, idleLimit, "allowed", "expired idle_timeout", "expired idle_timeout"},
	{"absolute", session.Policy{Idle: 8 * time.Hour}, absoluteLimit, "allowed", "expired absolute_timeout", "expired absolute_timeout"},
	{"remembered, idle", remembering, rememberedIdle, "allowed", "expired idle_timeout", "expired idle_timeout"},
	{"remembered, absolute", remembering, rememberedAbsolute, "allowed", "expired absolute_timeout", "expired absolute_timeout"},
	{"idle, by a tighter policy", steady, tighterIdle, "allowed", "expired idle_timeout", "expired idle_timeout"},
	{"absolute, by a tighter policy", steady, tighterAbsolute, "allowed", "expired absolute_timeout", "expired absolute_timeout"},
	{"days after it should have been purged", session.Policy{}, purged, "expired idle_timeout", "expired idle_timeout", "expired idle_timeout"},
	{"fresh", steady, fresh, "allowed", "forbidden", "forbidden"},
	{"acting", steady, acting, "allowed", "expired absolute_timeout", "expired absolute_timeout"},
	{"grace of a replaced token", steady, grace, "allowed", "allowed", "reused token_reuse"},
	{"rotation", steady, rotation, "kept", "replaced", "replaced"},
	{"rotation whose answer was lost", steady, secondRotation, "kept", "kept", "replaced"},
	{"made before everybody was ended, by a clock ahead", steady, everybody, "ended ended_everywhere", "ended ended_everywhere", "allowed"},
	{"touch, at the earliest", steady, touchEarliest, "not touched", "", ""},
	{"touch, at the latest", steady, touchLatest, "", "touched", "touched"},
}

func TestLimits(t *testing.T) {
	for _, l := range limits {
		for off, want := range map[time.Duration]string{-ms: l.before, 0: l.at, ms: l.after} {
			w := newWorld(t, l.policy)
			at, look := l.open(w)
			w.now = at.Add(off)
			if got := look(); want != "" && got != want {
				t.Errorf("%s, %v: got %s, want %s", l.name, off, got, want)
			}
		}
	}
}

// says is what a look-up by a process says of a token.
func (w *world) says(m *session.Manager, p session.Presented) string {
	_, err := m.Lookup(w.ctx, p)
	return verdictOf(err)
}

func idleLimit(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	return noon.Add(15 * time.Minute), func() string { return w.says(w.Manager, k.Presented) }
}

func absoluteLimit(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	w.now = noon.Add(7 * time.Hour)
	w.says(w.Manager, k.Presented)
	return noon.Add(8 * time.Hour), func() string { return w.says(w.Manager, k.Presented) }
}

var remembering = session.Policy{RememberedIdle: 7 * 24 * time.Hour, RememberedAbsolute: 10 * 24 * time.Hour}

func remembered(w *world) ticket {
	k := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: w.user("ann"), Remember: true})
	w.must(k.err)
	return k
}

func rememberedIdle(w *world) (time.Time, func() string) {
	k := remembered(w)
	return noon.Add(7 * 24 * time.Hour), func() string { return w.says(w.Manager, k.Presented) }
}

func rememberedAbsolute(w *world) (time.Time, func() string) {
	k := remembered(w)
	w.now = noon.Add(6 * 24 * time.Hour)
	w.says(w.Manager, k.Presented)
	return noon.Add(10 * 24 * time.Hour), func() string { return w.says(w.Manager, k.Presented) }
}

func (w *world) under(p session.Policy) *session.Manager {
	w.policy = p
	return w.process(0)
}

func tighterIdle(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	tight := w.under(session.Policy{Idle: time.Minute})
	return noon.Add(time.Minute), func() string { return w.says(tight, k.Presented) }
}

func tighterAbsolute(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	tight := w.under(session.Policy{Idle: time.Hour, Absolute: time.Hour})
	w.now = noon.Add(50 * time.Minute)
	w.says(tight, k.Presented)
	return noon.Add(time.Hour), func() string { return w.says(tight, k.Presented) }
}

// The database deletes late, days late at times: what it has not deleted is judged by
// its times all the same.
func purged(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	return k.record.PurgeAt.Add(5 * 24 * time.Hour), func() string { return w.says(w.Manager, k.Presented) }
}

func fresh(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	k.Demand.MaxAuthAge = 15 * time.Minute
	return noon.Add(15 * time.Minute), func() string { return w.says(w.Manager, k.Presented) }
}

func acting(w *world) (time.Time, func() string) {
	own := w.enter(w.user("olga"))
	k := w.signIn(w.ctx, w.Manager, session.SignIn{Subject: w.user("ann"), Actor: own.record.ID})
	w.must(k.err)
	return noon.Add(session.ActingLimit), func() string { return w.says(w.Manager, k.Presented) }
}

// renewed is the token that a look-up hands out.
func (w *world) renewed(p session.Presented) session.Presented {
	_, token, err := w.Renew(w.ctx, p)
	w.must(err)
	if token.IsZero() {
		return session.Presented{}
	}
	return session.Presented{Token: token.Reveal()}
}

func grace(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	w.now = noon.Add(time.Hour)
	next := w.renewed(k.Presented)
	w.says(w.Manager, next)
	return w.now.Add(w.Policy().Grace + session.Skew), func() string { return w.says(w.Manager, k.Presented) }
}

func (w *world) rotated(p session.Presented) string {
	if w.renewed(p).Token == "" {
		return "kept"
	}
	return "replaced"
}

func rotation(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	return noon.Add(w.Policy().RotateEvery), func() string { return w.rotated(k.Presented) }
}

func secondRotation(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	w.now = noon.Add(w.Policy().RotateEvery)
	w.renewed(k.Presented)
	return w.now.Add(2*w.Policy().Grace + session.Skew), func() string { return w.rotated(k.Presented) }
}

// The session is made by a clock that is ahead, at the limit; everybody is ended at
// noon.
func everybody(w *world) (time.Time, func() string) {
	ann := w.user("ann")
	return noon.Add(session.Skew), func() string {
		k := w.enter(ann)
		w.must(w.calls.RaiseEndedBefore(w.ctx, noon))
		return w.says(w.process(0), k.Presented)
	}
}

func (w *world) touched(k ticket) string {
	w.says(w.Manager, k.Presented)
	got, err := w.Get(w.ctx, k.record.ID)
	w.must(err)
	if got.LastSeenAt.Equal(k.record.LastSeenAt) {
		return "not touched"
	}
	return "touched"
}

func touchEarliest(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	return noon.Add(w.Policy().TouchEvery), func() string { return w.touched(k) }
}

func touchLatest(w *world) (time.Time, func() string) {
	k := w.enter(w.user("ann"))
	return noon.Add(w.Policy().TouchEvery + w.Policy().TouchEvery/10), func() string { return w.touched(k) }
}
