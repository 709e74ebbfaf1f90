package monitor_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/monitor"
	"coatcheck/core/session"
)

// What a run tells is so: who is active, and who ran out in which minute. What was ended
// is neither. Telling it again, from this process or from another, changes nothing.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.signInMany(3) // run out at 12:15:00
	w.after(90 * time.Second)
	w.signIn("usr_3") // 12:16:30
	_, ended := w.signIn("usr_4")
	if _, err := w.sessions.End(t.Context(), ended, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	w.now = start.Add(17 * time.Minute)
	w.signInMany(2)
	w.after(30 * time.Second)
	m := w.monitor(monitor.Options{})
	want := monitor.Report{Active: 2, Minutes: 15, Expired: 4}
	if got := w.run(m); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	w.sink.want(t, map[string]float64{"sessions_active": 2, "ttl_lag": 0, "monitor_runs ok": 1})
	first := maps.Clone(w.sink.closed)
	if got := w.sink.told; len(got) != 15 || got[0] != "12:02:00" || got[14] != "12:16:00" {
		t.Errorf("told of %q, want 12:02 to 12:16", got)
	}
	for minute, n := range map[string]float64{"12:14:00": 0, "12:15:00": 3, "12:16:00": 1} {
		if got := first["sessions_expired "+minute]; got != n {
			t.Errorf("%s: %v, want %v", minute, got, n)
		}
	}
	w.run(m)
	w.run(w.monitor(monitor.Options{}))
	if !maps.Equal(w.sink.closed, first) {
		t.Errorf("told again it is\n%v, was\n%v", w.sink.closed, first)
	}
}

// Runs that did not take place are made up for within what is covered.
func TestMissedRuns(t *testing.T) {
	w := newWorld(t)
	m := w.monitor(monitor.Options{Every: 2 * time.Minute})
	w.run(m)
	w.sink.told = nil
	w.after(6 * time.Minute) // two of 2 min are missing
	w.run(m)
	if want := []string{"11:59:00", "12:00:00", "12:01:00", "12:02:00", "12:03:00", "12:04:00"}; !slices.Equal(w.sink.told, want) {
		t.Errorf("told of %q, want %q", w.sink.told, want)
	}
}

// A minute is told of once nothing moves in it any more: a process whose clock is as far
// behind as may be lets a session in after its time by ours, and so moves its expiry.
func TestMinutesAreSettled(t *testing.T) {
	w := newWorld(t)
	behind := w.manager(session.Skew)
	token, _ := w.signIn("usr_1")
	expiry := start.Add(15 * time.Minute)
	m := w.monitor(monitor.Options{})
	for _, c := range []struct {
		at   time.Duration // after the minute in which it runs out
		told bool
	}{
		{0, false},
		{session.Skew, false},
		{session.Skew + 799*time.Millisecond, false},
		{session.Skew + 800*time.Millisecond, true},
	} {
		w.now, w.sink.told = expiry.Add(time.Minute+c.at), nil
		w.run(m)
		if got := slices.Contains(w.sink.told, "12:15:00"); got != c.told {
			t.Errorf("%v after: told %t, want %t", c.at, got, c.told)
		}
	}
	w.now = expiry.Add(session.Skew - time.Millisecond)
	if _, err := behind.Lookup(t.Context(), session.Presented{Token: token}); err != nil {
		t.Fatalf("a clock that is behind: %v, want let in", err)
	}
	w.sink.closed = map[string]float64{}
	for range 20 {
		w.run(m)
		w.after(time.Minute)
	}
	for minute, n := range w.sink.closed {
		// It was let in at 12:14:59.999 by the clock of who did.
		if want := map[string]float64{"sessions_expired 12:29:00": 1}[minute]; n != want {
			t.Errorf("%s: %v, want %v", minute, n, want)
		}
	}
	if len(w.sink.closed) < 30 {
		t.Errorf("told of %d minutes only", len(w.sink.closed))
	}
}

// What expired and was ended afterwards, by an end of all of a user's, was told before:
// the highest count is the right one.
func TestEndedAfterwards(t *testing.T) {
	w := newWorld(t)
	w.signIn("usr_1")
	m := w.monitor(monitor.Options{})
	w.after(17 * time.Minute)
	w.run(m)
	if _, err := w.sessions.EndAll(t.Context(), "usr_1", session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	w.run(m)
	if got := w.sink.closed["sessions_expired 12:15:00"]; got != 1 {
		t.Errorf("%v ran out, want 1", got)
	}
}

// The records that stand longest tell how far housekeeping is behind.
func TestTTLLag(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // the sign-in, whose PurgeAt is a whole second
		ended bool
		want  time.Duration
	}{
		"live":                   {after: time.Minute},
		"expired":                {after: 9 * time.Hour},
		"to be forgotten just":   {after: 728 * time.Hour}, // 8 h and 30 days
		"overdue":                {after: 730*time.Hour + time.Second, want: 2 * time.Hour},
		"ended":                  {after: time.Hour, ended: true},
		"ended, to be forgotten": {after: 731*time.Hour + time.Second, ended: true, want: 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, id := w.signIn("usr_1")
			if c.ended {
				if _, err := w.sessions.End(t.Context(), id, session.EndedByAdmin, session.ByOperator); err != nil {
					t.Fatal(err)
				}
			}
			w.after(c.after)
			if got := w.run(w.monitor(monitor.Options{})).TTLLag; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			w.sink.want(t, map[string]float64{"ttl_lag": c.want.Seconds()})
		})
	}
}

func TestKeyAge(t *testing.T) {
	for name, c := range map[string]struct {
		made func(context.Context) (time.Time, error)
		want time.Duration
		told bool
	}{
		"not known":       {},
		"not known today": {made: func(context.Context) (time.Time, error) { return time.Time{}, nil }},
		"a day":           {made: func(context.Context) (time.Time, error) { return start.Add(-24 * time.Hour), nil }, want: 24 * time.Hour, told: true},
		"by a clock that is ahead": {
			made: func(context.Context) (time.Time, error) { return start.Add(time.Second), nil }, told: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.run(w.monitor(monitor.Options{KeyMade: c.made})).KeyAge; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got, told := w.sink.last["tag_key_age"]; told != c.told || got != c.want.Seconds() {
				t.Errorf("told %t %v, want %t %v", told, got, c.told, c.want)
			}
		})
	}
}

// Wrong options are named.
func TestNew(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		sessions *session.Manager
		every    time.Duration
		want     string
	}{
		"no sessions": {nil, 0, "no sessions given"},
		"too little":  {w.sessions, time.Millisecond, "Every is 1ms: want 1s to 8h0m0s"},
		"too much":    {w.sessions, 9 * time.Hour, "Every is 9h0m0s"},
	} {
		if _, err := monitor.New(c.sessions, w.sink, &monitor.Options{Every: c.every}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := monitor.New(w.sessions, w.sink, nil); err != nil {
		t.Error(err)
	}
}

// What a run tells of is three times what lies between two, in whole minutes.
func TestCovers(t *testing.T) {
	for every, want := range map[time.Duration]int{
		time.Second: 3, time.Minute: 3, 5 * time.Minute: 15, 100 * time.Second: 5, time.Hour: 180,
	} {
		w := newWorld(t)
		if got := w.run(w.monitor(monitor.Options{Every: every})).Minutes; got != want {
			t.Errorf("%v: %d minutes, want %d", every, got, want)
		}
	}
}

// Where nobody is told nothing is counted, and the sweep goes on.
func TestNoSink(t *testing.T) {
	w := newWorld(t)
	w.signIn("usr_1")
	w.endEveryone()
	w.after(time.Second)
	m, err := monitor.New(w.sessions, nil, &monitor.Options{Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.run(m); got != (monitor.Report{Ended: 1}) || w.store.calls["count active"] > 0 {
		t.Errorf("got %+v and %v", got, w.store.calls)
	}
}
