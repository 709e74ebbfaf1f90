package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/store/bolt"
)

// The operators' commands speak the operators' API over a socket in the data folder.
// A running server listens on it; without one, a command opens the data itself and
// serves the socket for as long as it runs. So there is one way of doing each thing.

// maxSocketPath is the longest path of a Unix socket that every system takes, and the room
// that its place of birth needs.
const maxSocketPath = 99

func socketPath(data string) string { return filepath.Join(data, "operator.sock") }

// listenOperators makes the socket, for this user alone. It is called by who has the
// data open, so a socket that is there was left by a process that was killed.
func listenOperators(data string) (net.Listener, error) {
	path := socketPath(data)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path %s is too long for a socket: choose a --data of at most %d characters, or a relative one",
			path, maxSocketPath-len("/operator.sock"))
	}
	// Made in a folder that is this user's alone and moved into place with its mode
	// set: at no moment is it open to others.
	nursery, err := os.MkdirTemp(data, ".s")
	if err != nil {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(nursery) }()
	newborn := filepath.Join(nursery, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: newborn, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(newborn, 0o600), os.Rename(newborn, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("operators' socket: %w", err), l.Close())
	}
	return &operatorListener{l, path}, nil
}

// operatorListener takes its socket away when it is closed.
type operatorListener struct {
	*net.UnixListener
	path string
}

// Close implements net.Listener.
func (l *operatorListener) Close() error {
	_ = os.Remove(l.path)
	return l.UnixListener.Close()
}

// operators is a client of the operators' API.
type operators struct {
	folder string // of the socket
	policy session.Policy
	http   *http.Client
	close  func() error
}

const operatorTime = 30 * time.Second

// dialOperators reaches the server that runs on the data, or serves it meanwhile.
// Tables are open to many processes, so a command on them serves itself.
func dialOperators(ctx context.Context, all *cli) (*operators, error) {
	f := &all.storeFlags
	r := settings.Flags(all.text)
	policy := r.Policy()
	f.check(r)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if f.onDynamoDB() {
		return serveOperatorsApart(ctx, f, policy)
	}
	o := newOperators(f.Data, policy)
	if conn, err := o.dial(ctx); err == nil {
		return o, conn.Close()
	}
	if _, err := os.Stat(f.file()); err != nil {
		return nil, fmt.Errorf("no data in %s: start the server once, or choose --data", f.Data)
	}
	return o, o.serve(ctx, f)
}

// serveOperatorsApart serves the socket in a folder of its own.
func serveOperatorsApart(ctx context.Context, f *storeFlags, policy session.Policy) (*operators, error) {
	folder, err := os.MkdirTemp("", "coatcheck")
	if err != nil {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	o := newOperators(folder, policy)
	err = o.serve(ctx, f)
	stop := o.close
	o.close = func() error { return errors.Join(stop(), os.RemoveAll(folder)) }
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func newOperators(folder string, policy session.Policy) *operators {
	o := &operators{folder: folder, policy: policy, close: func() error { return nil }}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return o.dial(ctx) }}
	o.http = &http.Client{Transport: transport, Timeout: operatorTime, CheckRedirect: noRedirect}
	return o
}

// noRedirect: the API redirects nobody, so where one leads is not where it was meant.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (o *operators) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", socketPath(o.folder))
}

// serve opens the store and serves the socket until close.
func (o *operators) serve(ctx context.Context, f *storeFlags) error {
	p, err := openParts(ctx, f, served{policy: o.policy})
	switch {
	case errors.Is(err, bolt.ErrInUse):
		return fmt.Errorf("%w, which does not answer at %s: if it has just started, try again", err, socketPath(o.folder))
	case err != nil:
		return err
	}
	api, err := httpapi.New(p.manager, &httpapi.Options{Directory: p.directory, Origins: []string{"http://localhost"}})
	if err != nil {
		return errors.Join(err, p.store.close())
	}
	l, err := listenOperators(o.folder)
	if err != nil {
		return errors.Join(err, p.store.close())
	}
	s := newServer(api.OperatorHandler(), slog.New(slog.DiscardHandler))
	go func() { _ = s.Serve(l) }()
	o.close = func() error { return errors.Join(s.Close(), p.store.close()) }
	return nil
}
