package bolt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
	"coatcheck/core/store/lifetest"
)

// item is a key and a value of a bucket.
type item struct{ bucket, key, value string }

// dump is every item of every bucket.
func (db *DB) dump(t *testing.T) (all []item) {
	t.Helper()
	err := db.view(t.Context(), func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				all = append(all, item{string(name), string(k), string(v)})
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// After an erasure nothing in the file tells the user, and under his key is nothing but
// the fence, indexes included. What is damaged goes too.
func TestErasureLeavesNothing(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		t.Run(fmt.Sprintf("damaged %t", damaged), func(t *testing.T) {
			db := openTest(t)
			e, err := lifetest.NewErasure(t.Context(), lifetest.Stores{Sessions: db.Sessions(), Accounts: db.Accounts()})
			if err != nil {
				t.Fatal(err)
			}
			if id := e.Ended(); damaged {
				db.plant(t, bucketSessions, id[:], []byte("no record"))
			}
			before := fmt.Sprint(db.dump(t))
			if err := e.Erase(); err != nil {
				t.Fatal(err)
			}
			after := db.dump(t)
			for what, trace := range e.Traces() {
				if !strings.Contains(before, trace) {
					t.Errorf("the %s was not found before: the search would find nothing", what)
				}
				if strings.Contains(fmt.Sprint(after), trace) {
					t.Errorf("the %s is left", what)
				}
			}
			p := e.Partition()
			wantFenceAlone(t, after, p[:])
		})
	}
}

func wantFenceAlone(t *testing.T, all []item, partition []byte) {
	t.Helper()
	fences := 0
	for _, i := range all {
		switch {
		case i.bucket == string(bucketFences) && i.key == string(partition) && len(i.value) == len(session.Fence{}):
			fences++
		case bytes.Contains([]byte(i.key+i.value), partition):
			t.Errorf("left in %s: %q", i.bucket, i.key)
		}
	}
	if fences != 1 {
		t.Errorf("%d fences are left: want the user's", fences)
	}
}
