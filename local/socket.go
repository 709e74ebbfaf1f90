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
	"coatcheck/core/store/bolt"
)

// The operators' commands speak the operators' API over a socket in the data folder.
// A running server listens on it; without one, a command opens the data itself and
// serves the socket for as long as it runs. So there is one way of doing each thing.

// maxSocketPath is the longest path of a Unix socket that every system takes.
const maxSocketPath = 103

func socketPath(data string) string { return filepath.Join(data, "operator.sock") }

// listenOperators makes the socket, for this user alone. It is called by who has the
// data open, so a socket that is there was left by a process that was killed.
func listenOperators(data string) (net.Listener, error) {
	path := socketPath(data)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path %s is too long for a socket: choose a --data of at most %d characters, or a relative one",
			path, maxSocketPath-len("/operator.sock"))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("operators' socket: %w", err)
	}
	// The folder has mode 0700 from its first moment; this is for one that was there.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("operators' socket: %w", err), l.Close())
	}
	return l, nil
}

// operators is a client of the operators' API.
type operators struct {
	http  *http.Client
	close func() error
}

const operatorTime = 30 * time.Second

// dialOperators reaches the server that runs on the data, or serves it meanwhile.
func dialOperators(ctx context.Context, data string) (*operators, error) {
	o := &operators{close: func() error { return nil }}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socketPath(data))
	}
	o.http = &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: operatorTime}
	if conn, err := dial(ctx, "", ""); err == nil {
		return o, conn.Close()
	}
	if _, err := os.Stat(data); err != nil {
		return nil, fmt.Errorf("no data in %s: start the server once, or choose --data", data)
	}
	return o, o.serve(ctx, data)
}

// serve opens the data and serves the socket until close.
func (o *operators) serve(ctx context.Context, data string) error {
	p, err := openParts(ctx, data, served{})
	switch {
	case errors.Is(err, bolt.ErrInUse):
		return fmt.Errorf("%w, which does not answer at %s: if it has just started, try again", err, socketPath(data))
	case err != nil:
		return err
	}
	api, err := httpapi.New(p.manager, &httpapi.Options{Directory: p.directory, Origins: []string{"http://localhost"}})
	if err != nil {
		return errors.Join(err, p.db.Close())
	}
	l, err := listenOperators(data)
	if err != nil {
		return errors.Join(err, p.db.Close())
	}
	s := newServer(api.OperatorHandler(), slog.New(slog.DiscardHandler))
	go func() { _ = s.Serve(l) }()
	o.close = func() error { return errors.Join(s.Close(), p.db.Close()) }
	return nil
}
