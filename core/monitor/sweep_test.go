package monitor_test

import (
	"context"
	"testing"
	"time"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
)

// Every step of the sweep is taken, so that what ended with everybody counts as ended:
// neither as active, nor as expired when its time comes.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	const users = 2*session.DefaultStep + 1
	w.signInMany(users)
	w.endEveryone()
	w.after(time.Minute)
	w.signInMany(2)
	m := w.monitor(monitor.Options{})
	if got := w.run(m); got.Ended != users || got.Active != 2 {
		t.Errorf("got %+v, want %d ended and 2 active", got, users)
	}
	w.after(14*time.Minute + 10*time.Second)
	if got := w.run(m); got.Ended != 0 || got.Expired != 0 || got.Active != 2 {
		t.Errorf("then %+v, want none ended or expired", got)
	}
	w.sink.want(t, map[string]float64{"sweep_ended": users})
}

func (w *world) endEveryone() {
	w.t.Helper()
	if _, err := w.sessions.EndEveryone(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// A walk is repeated until one that began late enough found nothing; then none is made
// until everybody is ended again, by whichever process, or the process is another.
func TestSweepIsNotRepeatedForEver(t *testing.T) {
	w := newWorld(t)
	w.signIn("usr_1")
	m := w.monitor(monitor.Options{})
	for _, c := range []struct {
		what  string
		do    func()
		after time.Duration
		walks bool
	}{
		{"nobody was ended", nil, 0, false},
		{"everybody was", w.endEveryone, time.Second, true},
		{"a sign-in may be late", nil, 30 * time.Second, true},
		{"late enough", nil, 30 * time.Second, true},
		{"found nothing", nil, 30 * time.Second, false},
		{"found nothing, still", nil, time.Hour, false},
		{"ended again", w.endEveryone, time.Second, true},
		{"another process", func() { m = w.monitor(monitor.Options{}) }, 7 * time.Hour, true},
		{"too old to live", func() { m = w.monitor(monitor.Options{}) }, 2 * time.Hour, false},
	} {
		if c.do != nil {
			c.do()
		}
		w.after(c.after)
		w.store.calls = nil
		w.run(m)
		if got := w.store.calls["page live"] > 1; got != c.walks { // one is for the oldest records
			t.Errorf("%s: walks %t, want %t", c.what, got, c.walks)
		}
	}
}

// What a sign-in that began before everybody was ended made after the first walk, and did
// not live to end itself, is found.
func TestSweepFindsLateSignIns(t *testing.T) {
	late := newWorld(t)
	_, id := late.signIn("usr_2")
	made, err := late.store.Read(t.Context(), session.Query{Sessions: []session.ID{id}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.signIn("usr_1")
	w.endEveryone()
	m := w.monitor(monitor.Options{})
	for _, want := range []int{1, 0} {
		w.after(29 * time.Second)
		if got := w.run(m); got.Ended != want {
			t.Errorf("%+v, want %d ended", got, want)
		}
	}
	if _, err := w.store.Create(t.Context(), made.Records[0]); err != nil {
		t.Fatal(err)
	}
	w.after(2 * time.Second)
	if got := w.run(m); got.Ended != 1 || got.Active != 0 {
		t.Errorf("got %+v, want the late one ended", got)
	}
}

// A sweep takes at most half of a run's time, and the next run goes on where it was. A
// step that failed is taken again.
func TestSweepGoesOn(t *testing.T) {
	w := newWorld(t)
	const users = 3 * session.DefaultStep
	w.signInMany(users)
	w.endEveryone()
	m := w.monitor(monitor.Options{})
	w.store.down = []string{"page live"}
	if got, err := m.Run(t.Context()); err == nil || got.Ended != 0 {
		t.Errorf("a store that fails: %+v, %v", got, err)
	}
	w.store.down = nil
	slow := &slowly{fragile: w.store, cut: 2}
	w.store = &fragile{Store: slow}
	w.sessions = w.manager(0)
	m = w.monitor(monitor.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	first, err := m.Run(ctx)
	if err != nil || first.Ended != session.DefaultStep || first.Minutes != 15 {
		t.Errorf("cut off: %+v, %v; want one step and all other parts", first, err)
	}
	if got := w.run(m); got.Ended != users-first.Ended {
		t.Errorf("then %+v, want the others", got)
	}
}

// slowly lets one page of the live ones wait for the end of its context.
type slowly struct {
	*fragile
	cut int
}

// Page implements [session.Store].
func (s *slowly) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	if q.Status == session.StatusLive {
		if s.cut--; s.cut == 0 {
			<-ctx.Done()
			return session.Page{}, ctx.Err()
		}
	}
	return s.fragile.Page(ctx, q)
}
