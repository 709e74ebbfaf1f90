package bolt_test

import (
	"path/filepath"
	"testing"
	"time"

	"coatcheck/core/store/bolt"
	"coatcheck/core/telemetry/truthtest"
)

func TestMetricsAreTrue(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "data"), &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	truthtest.Run(t, db.Sessions(), truthtest.Load{Operations: 100_000, Clients: 8, Seed: 1, Timeout: 10 * time.Second})
}
