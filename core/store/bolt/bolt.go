// Package bolt keeps sessions and accounts in one file on local disk (bbolt): the
// default of the local server. One process has the file open at a time. What a call
// acknowledged was synced to disk before, so a killed process loses none of it.
// Nothing lags: Page and Count see every write at once.
package bolt

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// DB is the open file. Its Sessions and Accounts share it and are closed with it.
type DB struct {
	file   *bbolt.DB
	writer *writer
	// appended has room for one: see Outbox.Appended.
	appended chan struct{}
}

// Options are settings of Open. The zero value, and nil, are the defaults.
type Options struct {
	// NoSync leaves out syncing to disk: a crash of the machine may then lose what
	// was acknowledged. For tests and benchmarks.
	NoSync bool
	// LockTimeout is how long to wait while another process has the file open.
	// Default 1 s.
	LockTimeout time.Duration
}

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("the data file is in use by another process")

var (
	bucketMeta     = []byte("meta")
	bucketSessions = []byte("sessions") // session ID -> record
	bucketFences   = []byte("fences")   // partition -> fence
	bucketLive     = []byte("live")     // ExpiresAt, session ID -> nothing
	bucketEnded    = []byte("ended")    // End.At, session ID -> nothing
	bucketPurge    = []byte("purge")    // PurgeAt, session ID -> nothing
	bucketAccounts = []byte("accounts") // subject -> account
	bucketNames    = []byte("names")    // user name -> subject

	keyFormat      = []byte("format")
	keyEndedBefore = []byte("endedBefore")
)

const format = "1"

// mapped is how much of the file has its addresses from the start: until it grows
// past that, no reader waits for the file to be mapped anew.
const mapped = 1 << 30

// Open opens the file, making it (mode 0600) and its folder (mode 0700) if they are
// not there.
func Open(path string, opts *Options) (*DB, error) {
	if opts == nil {
		opts = &Options{}
	}
	timeout := opts.LockTimeout
	if timeout == 0 {
		timeout = time.Second
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: timeout, NoSync: opts.NoSync, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true,
		InitialMmapSize: mapped,
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("open data %s: %w", path, ErrInUse)
	case err != nil:
		return nil, fmt.Errorf("open data %s: %w", path, err)
	}
	db := &DB{file: file, writer: newWriter(file), appended: make(chan struct{}, 1)}
	if err := errors.Join(db.prepare(), syncFolder(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("open data %s: %w", path, err), db.Close())
	}
	return db, nil
}

// prepare makes the buckets of a new file and refuses a file of another format.
func (db *DB) prepare() error {
	return db.writer.do(context.Background(), func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{
			bucketMeta, bucketSessions, bucketFences, bucketLive,
			bucketEnded, bucketPurge, bucketAccounts, bucketNames, bucketOutbox,
		} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		switch got := string(meta.Get(keyFormat)); got {
		case format:
			return nil
		case "":
			return meta.Put(keyFormat, []byte(format))
		default:
			return fmt.Errorf("format %q: this program reads %q; use the version that wrote it", got, format)
		}
	})
}

// syncFolder makes the file's own name survive a crash of the machine.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // G304: the operator's own setting
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close waits for the writes under way and closes the file.
func (db *DB) Close() error {
	db.writer.close()
	return db.file.Close()
}

// Secret returns the random secret of that name and size in bytes, made at first use.
func (db *DB) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	var secret []byte
	err := db.writer.do(ctx, func(tx *bbolt.Tx) error {
		meta, key := tx.Bucket(bucketMeta), []byte("secret "+name)
		if there := meta.Get(key); there != nil {
			secret = append([]byte(nil), there...)
			return nil
		}
		secret = make([]byte, size)
		_, _ = rand.Read(secret)
		return meta.Put(key, secret)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("secret %s: %w", name, err)
	case len(secret) != size:
		return nil, fmt.Errorf("secret %s has %d bytes: want %d", name, len(secret), size)
	}
	return secret, nil
}

// SecretSince returns since when the secret of that name is known to be in use: the time
// given with the first call of all for it, which is kept, to the second. It says nothing
// of the secret's being there.
func (db *DB) SecretSince(ctx context.Context, name string, now time.Time) (time.Time, error) {
	since := now.Unix()
	err := db.writer.do(ctx, func(tx *bbolt.Tx) error {
		meta, key := tx.Bucket(bucketMeta), []byte("since "+name)
		if there := meta.Get(key); len(there) == timeSize {
			since = int64(binary.BigEndian.Uint64(there)) //nolint:gosec // G115: back again from below
			return nil
		}
		return meta.Put(key, binary.BigEndian.AppendUint64(nil, uint64(since))) //nolint:gosec // G115: see above
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("secret %s: %w", name, err)
	}
	return time.Unix(since, 0).UTC(), nil
}

// view runs fn on a snapshot of the file.
func (db *DB) view(ctx context.Context, fn func(*bbolt.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer recoverDamage(&err)
	return db.file.View(fn)
}

// recoverDamage turns a panic into an error: bbolt panics on pages that are none.
func recoverDamage(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("the data file is damaged: %v", cause)
	}
}
