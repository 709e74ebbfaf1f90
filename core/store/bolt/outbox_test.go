package bolt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/bolt"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// shelf is a file whose outbox is looked at.
type shelf struct {
	*bolt.DB
	t *testing.T
}

func openShelf(t *testing.T, path string) *shelf {
	t.Helper()
	db, err := bolt.Open(path, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &shelf{db, t}
}

func (s *shelf) keep(on bool) int {
	s.t.Helper()
	n, err := s.Outbox().Keep(s.t.Context(), on)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// waits returns what waits, each as its type and what tells it from others.
func (s *shelf) waits() (all []string) {
	s.t.Helper()
	entries, err := s.Outbox().Waiting(s.t.Context(), 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		var body struct {
			Type string
			Data struct {
				SessionID, Reason, What string
				Version                 int
			}
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			s.t.Fatalf("%s: %v", e.Body, err)
		}
		d := body.Data
		all = append(all, fmt.Sprint(body.Type, " ", d.SessionID, d.Reason, d.What))
	}
	return all
}

func (s *shelf) wants(want ...string) {
	s.t.Helper()
	if got := s.waits(); !slices.Equal(got, want) {
		s.t.Errorf("waiting\n%q\nwant\n%q", got, want)
	}
}

func shelfID(n byte) session.ID {
	p := session.PartitionOf("usr_1")
	return session.ID(append(p[:], 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, n))
}

func (s *shelf) create(n byte) session.ID {
	s.t.Helper()
	r := session.Record{
		ID: shelfID(n), Subject: "usr_1", CreatedAt: noon, LastSeenAt: noon, ExpiresAt: noon.Add(time.Hour),
		AbsoluteExpiry: noon.Add(time.Hour), PurgeAt: noon.Add(2 * time.Hour), Secrets: session.Secrets{Current: session.Hash{n}},
	}
	if _, err := s.Sessions().Create(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

func (s *shelf) update(id session.ID, c session.Change, want error) {
	s.t.Helper()
	if _, err := s.Sessions().Update(s.t.Context(), id, c); !errors.Is(err, want) {
		s.t.Errorf("update: %v, want %v", err, want)
	}
}

func endFor(reason session.EndReason) session.Change {
	return session.Change{End: &session.End{At: noon, Reason: reason, By: session.ByOperator}}
}

// TestOutboxTellsEnds: each end once, by whichever change, and nothing else.
func TestOutboxTellsEnds(t *testing.T) {
	s := openShelf(t, filepath.Join(t.TempDir(), "test.db"))
	s.keep(true)
	first, second := s.create(1), s.create(2)
	s.update(first, session.Change{Touch: &session.Touch{LastSeenAt: noon, ExpiresAt: noon.Add(time.Hour)}}, nil)
	s.update(first, session.Change{Secrets: &session.Secrets{Current: session.Hash{9}}}, nil)
	s.update(shelfID(3), endFor(session.SignedOut), session.ErrNotFound)
	conditional := endFor(session.TokenReuse)
	conditional.If.Secrets = &session.Secrets{Current: session.Hash{8}}
	s.update(first, conditional, session.ErrConflict)
	s.wants()

	s.update(first, endFor(session.SignedOut), nil)
	s.update(first, endFor(session.EndedByAdmin), session.ErrConflict)
	conditional.If.Secrets.Current = session.Hash{2}
	s.update(second, conditional, nil)
	s.wants("session.ended "+first.String()+"signed_out", "session.ended "+second.String()+"token_reuse")
}

// TestOutboxTellsAccounts: one event a version.
func TestOutboxTellsAccounts(t *testing.T) {
	s := openShelf(t, filepath.Join(t.TempDir(), "test.db"))
	s.keep(true)
	a := signin.Account{Subject: "usr_1", Name: "alice", Version: 1, CreatedAt: noon}
	a.Record(signin.Change{At: noon, By: "operator", What: "added"})
	if err := s.Accounts().Create(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := s.Accounts().Create(t.Context(), a); err == nil {
		t.Error("created twice")
	}
	a.Record(signin.Change{At: noon, By: "operator", What: "disabled"})
	for _, want := range []error{nil, signin.ErrConflict} {
		if err := s.Accounts().Update(t.Context(), a); !errors.Is(err, want) {
			t.Errorf("update: %v, want %v", err, want)
		}
	}
	s.wants("user.changed added", "user.changed disabled")
	entries, _ := s.Outbox().Waiting(t.Context(), 0, 10)
	if len(entries) != 2 || entries[0].ID == entries[1].ID || entries[0].User != session.PartitionOf("usr_1") {
		t.Errorf("got %+v", entries)
	}
}

// TestOutboxTellsEndsOfWhatIsDamaged, once, without a subject that nobody can read.
func TestOutboxTellsEndsOfWhatIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openShelf(t, path)
	s.keep(true)
	id := s.create(1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, "sessions", id[:], []byte("{}}"))
	s = openShelf(t, path)
	s.update(id, endFor(session.EndedByAdmin), session.ErrDamaged)
	s.update(id, endFor(session.SignedOut), session.ErrDamaged)
	s.wants("session.ended " + id.String() + "ended_by_admin")
	if entries, _ := s.Outbox().Waiting(t.Context(), 0, 1); len(entries) != 1 || bytes.Contains(entries[0].Body, []byte("subject")) {
		t.Errorf("got %+v", entries)
	}
}

func damage(t *testing.T, path, bucket string, key, value []byte) {
	t.Helper()
	raw, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Put(key, value) })
	if err := errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestOutboxOff: nothing is written unless it is kept, and what waits is dropped when it
// no longer is.
func TestOutboxOff(t *testing.T) {
	s := openShelf(t, filepath.Join(t.TempDir(), "test.db"))
	s.update(s.create(1), endFor(session.SignedOut), nil)
	s.wants()
	if n := s.keep(false); n != 0 {
		t.Errorf("%d dropped where none was kept", n)
	}
	s.keep(true)
	s.update(s.create(2), endFor(session.SignedOut), nil)
	before, _ := s.Outbox().Waiting(t.Context(), 0, 10)
	if n := s.keep(false); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
	s.update(s.create(3), endFor(session.SignedOut), nil)
	s.wants()
	s.keep(true)
	s.update(s.create(4), endFor(session.SignedOut), nil)
	after, _ := s.Outbox().Waiting(t.Context(), 0, 10)
	if len(before) != 1 || len(after) != 1 || after[0].Number <= before[0].Number {
		t.Errorf("numbers do not grow: %+v, then %+v", before, after)
	}
}

// TestOutboxStays over a restart, and who opens the file without a word of it appends.
func TestOutboxStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openShelf(t, path)
	s.keep(true)
	first := s.create(1)
	second := s.create(2)
	s.update(first, endFor(session.SignedOut), nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openShelf(t, path)
	s.update(second, endFor(session.SignedOut), nil)
	s.wants("session.ended "+first.String()+"signed_out", "session.ended "+second.String()+"signed_out")
	entries, err := s.Outbox().Waiting(t.Context(), 0, 1)
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %v, %v, want the limit of one", entries, err)
	}
	if rest, _ := s.Outbox().Waiting(t.Context(), entries[0].Number, 10); len(rest) != 1 || rest[0].ID == entries[0].ID {
		t.Errorf("after the first: %+v", rest)
	}
	for range 2 { // again is no error
		if err := s.Outbox().Remove(t.Context(), entries[0].Number); err != nil {
			t.Error(err)
		}
	}
	s.wants("session.ended " + second.String() + "signed_out")
}

// TestOutboxOfWhatIsNone: an entry that is none has its number and no body.
func TestOutboxOfWhatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openShelf(t, path)
	s.keep(true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, "outbox", []byte{0, 0, 0, 0, 0, 0, 0, 5}, []byte("rubbish"))
	damage(t, path, "outbox", []byte("odd"), []byte("rubbish"))
	got, err := openShelf(t, path).Outbox().Waiting(t.Context(), 0, 10)
	if err != nil || len(got) != 1 || got[0].Number != 5 || got[0].Body != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestOutboxCalls who waits, after what was appended is there.
func TestOutboxCalls(t *testing.T) {
	s := openShelf(t, filepath.Join(t.TempDir(), "test.db"))
	s.keep(true)
	calls := s.Outbox().Appended()
	first, second := s.create(1), s.create(2)
	select {
	case <-calls:
		t.Error("called for nothing")
	default:
	}
	s.update(first, endFor(session.SignedOut), nil)
	s.update(second, endFor(session.SignedOut), nil)
	<-calls
	if got := s.waits(); len(got) != 2 {
		t.Errorf("%q waits", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Outbox().Waiting(ctx, 0, 10); err == nil {
		t.Error("a call that nobody waits for was answered")
	}
}
