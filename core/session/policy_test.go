package session

import (
	"strings"
	"testing"
	"time"
)

func TestPolicyDefaults(t *testing.T) {
	p := Policy{}.WithDefaults()
	want := Policy{
		Idle: 15 * time.Minute, Absolute: 8 * time.Hour, TouchEvery: 90 * time.Second,
		FreshFor: 15 * time.Minute, RotateEvery: time.Hour, Grace: 30 * time.Second, PerUser: 10, Retention: 30 * 24 * time.Hour,
	}
	if p != want {
		t.Errorf("got %+v\nwant %+v", p, want)
	}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPolicyTouchDefaultFollowsIdle(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{
		time.Hour: 6 * time.Minute, 5 * time.Minute: time.Minute, 90 * time.Second: 45 * time.Second,
	} {
		if got := (Policy{Idle: idle}).WithDefaults().TouchEvery; got != want {
			t.Errorf("idle %v: touch every %v, want %v", idle, got, want)
		}
	}
}

// Everything that is wrong is said at once.
func TestPolicyNamesAllFaults(t *testing.T) {
	err := Policy{
		Idle: 9 * time.Hour, Absolute: 8 * time.Hour, TouchEvery: 5 * time.Hour, FreshFor: -1, PerUser: -1,
		Retention: -1, RememberedIdle: time.Minute, RememberedAbsolute: time.Hour,
	}.Validate()
	if err == nil {
		t.Fatal("a policy that contradicts itself was accepted")
	}
	for _, field := range []string{"Idle is 9h", "TouchEvery is 5h", "FreshFor is", "PerUser is -1", "Retention is", "RememberedIdle is 1m", "RememberedAbsolute is 1h"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("fault %q is not named in:\n%v", field, err)
		}
	}
}

// What is wrong is named with bounds that can be met, and what is right beside it is not
// named.
func TestPolicyNamesNoOtherFault(t *testing.T) {
	for name, c := range map[string]struct {
		policy Policy
		want   string
	}{
		"absolute too short":    {Policy{Absolute: time.Second}, "Absolute is 1s: want 2s to 9600h0m0s"},
		"absolute too long":     {Policy{Absolute: 10000 * time.Hour, Idle: 9000 * time.Hour}, "Absolute is 10000h0m0s: want 2s to 9600h0m0s"},
		"idle too short":        {Policy{Idle: time.Millisecond}, "Idle is 1ms: want 2s to 8h0m0s"},
		"idle under nothing":    {Policy{Idle: -time.Hour}, "Idle is -1h0m0s: want 2s to 8h0m0s"},
		"idle over absolute":    {Policy{Idle: 9 * time.Hour}, "Idle is 9h0m0s: want 2s to 8h0m0s"},
		"idle alone remembered": {Policy{RememberedIdle: 168 * time.Hour}, "RememberedAbsolute is 0s: want 8h0m0s to 9600h0m0s"},
		"absolute alone":        {Policy{RememberedAbsolute: 720 * time.Hour}, "RememberedIdle is 0s: want 15m0s to 720h0m0s"},
		"remembered less":       {Policy{RememberedIdle: time.Hour, RememberedAbsolute: 2 * time.Hour}, "RememberedAbsolute is 2h0m0s: want 8h0m0s to 9600h0m0s"},
		"remembered idle over":  {Policy{RememberedIdle: 800 * time.Hour, RememberedAbsolute: 720 * time.Hour}, "RememberedIdle is 800h0m0s: want 15m0s to 720h0m0s"},
		"wrong beside remembered": {
			Policy{Absolute: time.Second, RememberedIdle: time.Hour, RememberedAbsolute: 2 * time.Hour}, "Absolute is 1s: want 2s to 9600h0m0s",
		},
		"touched too rarely": {Policy{TouchEvery: time.Hour}, "TouchEvery is 1h0m0s: want 1ms to 7m30s"},
	} {
		if err := c.policy.WithDefaults().Validate(); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func record(at time.Time, p Policy) Record {
	return Record{
		CreatedAt: at, LastSeenAt: at, ExpiresAt: at.Add(p.Idle), AbsoluteExpiry: at.Add(p.Absolute),
	}
}

// A limit is reached at its very millisecond.
func TestTimeoutAtTheMillisecond(t *testing.T) {
	p := Policy{}.WithDefaults()
	idle := record(testTime, p)
	old := record(testTime, p)
	old.LastSeenAt, old.ExpiresAt = old.AbsoluteExpiry.Add(-time.Minute), old.AbsoluteExpiry
	for _, c := range []struct {
		name string
		r    Record
		at   time.Time
		want EndReason
	}{
		{"before idle", idle, testTime.Add(p.Idle - time.Millisecond), ""},
		{"at idle", idle, testTime.Add(p.Idle), IdleTimeout},
		{"after idle", idle, testTime.Add(p.Idle + time.Millisecond), IdleTimeout},
		{"before absolute", old, testTime.Add(p.Absolute - time.Millisecond), ""},
		{"at absolute", old, testTime.Add(p.Absolute), AbsoluteTimeout},
		{"a week after idle", idle, testTime.Add(7 * 24 * time.Hour), IdleTimeout},
		{"clock an hour back", idle, testTime.Add(-time.Hour), ""},
	} {
		if got := p.timeout(&c.r, c.at); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// The tighter of the record and the present policy holds.
func TestTighterPolicyWins(t *testing.T) {
	made := Policy{}.WithDefaults()
	r := record(testTime, made)
	tight := Policy{Idle: 5 * time.Minute, Absolute: time.Hour}.WithDefaults()
	loose := Policy{Idle: time.Hour, Absolute: 24 * time.Hour}.WithDefaults()

	if got := tight.timeout(&r, testTime.Add(5*time.Minute)); got != IdleTimeout {
		t.Errorf("tighter policy: got %q", got)
	}
	used := r
	used.LastSeenAt = testTime.Add(59 * time.Minute)
	used.ExpiresAt = used.LastSeenAt.Add(made.Idle)
	if got := tight.timeout(&used, testTime.Add(time.Hour)); got != AbsoluteTimeout {
		t.Errorf("tighter policy, in use: got %q", got)
	}
	if _, absolute := loose.expiry(&r); !absolute.Equal(r.AbsoluteExpiry) {
		t.Errorf("looser policy: lives until %v, want %v", absolute, r.AbsoluteExpiry)
	}
	if got := loose.timeout(&r, testTime.Add(15*time.Minute)); got != IdleTimeout {
		t.Errorf("looser policy: got %q", got)
	}
	at := testTime.Add(10 * time.Minute)
	if got, want := loose.touched(&r, at), at.Add(made.Idle); !got.Equal(want) {
		t.Errorf("touched under a looser policy: expires %v, want %v", got, want)
	}
	if got, want := tight.touched(&r, at), at.Add(tight.Idle); !got.Equal(want) {
		t.Errorf("touched under a tighter policy: expires %v, want %v", got, want)
	}
}

// A touch never passes the absolute expiry, and being cut by it is no shorter idle
// limit.
func TestTouchStopsAtAbsoluteExpiry(t *testing.T) {
	p := Policy{}.WithDefaults()
	r := record(testTime, p)
	end := r.AbsoluteExpiry
	for _, before := range []time.Duration{10 * time.Minute, 9 * time.Minute, time.Minute} {
		at := end.Add(-before)
		r.LastSeenAt, r.ExpiresAt = at, p.touched(&r, at)
		if !r.ExpiresAt.Equal(end) {
			t.Errorf("touched %v before the absolute expiry: expires %v, want %v", before, r.ExpiresAt, end)
		}
	}
}

func TestRememberedLimits(t *testing.T) {
	p := Policy{RememberedIdle: 7 * 24 * time.Hour, RememberedAbsolute: 30 * 24 * time.Hour}.WithDefaults()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	r := record(testTime, Policy{Idle: p.RememberedIdle, Absolute: p.RememberedAbsolute})
	r.Remembered = true
	if got := p.timeout(&r, testTime.Add(6*24*time.Hour)); got != "" {
		t.Errorf("remembered session after 6 days: %q", got)
	}
	off := Policy{}.WithDefaults()
	if got := off.timeout(&r, testTime.Add(time.Hour)); got != IdleTimeout {
		t.Errorf("remembering switched off: got %q, want %q", got, IdleTimeout)
	}
}
