package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/request"
	"coatcheck/local/upstream"
)

// Bounds of the server, each against a client that holds on to what it does not use.
const (
	readHeaderTime = 5 * time.Second
	readTime       = 10 * time.Second
	writeTime      = 20 * time.Second
	idleTime       = 2 * time.Minute
	maxHeader      = 32 << 10
	shutdownTime   = 10 * time.Second
	closeLogTime   = time.Second

	sweepEvery = time.Hour
)

// parts are what the program is made of, over one open store.
type parts struct {
	store     *backend
	keys      session.Keys
	manager   *session.Manager
	directory *signin.Directory
	auth      signin.Authenticator
	observe   func(context.Context, session.Event) // nil: nobody
	// keyMade says since when the tag key is in use; nil where it is a setting.
	keyMade func(context.Context) (time.Time, error)
}

// openParts opens the store and wires the parts.
func openParts(ctx context.Context, f *storeFlags, s served) (*parts, error) {
	store, err := f.open(ctx, s.metrics)
	if err != nil {
		return nil, err
	}
	p := &parts{store: store}
	if err := p.wire(ctx, s); err != nil {
		return nil, errors.Join(err, store.close())
	}
	return p, nil
}

func (p *parts) wire(ctx context.Context, s served) error {
	if s.keys.IsZero() {
		secret, err := p.store.secret(ctx)
		if err != nil {
			return err
		}
		if s.keys, err = session.NewKeys(secret); err != nil {
			return err
		}
		p.keyMade = p.store.keyMade
	}
	p.keys = s.keys
	hasher, err := password.NewHasher(nil)
	if err != nil {
		return err
	}
	p.observe = s.tell
	var sink telemetry.Sink
	if s.metrics != nil {
		sink = s.metrics
		p.observe = telemetry.Join(s.tell, telemetry.Observe(sink))
	}
	if s.calls != nil {
		p.store.sessions = telemetry.Sessions(p.store.sessions, sink, s.calls)
		p.store.accounts = telemetry.Accounts(p.store.accounts, sink, s.calls)
	}
	accounts := signin.Bounded(p.store.accounts, signin.CallTime)
	if p.manager, err = session.New(p.store.sessions, s.keys, &session.Options{Policy: s.policy, Observe: p.observe}); err != nil {
		return err
	}
	p.directory = signin.NewDirectory(accounts, hasher, &signin.DirectoryOptions{Sessions: p.manager})
	p.auth = password.NewAuthenticator(accounts, hasher, nil)
	return nil
}

func (c *serveCmd) run(ctx context.Context, all *cli, out streams) error {
	s, err := c.parse(all)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a log whose reader is gone is no reason to end
	log, closeLog := newLog(out, s)
	defer closeLog()
	s.tell, s.calls = telemetry.Log(log), &telemetry.CallOptions{Log: log}
	p, err := openParts(ctx, &all.storeFlags, s)
	if err != nil {
		return err
	}
	defer func() {
		if err := p.store.close(); err != nil {
			log.Error("close data", "error", err)
		}
	}()
	stopTelling, err := p.tell(ctx, s.webhook, log)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	defer stopTelling()
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w: choose another --addr", err)
	}
	if len(s.origins) == 0 {
		s.origins = loopbackOrigins(listener.Addr())
	}
	metrics, err := c.metricsServer(s, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return p.serve(ctx, all.socketFolder(), s, listener, log, out, metrics...)
}

// serve mounts the handlers and serves them until the context ends; the operators'
// too where the store is open to this process alone.
func (p *parts) serve(ctx context.Context, folder string, s served, l net.Listener, log *slog.Logger, out streams, metrics ...server) error {
	setup, secret := p.firstStart(ctx, s.demo, log)
	api, err := httpapi.New(p.manager, &httpapi.Options{
		Authenticator: p.auth, Directory: p.directory, Setup: setup,
		Origins: s.origins, SameSite: s.sameSite, Routes: s.routes, Log: log, Observe: p.observe,
	})
	if err != nil {
		return errors.Join(settings.Faults{err}, l.Close())
	}
	watcher, err := p.monitor(s, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	public := newServer(api.Handler(), log)
	if s.upstream != nil {
		public = inFront(api, s, log)
	}
	servers := append([]server{{public, l}}, metrics...)
	if folder != "" {
		operators, err := listenOperators(folder)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		servers = append(servers, server{newServer(api.OperatorHandler(), log), operators})
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go p.sweep(ctx, log)
	go p.watch(ctx, watcher, s.monitorEvery, log)
	fmt.Fprintf(out.out, "Coatcheck is ready: %s\n", s.origins[0])
	if setup != nil {
		fmt.Fprintf(out.out, "First start: set up the owner within an hour at %s/setup?token=%s\n", s.origins[0], secret)
	}
	for _, m := range metrics {
		fmt.Fprintf(out.out, "Metrics for Prometheus: http://%s/metrics\n", m.listener.Addr())
	}
	if s.upstream != nil {
		fmt.Fprintf(out.out, "In front of %s: what is no path of ours goes on to it, with a session only.\n", s.upstream)
	}
	if s.demo {
		go p.showDemo(ctx, log, out)
	}
	return serveAll(ctx, log, servers...)
}

// inFront is a server in front of an application.
func inFront(api *httpapi.API, s served, log *slog.Logger) *http.Server {
	proxy := upstream.New(api, s.upstream, &upstream.Options{HTTPS: strings.HasPrefix(s.origins[0], "https:"), Log: log})
	front := newServer(api.InFront(proxy), log)
	front.RegisterOnShutdown(proxy.Close)
	return front
}

// firstStart returns a one-time page and its secret while nobody can administer.
// Where that cannot be found out there is none: it is a convenience.
func (p *parts) firstStart(ctx context.Context, demo bool, log *slog.Logger) (*httpapi.Setup, string) {
	if demo {
		return nil, ""
	}
	owned, err := p.directory.HasOwner(ctx)
	if err != nil {
		log.Error("whether there is an owner is not known", "event", "owner_unknown", "error", err)
	}
	if err != nil || owned {
		return nil, ""
	}
	return httpapi.NewSetup(nil)
}

// showDemo fills the demo in and prints its user. It comes last: the server is there,
// so what is printed once is of use.
func (p *parts) showDemo(ctx context.Context, log *slog.Logger, out streams) {
	hint, err := p.seedDemo(ctx, time.Now())
	if err != nil {
		log.Error("the demo could not be filled in; start again", "event", "demo_failed", "error", err)
		return
	}
	fmt.Fprintln(out.out, hint)
}

// loopbackOrigins are what browsers call a server on loopback.
func loopbackOrigins(addr net.Addr) []string {
	host, port, _ := net.SplitHostPort(addr.String())
	hosts := []string{"localhost", "127.0.0.1"}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		hosts = []string{"localhost", "[" + host + "]"}
	}
	var origins []string
	for _, name := range hosts {
		origins = append(origins, strings.TrimSuffix("http://"+name+":"+port, ":80"))
	}
	return origins
}

// newLog returns the log, and what writes the last of it.
func newLog(out streams, s served) (*slog.Logger, func()) {
	form := func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, s.log) }
	if s.json {
		form = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, s.log) }
	}
	lines := telemetry.NewLogWriter(out.err, form)
	return request.Logger(slog.New(form(lines))), func() { lines.Close(closeLogTime) }
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
