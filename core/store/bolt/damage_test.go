package bolt

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/storetest"
)

func openTest(t *testing.T) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "test.db"), &Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// plant writes a value past all checks.
func (db *DB) plant(t *testing.T, bucket, key, value []byte) {
	t.Helper()
	err := db.writer.do(t.Context(), func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key, value) })
	if err != nil {
		t.Fatal(err)
	}
}

var created = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// A stored item that is no record is named as damaged, and the others are read.
func TestDamagedRecords(t *testing.T) {
	good, err := encodeRecord(&session.Record{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"no JSON": "x", "empty": "", "cut": string(good[:len(good)/2]), "list": "[]", "null field": `{"subject":3}`,
		"unknown field": `{"subject":"a","admin":true}`, "trailing data": string(good) + "{}",
		"short hash": `{"subject":"a","secretHash":"AAAA"}`, "long ID": `{"subject":"a","replaces":"AAAA"}`,
		"time as text": `{"createdAt":"now"}`, "huge number": `{"createdAt":1e400}`,
	} {
		db := openTest(t)
		s := db.Sessions()
		bad, fine := storetest.Record("alice", created), storetest.Record("alice", created)
		for _, r := range []session.Record{bad, fine} {
			if _, err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		db.plant(t, bucketSessions, bad.ID[:], []byte(value))
		got, err := s.Read(t.Context(), session.Query{Sessions: []session.ID{bad.ID, fine.ID}})
		if err != nil || len(got.Records) != 1 || len(got.Damaged) != 1 || got.Damaged[0] != bad.ID {
			t.Errorf("%s: read %d records, damaged %v, %v", name, len(got.Records), got.Damaged, err)
		}
		list, err := s.List(t.Context(), session.Range{Partition: bad.ID.Partition()})
		if err != nil || len(list.Records) != 1 || len(list.Damaged) != 1 {
			t.Errorf("%s: list %d records, damaged %v, %v", name, len(list.Records), list.Damaged, err)
		}
		page, err := s.Page(t.Context(), session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusLive}, Limit: 10})
		if err != nil || len(page.Records) != 1 || len(page.Damaged) != 1 {
			t.Errorf("%s: page %d records, damaged %v, %v", name, len(page.Records), page.Damaged, err)
		}
		if _, err := s.Update(t.Context(), bad.ID, session.Change{}); !errors.Is(err, session.ErrDamaged) {
			t.Errorf("%s: update: %v", name, err)
		}
		if _, err := s.Create(t.Context(), bad); !errors.Is(err, session.ErrDamaged) {
			t.Errorf("%s: create over it: %v", name, err)
		}
	}
}

// A key that is none among a user's sessions is a fault, and not the end of the list:
// what lies behind it would be missed. The index and the sweep pass over it.
func TestDamagedKeys(t *testing.T) {
	db := openTest(t)
	s := db.Sessions()
	r := storetest.Record("alice", created)
	if _, err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	db.plant(t, bucketSessions, append(r.ID[:], 0), []byte("{}"))
	for _, bucket := range [][]byte{bucketLive, bucketEnded, bucketPurge} {
		db.plant(t, bucket, []byte{0}, nil)
		db.plant(t, bucket, []byte("longer than the key of any entry in this index"), nil)
	}
	if got, err := s.List(t.Context(), session.Range{Partition: r.ID.Partition()}); err == nil {
		t.Errorf("list: %d records and no error", len(got.Records))
	}
	live := session.StatusRange{Status: session.StatusLive}
	if n, err := s.Count(t.Context(), live); n != 1 || err != nil {
		t.Errorf("count: %d, %v", n, err)
	}
	if page, err := s.Page(t.Context(), session.PageQuery{StatusRange: live, Limit: 10}); len(page.Records) != 1 || err != nil {
		t.Errorf("page: %d, %v", len(page.Records), err)
	}
	if _, err := db.Sweep(t.Context(), r.PurgeAt.Add(time.Second)); err != nil {
		t.Errorf("sweep: %v", err)
	}
	if n, err := s.Count(t.Context(), live); n != 0 || err != nil {
		t.Errorf("after the sweep: %d, %v", n, err)
	}
}

// A file is opened so that each commit is synced; a crash of the machine, which no
// test here can make, relies on it.
func TestSyncsUnlessToldOtherwise(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "test.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if db.file.NoSync || db.file.NoGrowSync {
		t.Error("commits are not synced")
	}
}

// A damaged fence or control is no answer; read as missing it would let in.
func TestDamagedFenceAndControl(t *testing.T) {
	db := openTest(t)
	s := db.Sessions()
	p := session.PartitionOf("alice")
	db.plant(t, bucketFences, p[:], []byte("short"))
	db.plant(t, bucketMeta, keyEndedBefore, []byte("short"))
	if _, err := s.Read(t.Context(), session.Query{Subject: p}); err == nil {
		t.Error("read of a damaged fence: no error")
	}
	if _, err := s.List(t.Context(), session.Range{Partition: p}); err == nil {
		t.Error("list with a damaged fence: no error")
	}
	if _, err := s.Read(t.Context(), session.Query{Control: true}); err == nil {
		t.Error("read of a damaged control: no error")
	}
	if err := s.RaiseEndedBefore(t.Context(), created); err == nil {
		t.Error("raising a damaged control: no error")
	}
}

func TestDamagedAccounts(t *testing.T) {
	db := openTest(t)
	db.plant(t, bucketAccounts, []byte("usr_x"), []byte(`{"name":"x","admin":1}`))
	if _, err := db.Accounts().Get(t.Context(), "usr_x"); !errors.Is(err, signin.ErrDamaged) {
		t.Errorf("get: %v", err)
	}
	if _, err := db.Accounts().List(t.Context(), "", 10); !errors.Is(err, signin.ErrDamaged) {
		t.Errorf("list: %v", err)
	}
}

// A file of another format is refused rather than misread.
func TestOtherFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.plant(t, bucketMeta, keyFormat, []byte("2"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, nil); err == nil || !bytes.Contains([]byte(err.Error()), []byte(`format "2"`)) {
		t.Errorf("got %v", err)
	}
}

// A sweep forgets what is due, with its index entries, and nothing else.
func TestSweep(t *testing.T) {
	db := openTest(t)
	s := db.Sessions()
	const due, kept = sweepChunk + 3, 5
	for i := range due + kept {
		at := created.AddDate(-20, 0, 0)
		if i >= due {
			at = created
		}
		r := storetest.Record("alice", at, storetest.Purgeable)
		r.PurgeAt = r.AbsoluteExpiry.Add(time.Second)
		if _, err := s.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	n, err := db.Sweep(t.Context(), created.AddDate(-10, 0, 0))
	if n != due || err != nil {
		t.Errorf("swept %d, %v, want %d", n, err, due)
	}
	count, err := s.Count(t.Context(), session.StatusRange{Status: session.StatusLive})
	list, listErr := s.List(t.Context(), session.Range{Partition: session.PartitionOf("alice")})
	if count != kept || len(list.Records) != kept || err != nil || listErr != nil {
		t.Errorf("count %d, list %d, want %d; %v %v", count, len(list.Records), kept, err, listErr)
	}
	if n, err := db.Sweep(t.Context(), created.AddDate(-10, 0, 0)); n != 0 || err != nil {
		t.Errorf("again: swept %d, %v", n, err)
	}
}

// A panic inside the file's pages is an error of that call; the store goes on.
func TestPanicIsAnError(t *testing.T) {
	db := openTest(t)
	err := db.writer.do(t.Context(), func(*bbolt.Tx) error { panic("page 7: invalid") })
	if err == nil {
		t.Error("write: no error")
	}
	if err := db.view(t.Context(), func(*bbolt.Tx) error { panic("page 7: invalid") }); err == nil {
		t.Error("read: no error")
	}
	if err := db.Sessions().SetFence(t.Context(), session.Partition{1}, session.Fence{1}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Writes that wait for the same sync share one transaction.
func TestWritesShareASync(t *testing.T) {
	db := openTest(t)
	before := db.transactions(t)
	hold, held := make(chan struct{}), make(chan struct{})
	go func() {
		_ = db.writer.do(context.Background(), func(*bbolt.Tx) error { close(held); <-hold; return nil })
	}()
	<-held
	const writes = 50
	done := make(chan error, writes)
	for i := range writes {
		go func() {
			done <- db.Sessions().SetFence(context.Background(), session.Partition{byte(i)}, session.Fence{1})
		}()
	}
	for len(db.writer.queue) < writes {
		runtime.Gosched()
	}
	close(hold)
	for range writes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := db.transactions(t) - before; n != 2 {
		t.Errorf("%d transactions for one write and the %d behind it: want 2", n, writes)
	}
}

// transactions returns how many were committed.
func (db *DB) transactions(t *testing.T) (n int) {
	t.Helper()
	if err := db.view(t.Context(), func(tx *bbolt.Tx) error { n = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// A write whose caller has gone is not carried out later.
func TestAbandonedWriteIsLeftOut(t *testing.T) {
	db := openTest(t)
	hold, held := make(chan struct{}), make(chan struct{})
	go func() {
		_ = db.writer.do(context.Background(), func(*bbolt.Tx) error { close(held); <-hold; return nil })
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	p, done := session.Partition{1}, make(chan error)
	go func() { done <- db.Sessions().SetFence(ctx, p, session.Fence{1}) }()
	for len(db.writer.queue) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(hold)
	if err := db.Sessions().SetFence(t.Context(), session.Partition{2}, session.Fence{2}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Sessions().Read(t.Context(), session.Query{Subject: p}); err != nil || got.Fence != (session.Fence{}) {
		t.Errorf("the fence is %v, %v", got.Fence, err)
	}
}

// What is damaged keeps the contract, an end of it above all.
func TestDamagedItems(t *testing.T) {
	storetest.RunDamaged(t, func(t *testing.T) (session.Store, func(session.ID) error) {
		db := openTest(t)
		return db.Sessions(), func(id session.ID) error {
			return db.writer.do(t.Context(), func(tx *bbolt.Tx) error {
				return tx.Bucket(bucketSessions).Put(id[:], []byte(`{"subject":3}`))
			})
		}
	})
}

// An end of a damaged item keeps its bytes, and a sweep forgets all of it.
func TestEndOfADamagedItem(t *testing.T) {
	db := openTest(t)
	s := db.Sessions()
	r := storetest.Record("alice", created)
	if _, err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	db.plant(t, bucketSessions, r.ID[:], []byte("no record"))
	end := session.End{At: created, Reason: session.EndedByAdmin, By: session.ByOperator}
	if _, err := s.Update(t.Context(), r.ID, session.Change{End: &end}); !errors.Is(err, session.ErrDamaged) {
		t.Fatal(err)
	}
	_ = db.view(t.Context(), func(tx *bbolt.Tx) error {
		if value := tx.Bucket(bucketSessions).Get(r.ID[:]); !bytes.Contains(value, []byte(`"bm8gcmVjb3Jk"`)) {
			t.Errorf("what was stored is lost: %s", value)
		}
		return nil
	})
	if n, err := db.Sweep(t.Context(), r.PurgeAt.Add(time.Hour)); n != 1 || err != nil {
		t.Fatalf("sweep: %d, %v", n, err)
	}
	for _, status := range []session.Status{session.StatusLive, session.StatusEnded} {
		if n, err := s.Count(t.Context(), session.StatusRange{Status: status}); n != 0 || err != nil {
			t.Errorf("%s after the sweep: %d, %v", status, n, err)
		}
	}
}
