package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/storetest"
)

// A long history is read page by page: it keeps nobody from signing out everywhere,
// nor from signing in.
func TestLongHistory(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 3}})
	now := w.clock.Now()
	for i := range 2500 {
		r := storetest.Record("alice", now.Add(-time.Duration(i)*time.Second), storetest.EndedAt(now))
		if _, err := w.store.Store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Move(-1200 * time.Second) // the live one lies in the middle of the history
	p, _ := w.signIn("alice")
	w.clock.Move(1200 * time.Second)
	w.store.taken()
	q, _ := w.signIn("alice")
	if got := strings.Join(w.store.taken(), " "); got != "read+control create list list list" {
		t.Errorf("sign in: %s", got)
	}
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Errorf("end all: %d, %v, want the one that is not expired", n, err)
	}
	w.wantOutcome(q, session.Ended, session.EndedByAdmin)
	w.wantOutcome(p, session.Ended, session.EndedByAdmin) // not told as ended, and no late touch brings it back
}

// A token goes out only if its record is there and live when the limit is looked at.
func TestSignInOfARecordThatIsGone(t *testing.T) {
	for name, spoil := range map[string]func(w *world, id session.ID) error{
		"ended meanwhile": func(w *world, id session.ID) error {
			_, err := w.End(context.Background(), id, session.EndedByAdmin, session.ByOperator)
			return err
		},
		"not in the list": func(w *world, _ session.ID) error {
			w.store.Store = forgetful{w.store.Store}
			return nil
		},
	} {
		w := newWorld(t, session.Options{})
		var made session.ID
		w.store.Store = watcher{w.store.Store, &made}
		w.store.after = func(_ int, call string) error {
			if call != "create" {
				return nil
			}
			w.store.after = nil
			return spoil(w, made)
		}
		if _, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted}); !errors.Is(err, session.ErrOvertaken) {
			t.Errorf("%s: got %v, want ErrOvertaken", name, err)
		}
	}
}

type watcher struct {
	session.Store
	made *session.ID
}

func (w watcher) Create(ctx context.Context, r session.Record) (session.Record, error) {
	*w.made = r.ID
	return w.Store.Create(ctx, r)
}

type forgetful struct{ session.Store }

func (forgetful) List(context.Context, session.Range) (session.Listing, error) {
	return session.Listing{}, nil
}

// A touch that was sent before the session expired may still be on its way: such a
// session is ended rather than taken for over.
func TestEndAllReachesWhatATouchMayRevive(t *testing.T) {
	w := newWorld(t, session.Options{Timeout: 10 * time.Second})
	p, _ := w.signIn("alice")
	w.clock.Move(w.Policy().Idle - time.Second)
	w.store.before = func(_ int, call string) error {
		if call != "touch" {
			return nil
		}
		w.store.before = nil
		w.clock.Move(9 * time.Second)
		n, err := w.EndAll(context.Background(), "alice", session.EndedByAdmin, session.ByOperator)
		if n != 1 || err != nil {
			t.Errorf("end all: %d, %v", n, err)
		}
		return nil
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

// Another clock may be behind by the skew and take for live what this one does not.
func TestEndAllAllowsForTheSkew(t *testing.T) {
	w := newWorld(t, session.Options{Timeout: time.Millisecond})
	w.signIn("alice")
	w.clock.Move(w.Policy().Idle + session.Skew - time.Millisecond)
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Errorf("end all: %d, %v, want 1", n, err)
	}
}

// The limit looks back as far as another clock may take a session for live: one that
// reached its absolute limit within the skew still counts, and ends.
func TestLimitAllowsForTheSkew(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{Idle: time.Hour, Absolute: time.Hour, PerUser: 1}})
	_, old := w.signIn("alice")
	w.clock.Move(time.Hour + session.Skew - 2*time.Second)
	w.signIn("alice")
	if r, err := w.Get(t.Context(), old.ID); err != nil || r.End.Reason != session.SessionLimit {
		t.Errorf("the old session's end is %+v, %v", r.End, err)
	}
}

// Ending all is not acknowledged while there is an item of the user's that nobody can
// end; what can be ended is.
func TestEndAllWithADamagedItem(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	_, broken := w.signIn("alice")
	w.store.Store = damager{w.store.Store, broken.ID}
	n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator)
	if n != 1 || !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, session.ErrDamaged) || !strings.Contains(err.Error(), broken.ID.String()) {
		t.Errorf("got %d, %v", n, err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

// Where the store ended what is damaged, ending it is done, and so is ending all.
func TestEndOfADamagedItem(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	_, broken := w.signIn("alice")
	w.store.Store = ender{damager{w.store.Store, broken.ID}}
	r, err := w.End(t.Context(), broken.ID, session.EndedByAdmin, session.ByOperator)
	if err != nil || r.ID != broken.ID || r.End.Reason != session.EndedByAdmin {
		t.Errorf("end: %+v, %v", r.End, err)
	}
	if n, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 2 || err != nil {
		t.Errorf("end all: %d, %v", n, err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

// ender ends what its damager says is damaged.
type ender struct{ damager }

func (e ender) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if id == e.id && c.EndsOnly() {
		return session.Record{ID: id, End: *c.End}, session.ErrDamaged
	}
	return e.damager.Update(ctx, id, c)
}

// damager answers for one session that its item is no record.
type damager struct {
	session.Store
	id session.ID
}

func (d damager) List(ctx context.Context, r session.Range) (session.Listing, error) {
	got, err := d.Store.List(ctx, r)
	for i, r := range got.Records {
		if r.ID == d.id {
			got.Records = append(got.Records[:i], got.Records[i+1:]...)
			got.Damaged = append(got.Damaged, d.id)
			break
		}
	}
	return got, err
}

func (d damager) Update(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
	if id == d.id {
		return session.Record{}, session.ErrDamaged
	}
	return d.Store.Update(ctx, id, c)
}

// A touch that meets an item that is no record lets nobody in.
func TestTouchOfADamagedItem(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.clock.Move(2 * w.Policy().TouchEvery)
	honest := w.store.Store
	w.store.Store = damager{honest, r.ID}
	w.wantOutcome(p, session.Unavailable, "")
	w.store.Store = nonsense{honest}
	w.wantOutcome(p, session.Unavailable, "")
}

// nonsense answers an update with a conflict and a record that cannot be.
type nonsense struct{ session.Store }

func (nonsense) Update(_ context.Context, id session.ID, _ session.Change) (session.Record, error) {
	return session.Record{ID: id}, session.ErrConflict
}

func TestSignOut(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	other := p
	other.Bearer = true
	for name, c := range map[string]struct {
		session.Presented
		want session.Outcome
	}{
		"the other transport": {other, session.Unknown},
		"malformed":           {session.Presented{Token: "x"}, session.Malformed},
		"nothing":             {session.Presented{}, session.Absent},
	} {
		if _, err := w.SignOut(t.Context(), c.Presented); session.OutcomeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	w.wantOutcome(p, session.Allowed, "")
	for _, name := range []string{"live", "ended"} {
		got, err := w.SignOut(t.Context(), p)
		if err != nil || got.ID != r.ID || got.End.Reason != session.SignedOut || got.End.By != "subject:alice" {
			t.Errorf("%s: %+v, %v", name, got.End, err)
		}
	}
}

// A live session presented the wrong way replaces nothing.
func TestReplaceByTheOtherTransport(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	p.Bearer = true
	if _, r, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: p}); err != nil || !r.Replaces.IsZero() {
		t.Errorf("replaces %v, %v", r.Replaces, err)
	}
}

// A clock that ran backwards makes the control be read anew.
func TestControlAfterTheClockRanBackwards(t *testing.T) {
	w := newWorld(t, session.Options{})
	w.clock.Move(time.Hour)
	w.signIn("bob")
	w.clock.Move(-time.Hour)
	p, _ := w.signIn("alice")
	w.clock.Move(-time.Second)
	w.store.taken()
	w.wantOutcome(p, session.Allowed, "")
	if got := strings.Join(w.store.taken(), " "); got != "read+control" {
		t.Errorf("calls: %s", got)
	}
}

// A control that cannot be is no answer: read as a number it might let everybody in.
func TestImpossibleControl(t *testing.T) {
	w := newWorld(t, session.Options{ControlEvery: -1})
	p, _ := w.signIn("alice")
	if err := w.store.RaiseEndedBefore(t.Context(), time.UnixMilli(1<<63-1)); err != nil {
		t.Fatal(err)
	}
	w.wantOutcome(p, session.Unavailable, "")
}

// A request waits for stores no longer than its patience, however many calls it makes.
func TestPatience(t *testing.T) {
	ctx := session.WithPatience(t.Context(), 50*time.Millisecond)
	began := time.Now()
	for range 3 {
		bound, cancel := session.Bound(ctx, 40*time.Millisecond)
		<-bound.Done()
		cancel()
	}
	if took := time.Since(began); took < 45*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("three calls took %v: want about 50 ms", took)
	}
}

// A store whose writes hang keeps a sign-in no longer than the patience and a short
// time for cleaning up.
func TestSignInIsBounded(t *testing.T) {
	w := newWorld(t, session.Options{})
	w.store.Store = stuckWrites{w.store.Store}
	began := time.Now()
	_, _, err := w.SignIn(session.WithPatience(t.Context(), 100*time.Millisecond), session.SignIn{Subject: "alice", Check: granted})
	if took := time.Since(began); !errors.Is(err, session.ErrUnavailable) || took > time.Second {
		t.Errorf("got %v after %v", err, took)
	}
}

type stuckWrites struct{ session.Store }

func (stuckWrites) Create(ctx context.Context, _ session.Record) (session.Record, error) {
	<-ctx.Done()
	return session.Record{}, ctx.Err()
}

func (stuckWrites) Update(ctx context.Context, _ session.ID, _ session.Change) (session.Record, error) {
	<-ctx.Done()
	return session.Record{}, ctx.Err()
}

type stuckReads struct{ session.Store }

func (stuckReads) Read(ctx context.Context, _ session.Query) (session.Reading, error) {
	<-ctx.Done()
	return session.Reading{}, ctx.Err()
}

// An end is not given up for what is read before it: a read that hangs leaves it its time.
func TestEndWhileReadsHang(t *testing.T) {
	w := newWorld(t, session.Options{})
	_, r := w.signIn("alice")
	w.clock.Move(time.Minute) // the end of everybody is to be read again
	store := w.store.Store
	w.store.Store = stuckReads{store}
	if _, err := w.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Errorf("end: %v", err)
	}
	w.store.Store = store
	w.wantLive("alice", 0)
}

// Many sessions and a store that hangs at ending them: one bound, not one a batch.
func TestEndAllIsBounded(t *testing.T) {
	w := newWorld(t, session.Options{Timeout: 50 * time.Millisecond, Policy: session.Policy{PerUser: 1000}})
	for range 400 {
		w.clock.Move(time.Millisecond)
		w.signIn("alice")
	}
	w.store.Store = stuckWrites{w.store.Store}
	w.store.taken()
	_, err := w.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator)
	if ends := strings.Count(strings.Join(w.store.taken(), " "), "end"); !errors.Is(err, session.ErrUnavailable) || ends > 128 {
		t.Errorf("got %v after %d ends: want one batch", err, ends)
	}
}

func TestPresentedRedactsItself(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	out := fmt.Sprintf("%v %+v %#v %s %q %x", p, p, p, p, p, p)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "presented", p)
	if strings.Contains(out+log.String(), p.Token) || strings.Contains(out, fmt.Sprintf("%x", p.Token)) {
		t.Errorf("the token shows: %s %s", out, &log)
	}
}
