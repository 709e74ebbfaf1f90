package session_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// hooked is a store whose calls are counted and may be met before and after they
// are carried out.
type hooked struct {
	session.Store
	mu     sync.Mutex
	calls  []string
	before func(n int, call string) error // an error: the call is not carried out
	after  func(n int, call string) error // an error: it was carried out, the answer is lost
}

func (h *hooked) meet(call string, do func() error) error {
	h.mu.Lock()
	n := len(h.calls)
	h.calls = append(h.calls, call)
	before, after := h.before, h.after
	h.mu.Unlock()
	if before != nil {
		if err := before(n, call); err != nil {
			return err
		}
	}
	err := do()
	if after != nil {
		if fault := after(n, call); fault != nil {
			return fault
		}
	}
	return err
}

func (h *hooked) taken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	calls := h.calls
	h.calls = nil
	return calls
}

func (h *hooked) Create(ctx context.Context, r session.Record) (got session.Record, err error) {
	err = h.meet("create", func() error { got, err = h.Store.Create(ctx, r); return err })
	return got, err
}

func (h *hooked) Read(ctx context.Context, q session.Query) (got session.Reading, err error) {
	call := "read"
	if q.Control {
		call = "read+control"
	}
	err = h.meet(call, func() error { got, err = h.Store.Read(ctx, q); return err })
	return got, err
}

func (h *hooked) Update(ctx context.Context, id session.ID, c session.Change) (got session.Record, err error) {
	call := "touch"
	switch {
	case c.End != nil:
		call = "end"
	case c.Secrets != nil:
		call = "rotate"
	}
	err = h.meet(call, func() error { got, err = h.Store.Update(ctx, id, c); return err })
	return got, err
}

func (h *hooked) List(ctx context.Context, r session.Range) (got session.Listing, err error) {
	err = h.meet("list", func() error { got, err = h.Store.List(ctx, r); return err })
	return got, err
}

func (h *hooked) Delete(ctx context.Context, id session.ID) error {
	return h.meet("delete", func() error { return h.Store.Delete(ctx, id) })
}

func (h *hooked) SetFence(ctx context.Context, p session.Partition, f session.Fence) error {
	return h.meet("fence", func() error { return h.Store.SetFence(ctx, p, f) })
}

// world is a manager over a hooked store in memory, with a clock that tests move.
type world struct {
	*session.Manager
	t     *testing.T
	store *hooked
	clock *clock
	keys  session.Keys
}

func newWorld(t *testing.T, opts session.Options) *world {
	t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: &hooked{Store: memory.New()}, clock: newClock(), keys: keys}
	if opts.Now == nil {
		opts.Now = w.clock.Now
	}
	if w.Manager, err = session.New(w.store, keys, &opts); err != nil {
		t.Fatal(err)
	}
	return w
}

func granted(context.Context) (session.Grant, error) {
	return session.Grant{Roles: []string{"editor"}, Methods: []string{"pwd"}}, nil
}

// signIn signs a subject in and returns the token as the holder presents it.
func (w *world) signIn(subject string) (session.Presented, session.Record) {
	w.t.Helper()
	token, r, err := w.SignIn(w.t.Context(), session.SignIn{Subject: subject, Check: granted})
	if err != nil {
		w.t.Fatal(err)
	}
	return session.Presented{Token: token.Reveal()}, r
}

// wantOutcome looks a token up.
func (w *world) wantOutcome(p session.Presented, outcome session.Outcome, reason session.EndReason) {
	w.t.Helper()
	_, err := w.Lookup(w.t.Context(), p)
	var refusal *session.Refusal
	errors.As(err, &refusal)
	if got := session.OutcomeOf(err); got != outcome || refusal != nil && refusal.Reason != reason {
		w.t.Errorf("lookup: got %v, want %s %s", err, outcome, reason)
	}
}

func TestNewNamesAllFaults(t *testing.T) {
	_, err := session.New(nil, session.Keys{}, &session.Options{
		Timeout: time.Minute, ControlEvery: time.Minute, Policy: session.Policy{PerUser: -1},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"no store", "no tag keys", "Timeout", "ControlEvery", "PerUser"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in:\n%v", want, err)
		}
	}
}

func TestSignInRecord(t *testing.T) {
	w := newWorld(t, session.Options{})
	token, r, err := w.SignIn(t.Context(), session.SignIn{
		Subject: "alice", Check: granted,
		Client: session.Client{Address: "192.0.2.1", UserAgent: "Browser\r\n" + strings.Repeat("x", 300)},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := w.Policy()
	now := w.clock.Now()
	switch {
	case !r.CreatedAt.Equal(now) || !r.AuthTime.Equal(now) || !r.ExpiresAt.Equal(now.Add(p.Idle)) || !r.AbsoluteExpiry.Equal(now.Add(p.Absolute)):
		t.Errorf("times: %+v", r)
	case r.PurgeAt.Before(now.Add(p.Absolute + p.Retention)):
		t.Errorf("purged at %v", r.PurgeAt)
	case r.Client.UserAgent != "Browser  "+strings.Repeat("x", session.MaxUserAgent-9):
		t.Errorf("user agent %q", r.Client.UserAgent)
	case r.ID != token.ID():
		t.Error("the record has another ID than the token")
	}
	got, err := w.Lookup(t.Context(), session.Presented{Token: token.Reveal()})
	if err != nil || got.Subject != "alice" || len(got.Roles) != 1 {
		t.Errorf("lookup: %+v, %v", got, err)
	}
}

// A token that a client names as its device is not kept, wherever it stands and though
// its session is over.
func TestADeviceThatIsATokenIsNotKept(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	for agent, want := range map[string]string{
		p.Token:                               "[redacted session token]",
		"Browser (" + p.Token + ")":           "Browser ([redacted session token])",
		p.Token + p.Token:                     "[redacted session token][redacted session token]",
		strings.Repeat("x", 150) + p.Token:    strings.Repeat("x", 150) + "[redacted session token]",
		"Browser " + strings.ToLower(p.Token): "Browser " + strings.ToLower(p.Token),
	} {
		_, r, err := w.SignIn(t.Context(), session.SignIn{Subject: "bob", Check: granted, Client: session.Client{UserAgent: agent}})
		if err != nil || r.Client.UserAgent != want {
			t.Errorf("%q is kept as %q, %v", agent, r.Client.UserAgent, err)
		}
	}
}

// Reference: design.md 5. The calls of each operation, exactly.
func TestCallsOfEachOperation(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 3}})
	ctx := t.Context()
	want := func(operation string, calls ...string) {
		t.Helper()
		if got := w.store.taken(); strings.Join(got, " ") != strings.Join(calls, " ") {
			t.Errorf("%s: got %v, want %v", operation, got, calls)
		}
	}
	p, r := w.signIn("alice")
	want("sign in", "read+control", "create", "list")
	w.wantOutcome(p, session.Allowed, "")
	want("authorize", "read")
	w.clock.Move(5 * time.Second)
	w.wantOutcome(p, session.Allowed, "")
	want("authorize, control due", "read+control")
	w.wantOutcome(session.Presented{Token: strings.Repeat("A", 80)}, session.Malformed, "")
	w.wantOutcome(session.Presented{}, session.Absent, "")
	w.wantOutcome(session.Presented{Token: "AQ" + strings.Repeat("A", 78)}, session.Forged, "")
	want("authorize, no token of ours")
	w.clock.Move(2 * w.Policy().TouchEvery)
	w.wantOutcome(p, session.Allowed, "")
	want("authorize and touch", "read+control", "touch")
	w.wantOutcome(p, session.Allowed, "")
	want("authorize after a touch", "read")
	if _, err := w.End(ctx, r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Error(err)
	}
	want("end one", "end")
	for range 3 {
		w.signIn("alice")
	}
	w.store.taken()
	if n, err := w.EndAll(ctx, "alice", session.EndedByAdmin, session.ByOperator); n != 3 || err != nil {
		t.Errorf("end all: %d, %v", n, err)
	}
	want("end all of 3", "fence", "list", "end", "end", "end")
	if _, err := w.List(ctx, "alice", session.UserPage{}); err != nil {
		t.Error(err)
	}
	want("list a user's", "list")
	w.clock.Move(5 * time.Second)
	if _, err := w.List(ctx, "alice", session.UserPage{}); err != nil {
		t.Error(err)
	}
	want("list a user's, control due", "list", "read+control")
}

// Over 10,000 requests at one a second at most 0.02 writes each.
func TestTouchesAreRare(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	w.store.taken()
	for range 10_000 {
		w.clock.Move(time.Second)
		w.wantOutcome(p, session.Allowed, "")
	}
	touches := 0
	for _, call := range w.store.taken() {
		if call == "touch" {
			touches++
		}
	}
	if touches == 0 || touches > 200 {
		t.Errorf("%d touches in 10,000 requests: want 1 to 200", touches)
	}
}

func TestIdleAndAbsoluteTimeout(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	q, _ := w.signIn("bob")
	w.clock.Move(w.Policy().Idle - time.Millisecond)
	w.wantOutcome(p, session.Allowed, "")
	w.clock.Move(time.Millisecond)
	w.wantOutcome(p, session.Allowed, "")
	w.wantOutcome(q, session.Expired, session.IdleTimeout)
	for w.clock.Now().Before(r.AbsoluteExpiry) {
		w.wantOutcome(p, session.Allowed, "")
		w.clock.Move(time.Minute)
	}
	w.wantOutcome(p, session.Expired, session.AbsoluteTimeout)
}

func TestPassiveRequestsDoNotTouch(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	p.Passive = true
	for range 14 {
		w.clock.Move(time.Minute)
		w.wantOutcome(p, session.Allowed, "")
	}
	w.clock.Move(time.Minute)
	w.wantOutcome(p, session.Expired, session.IdleTimeout)
}

// An end holds on the very next request, is told to the holder of the genuine token
// only, and stays as it was first made.
func TestEnd(t *testing.T) {
	w := newWorld(t, session.Options{})
	ctx := t.Context()
	p, r := w.signIn("alice")
	first, err := w.End(ctx, r.ID, session.EndedByAdmin, session.BySubject("root"))
	if err != nil || first.End.Reason != session.EndedByAdmin || first.End.By != "subject:root" || !first.End.At.Equal(w.clock.Now()) {
		t.Fatalf("end: %+v, %v", first.End, err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
	w.clock.Move(time.Minute)
	again, err := w.End(ctx, r.ID, session.SignedOut, session.ByOperator)
	if err != nil || again.End != first.End {
		t.Errorf("second end: %+v, %v, want the first end", again.End, err)
	}
	w.clock.Move(365 * 24 * time.Hour)
	if late, err := w.End(ctx, r.ID, session.SignedOut, session.ByOperator); err != nil || late.End != first.End {
		t.Errorf("end after a year: %+v, %v", late.End, err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
	if _, err := w.End(ctx, session.ID{1}, session.SignedOut, session.ByOperator); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("end of nothing: %v", err)
	}
	for _, reason := range []session.EndReason{session.IdleTimeout, "", "because"} {
		if _, err := w.End(ctx, r.ID, reason, session.ByOperator); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("reason %q: %v", reason, err)
		}
	}
}

// What proves nothing learns nothing: a token with a genuine ID and another secret.
func TestWrongSecretIsUnknown(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, r := w.signIn("alice")
	w.store.Store = swapSecret{w.store.Store, r.ID}
	w.wantOutcome(p, session.Unknown, "")
	if _, err := w.SignOut(t.Context(), p); session.OutcomeOf(err) != session.Unknown {
		t.Errorf("sign out: %v", err)
	}
	if _, fresh, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: p}); err != nil || !fresh.Replaces.IsZero() {
		t.Errorf("sign in: replaces %v, %v", fresh.Replaces, err)
	}
	if _, err := w.End(t.Context(), r.ID, session.SignedOut, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	w.wantOutcome(p, session.Unknown, "")
}

// swapSecret answers with a record whose secret is another one.
type swapSecret struct {
	session.Store
	id session.ID
}

func (s swapSecret) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	got, err := s.Store.Read(ctx, q)
	for i := range got.Records {
		got.Records[i].Secrets.Current[0] ^= 1
	}
	return got, err
}

func TestTransportsDoNotMix(t *testing.T) {
	w := newWorld(t, session.Options{})
	cookie, _ := w.signIn("alice")
	token, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Bearer: true})
	if err != nil {
		t.Fatal(err)
	}
	bearer := session.Presented{Token: token.Reveal(), Bearer: true}
	w.wantOutcome(cookie, session.Allowed, "")
	w.wantOutcome(bearer, session.Allowed, "")
	cookie.Bearer, bearer.Bearer = true, false
	w.wantOutcome(cookie, session.Unknown, "")
	w.wantOutcome(bearer, session.Unknown, "")
}

func TestDemand(t *testing.T) {
	w := newWorld(t, session.Options{})
	p, _ := w.signIn("alice")
	p.Demand = session.Demand{AnyRole: []string{"owner", "editor"}, MaxAuthAge: 10 * time.Minute}
	w.wantOutcome(p, session.Allowed, "")
	w.clock.Move(10 * time.Minute)
	if _, err := w.Lookup(t.Context(), p); !errors.Is(err, session.ErrForbidden) || !errors.Is(err, session.ErrNotFresh) {
		t.Errorf("not fresh: %v", err)
	}
	p.Demand = session.Demand{AnyRole: []string{"owner"}}
	if _, err := w.Lookup(t.Context(), p); !errors.Is(err, session.ErrForbidden) || !errors.Is(err, session.ErrRole) {
		t.Errorf("role lacking: %v", err)
	}
}

func TestEndAllAndOthers(t *testing.T) {
	w := newWorld(t, session.Options{})
	ctx := t.Context()
	a, ra := w.signIn("alice")
	b, _ := w.signIn("alice")
	other, _ := w.signIn("bob")
	if n, err := w.EndOthers(ctx, "alice", ra.ID, session.EndedByUser, session.BySubject("alice")); n != 1 || err != nil {
		t.Fatalf("end others: %d, %v", n, err)
	}
	w.wantOutcome(a, session.Allowed, "")
	w.wantOutcome(b, session.Ended, session.EndedByUser)
	if n, err := w.EndAll(ctx, "alice", session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Fatalf("end all: %d, %v", n, err)
	}
	w.wantOutcome(a, session.Ended, session.EndedByAdmin)
	w.wantOutcome(b, session.Ended, session.EndedByUser)
	w.wantOutcome(other, session.Allowed, "")
	if n, err := w.EndAll(ctx, "alice", session.EndedByAdmin, session.ByOperator); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	if _, err := w.EndOthers(ctx, "bob", ra.ID, session.EndedByUser, session.ByOperator); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("keeping another user's session: %v", err)
	}
}

// What a tighter policy holds back is ended all the same, so that a looser one does
// not bring it back.
func TestEndAllReachesWhatAPolicyHidesToday(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{Idle: 8 * time.Hour}})
	p, _ := w.signIn("alice")
	w.clock.Move(2 * time.Hour)
	tight, err := session.New(w.store, w.keys, &session.Options{
		Now: w.clock.Now, Policy: session.Policy{Idle: 10 * time.Minute, Absolute: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := tight.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); n != 1 || err != nil {
		t.Fatalf("end all: %d, %v", n, err)
	}
	w.wantOutcome(p, session.Ended, session.EndedByAdmin)
}

func TestSessionLimit(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 2}})
	a, _ := w.signIn("alice")
	w.clock.Move(time.Millisecond)
	b, _ := w.signIn("alice")
	w.clock.Move(time.Millisecond)
	c, _ := w.signIn("alice")
	w.wantOutcome(a, session.Ended, session.SessionLimit)
	w.wantOutcome(b, session.Allowed, "")
	w.wantOutcome(c, session.Allowed, "")
}

// A sign-in by a clock that is behind finds newer sessions filling the limit: it is
// refused rather than passing the limit or ending them.
func TestSessionLimitWithClocksApart(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 1}})
	first, _ := w.signIn("alice")
	w.clock.Move(-3 * time.Second)
	_, _, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted})
	if !errors.Is(err, session.ErrOvertaken) {
		t.Errorf("got %v, want ErrOvertaken", err)
	}
	w.clock.Move(3 * time.Second)
	w.wantOutcome(first, session.Allowed, "")
	w.wantLive("alice", 1)
}

// wantLive counts a subject's live sessions in the store.
func (w *world) wantLive(subject string, want int) {
	w.t.Helper()
	got, err := w.List(w.t.Context(), subject, session.UserPage{})
	if err != nil {
		w.t.Fatal(err)
	}
	live := 0
	for _, s := range got.Sessions {
		if s.State == session.StateActive {
			live++
		}
	}
	if live != want {
		w.t.Errorf("%s has %d live sessions: want %d", subject, live, want)
	}
}

// Signing in with a session in hand replaces it, whoever's it was, and it does not
// count against the limit.
func TestSignInReplacesTheSessionInHand(t *testing.T) {
	for _, next := range []string{"alice", "bob"} {
		w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 2}})
		kept, _ := w.signIn("alice")
		w.clock.Move(time.Second)
		old, r := w.signIn("alice")
		w.clock.Move(time.Second)
		token, fresh, err := w.SignIn(t.Context(), session.SignIn{Subject: next, Check: granted, Replace: old})
		if err != nil {
			t.Fatal(err)
		}
		w.wantOutcome(old, session.Ended, session.Replaced)
		w.wantOutcome(kept, session.Allowed, "")
		w.wantOutcome(session.Presented{Token: token.Reveal()}, session.Allowed, "")
		was, err := w.Get(t.Context(), r.ID)
		if err != nil || was.End.ReplacedBy != fresh.ID || fresh.Replaces != r.ID {
			t.Errorf("links: %v -> %v, %v", was.End.ReplacedBy, fresh.Replaces, err)
		}
	}
}

// What is presented along with a sign-in but proves nothing replaces nothing.
func TestSignInReplacesNothingElse(t *testing.T) {
	w := newWorld(t, session.Options{})
	old, r := w.signIn("alice")
	if _, err := w.End(t.Context(), r.ID, session.SignedOut, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	for name, inHand := range map[string]session.Presented{
		"ended": old, "bearer": {Token: old.Token, Bearer: true}, "malformed": {Token: "x"}, "none": {},
		"forged": {Token: old.Token[:len(old.Token)-1] + "_"},
	} {
		_, fresh, err := w.SignIn(t.Context(), session.SignIn{Subject: "alice", Check: granted, Replace: inHand})
		if err != nil || !fresh.Replaces.IsZero() {
			t.Errorf("%s: replaces %v, %v", name, fresh.Replaces, err)
		}
	}
}

func TestSignInRefusesGrantsOutOfBounds(t *testing.T) {
	w := newWorld(t, session.Options{})
	for name, g := range map[string]session.Grant{
		"17 roles":   {Roles: strings.Split(strings.Repeat("r ", 16)+"r", " ")},
		"long role":  {Roles: []string{strings.Repeat("r", 33)}},
		"attributes": {Attributes: map[string]string{"k": strings.Repeat("v", 600)}},
	} {
		_, _, err := w.SignIn(t.Context(), session.SignIn{
			Subject: "alice", Check: func(context.Context) (session.Grant, error) { return g, nil },
		})
		if !errors.Is(err, session.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.SignIn(t.Context(), session.SignIn{Check: granted}); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("no subject: %v", err)
	}
	w.wantLive("alice", 0)
}

func TestCheckRefuses(t *testing.T) {
	w := newWorld(t, session.Options{})
	no := errors.New("wrong password")
	_, _, err := w.SignIn(t.Context(), session.SignIn{
		Subject: "alice", Check: func(context.Context) (session.Grant, error) { return session.Grant{}, no },
	})
	if err != no {
		t.Errorf("got %v, want Check's own error", err)
	}
	w.wantLive("alice", 0)
}

func TestListPages(t *testing.T) {
	w := newWorld(t, session.Options{Policy: session.Policy{PerUser: 100}})
	for range 7 {
		w.clock.Move(time.Second)
		w.signIn("alice")
	}
	seen := map[session.ID]bool{}
	cursor, last := "", session.ID{}
	for page := range 4 {
		got, err := w.List(t.Context(), "alice", session.UserPage{Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range got.Sessions {
			if (page > 0 || i > 0) && bytes.Compare(r.ID[:], last[:]) >= 0 {
				t.Error("not newest first")
			}
			last = r.ID
			seen[r.ID] = true
		}
		if (got.Next == "") != (page == 3) {
			t.Errorf("page %d: next is %q", page, got.Next)
		}
		cursor = got.Next
		if page == 0 {
			w.wantCursorRefused("bob", cursor)
			w.wantCursorRefused("alice", cursor[:len(cursor)-1]+"_")
			w.wantCursorRefused("alice", "x")
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d sessions seen: want 7", len(seen))
	}
	for _, limit := range []int{-1, session.MaxPage + 1} {
		if _, err := w.List(t.Context(), "alice", session.UserPage{Limit: limit}); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func (w *world) wantCursorRefused(subject, cursor string) {
	w.t.Helper()
	if _, err := w.List(w.t.Context(), subject, session.UserPage{Cursor: cursor}); !errors.Is(err, session.ErrCursor) {
		w.t.Errorf("cursor %q for %s: got %v, want ErrCursor", cursor, subject, err)
	}
}
