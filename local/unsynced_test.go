package main

import (
	"crypto/rand"
	"os"
	"testing"

	"go.etcd.io/bbolt"
)

// loseUnsynced makes of a data file what is left of it, at worst, where the machine
// fails in the middle of a commit. bbolt writes a commit's pages to where the commit
// before has none, syncs them, and then writes the meta page that leads to them over
// the older one of two. So in all that the newest meta page does not lead to there may
// be anything: random bytes, here, the older meta page among them, and behind the last
// page either those or, if cut, nothing. It returns how many pages were lost.
//
// That the newest meta page itself had been synced cannot be told from outside; that
// commits sync is tested in core/store/bolt.
func loseUnsynced(t *testing.T, path string, cut bool) int {
	t.Helper()
	of := layoutOf(t, path)
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if cut {
		if err := file.Truncate(int64(of.pages * of.size)); err != nil {
			t.Fatal(err)
		}
	} else {
		for n := range behind {
			of.free = append(of.free, of.pages+n)
		}
	}
	garbage := make([]byte, of.size)
	for _, page := range of.free {
		_, _ = rand.Read(garbage)
		if _, err := file.WriteAt(garbage, int64(page*of.size)); err != nil {
			t.Fatal(err)
		}
	}
	return len(of.free)
}

// behind is how many pages behind the last one a commit that was under way had written.
const behind = 64

// layout is what the newest meta page of a data file says of it.
type layout struct {
	size  int   // of a page, in bytes
	pages int   // in all
	free  []int // those that it does not lead to, the older meta page included
}

func layoutOf(t *testing.T, path string) layout {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	of := layout{size: db.Info().PageSize}
	err = db.View(func(tx *bbolt.Tx) error {
		of.free = []int{(tx.ID() + 1) % 2} // a commit's meta page is that of its number's parity
		for of.pages = 2; ; of.pages++ {
			page, err := tx.Page(of.pages)
			if err != nil || page == nil {
				return err
			}
			if page.Type == "free" {
				of.free = append(of.free, of.pages)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(of.free) < 2 {
		t.Fatalf("all %d pages of the data file are in use after a commit: that cannot be", of.pages)
	}
	return of
}
