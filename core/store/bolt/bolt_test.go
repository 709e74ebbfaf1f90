package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/accountstest"
	"coatcheck/core/store/bolt"
	"coatcheck/core/store/storetest"
)

func open(t testing.TB) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "test.db"), &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestSessions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) session.Store { return open(t).Sessions() })
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	accountstest.Run(t, func(t *testing.T) signin.Accounts { return open(t).Accounts() })
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	db, err := bolt.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(path, &bolt.Options{LockTimeout: 1}); !errors.Is(err, bolt.ErrInUse) {
		t.Errorf("second open: %v, want ErrInUse", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	if err := os.WriteFile(other, []byte("this is no database, and long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(other, nil); err == nil {
		t.Error("a file of another kind was opened")
	}
}

// After Close every call says so, rather than hang.
func TestClosed(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "test.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Sessions().Read(t.Context(), session.Query{Control: true}); err == nil {
		t.Error("read: no error")
	}
	if err := db.Sessions().SetFence(t.Context(), session.Partition{1}, session.Fence{1}); err == nil {
		t.Error("write: no error")
	}
}

func TestSecretStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	var first string
	for range 2 {
		db, err := bolt.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := db.Secret(t.Context(), "tag key", 32)
		if err != nil || len(secret) != 32 || first != "" && first != string(secret) {
			t.Errorf("secret of %d bytes, the same %t, %v", len(secret), first == string(secret), err)
		}
		first = string(secret)
		if _, err := db.Secret(t.Context(), "tag key", 16); err == nil {
			t.Error("another size: no error")
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Since when a secret is known is what was said first, whatever is said later.
func TestSecretSince(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]time.Time{"tag key": first, "another": first.Add(time.Hour)} {
		for _, after := range []time.Duration{0, 24 * time.Hour} {
			db, err := bolt.Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := db.SecretSince(t.Context(), name, want.Add(after))
			if err != nil || !got.Equal(want) {
				t.Errorf("%s: %v %v, want %v", name, got, err, want)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	storetest.BenchmarkLookup(b, func(b *testing.B) session.Store { return open(b).Sessions() })
}
