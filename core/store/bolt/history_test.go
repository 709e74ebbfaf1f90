package bolt_test

import (
	"path/filepath"
	"testing"

	"coatcheck/core/store/bolt"
	"coatcheck/core/store/historytest"
)

// Without syncing: what a crash leaves behind is asked elsewhere.
func TestHistory(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "data"), &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	historytest.Run(t, db.Sessions(), historytest.LoadOf(1_000_000, 20_000))
}
