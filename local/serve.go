package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/bolt"
)

// Bounds of the server, each against a client that holds on to what it does not use.
const (
	readHeaderTime = 5 * time.Second
	readTime       = 10 * time.Second
	writeTime      = 20 * time.Second
	idleTime       = 2 * time.Minute
	maxHeader      = 32 << 10
	shutdownTime   = 10 * time.Second

	accountsTime = 800 * time.Millisecond
	sweepEvery   = time.Hour
)

// parts are what the program is made of, over one open data file.
type parts struct {
	db        *bolt.DB
	keys      session.Keys
	manager   *session.Manager
	directory *signin.Directory
	auth      signin.Authenticator
}

// openParts opens the data and wires the parts.
func openParts(ctx context.Context, data string, s served) (*parts, error) {
	db, err := bolt.Open(filepath.Join(data, "coatcheck.db"), nil)
	if err != nil {
		return nil, err
	}
	p := &parts{db: db}
	if err := p.wire(ctx, s); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

func (p *parts) wire(ctx context.Context, s served) error {
	if s.keys.IsZero() {
		secret, err := p.db.Secret(ctx, "tag key", session.MinKeySize)
		if err != nil {
			return err
		}
		if s.keys, err = session.NewKeys(secret); err != nil {
			return err
		}
	}
	p.keys = s.keys
	hasher, err := password.NewHasher(nil)
	if err != nil {
		return err
	}
	accounts := signin.Bounded(p.db.Accounts(), accountsTime)
	p.directory = signin.NewDirectory(accounts, hasher, nil)
	p.auth = password.NewAuthenticator(accounts, hasher, nil)
	p.manager, err = session.New(p.db.Sessions(), s.keys, &session.Options{Policy: s.policy})
	return err
}

func (c *serveCmd) run(ctx context.Context, all *cli, out streams) error {
	s, err := c.parse()
	if err != nil {
		return err
	}
	log := newLog(out, s)
	p, err := openParts(ctx, all.Data, s)
	if err != nil {
		return err
	}
	defer func() {
		if err := p.db.Close(); err != nil {
			log.Error("close data", "error", err)
		}
	}()
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w: choose another --addr", err)
	}
	if len(s.origins) == 0 {
		s.origins = loopbackOrigins(listener.Addr())
	}
	return p.serve(ctx, all.Data, s, listener, log, out)
}

// serve mounts the handlers and serves them until the context ends.
func (p *parts) serve(ctx context.Context, data string, s served, l net.Listener, log *slog.Logger, out streams) error {
	setup, hint, err := p.firstStart(ctx, s.demo, s.origins[0])
	if err != nil {
		return errors.Join(err, l.Close())
	}
	api, err := httpapi.New(p.manager, &httpapi.Options{
		Authenticator: p.auth, Directory: p.directory, Setup: setup,
		Origins: s.origins, SameSite: s.sameSite, Log: log,
	})
	if err != nil {
		return errors.Join(settings.Faults{err}, l.Close())
	}
	operators, err := listenOperators(data)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go p.sweep(ctx, log)
	fmt.Fprintf(out.out, "Coatcheck is ready: %s\n%s", s.origins[0], hint)
	return serveAll(ctx, log,
		server{newServer(root(api.Handler()), log), l},
		server{newServer(api.OperatorHandler(), log), operators},
	)
}

// firstStart fills in the demo, or returns a one-time link while there is no owner.
func (p *parts) firstStart(ctx context.Context, demo bool, origin string) (*httpapi.Setup, string, error) {
	if demo {
		hint, err := p.seedDemo(ctx, time.Now())
		return nil, hint, err
	}
	owned, err := p.directory.HasOwner(ctx)
	if err != nil || owned {
		return nil, "", err
	}
	setup, secret := httpapi.NewSetup(nil)
	return setup, fmt.Sprintf("First start: set up the owner within an hour at %s/setup?token=%s\n", origin, secret), nil
}

// root adds what is only of the local program: its front door leads to the sign-in.
func root(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("GET /{$}", http.RedirectHandler("/login", http.StatusSeeOther))
	return mux
}

// loopbackOrigins are what browsers call a server on loopback.
func loopbackOrigins(addr net.Addr) []string {
	_, port, _ := net.SplitHostPort(addr.String())
	var origins []string
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		origins = append(origins, strings.TrimSuffix("http://"+host+":"+port, ":80"))
	}
	return origins
}

func newLog(out streams, s served) *slog.Logger {
	if s.json {
		return slog.New(slog.NewJSONHandler(out.err, s.log))
	}
	return slog.New(slog.NewTextHandler(out.err, s.log))
}

// server is a server and what it listens on.
type server struct {
	*http.Server
	listener net.Listener
}

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// serveAll serves until the context ends or one server fails, then lets what is
// under way finish.
func serveAll(ctx context.Context, log *slog.Logger, servers ...server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() { failed <- s.Serve(s.listener) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	log.Info("stopping", "event", "stopping")
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(bound))
	}
	return err
}

// sweep forgets purged records at the start and then every hour.
func (p *parts) sweep(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		switch n, err := p.db.Sweep(ctx, time.Now()); {
		case err != nil && ctx.Err() == nil:
			log.Error("sweep", "event", "sweep_failed", "error", err)
		case n > 0:
			log.Info("sweep", "event", "swept", "records", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
