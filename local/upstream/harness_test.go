package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/local/upstream"
)

// store counts its reads and can be down.
type store struct {
	session.Store
	mu    sync.Mutex
	down  bool
	reads chan bool // each read, and whether it failed; nil: nobody asks
}

func (s *store) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *store) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	s.mu.Lock()
	down, reads := s.down, s.reads
	s.mu.Unlock()
	select {
	case reads <- down:
	default:
	}
	if down {
		return session.Reading{}, errors.New("the network is down")
	}
	return s.Store.Read(ctx, q)
}

// log is what was logged so far.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// scene is an application, Coatcheck in front of it, and alice.
type scene struct {
	t       *testing.T
	store   *store
	clock   *clock
	manager *session.Manager
	api     *httpapi.API
	proxy   *upstream.Proxy
	log     *log
	app     *httptest.Server
	front   *httptest.Server
	client  *http.Client
	session session.ID
	cookie  string // alice's, as a Cookie header has it
}

// config is what scenes differ in.
type config struct {
	routes []string
	opts   upstream.Options
	over   chan<- string // is told the path of each request that is over; nil: nobody is
	// The server's bounds; zero: none.
	read, readHeader, write time.Duration
}

func newScene(t *testing.T, app http.HandlerFunc, c config) *scene {
	t.Helper()
	s := &scene{
		t: t, store: &store{Store: memory.New()}, clock: &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)},
		log: &log{}, app: httptest.NewServer(app),
	}
	t.Cleanup(s.app.Close)
	s.front = httptest.NewUnstartedServer(nil)
	s.front.Config.ReadTimeout, s.front.Config.ReadHeaderTimeout, s.front.Config.WriteTimeout = c.read, c.readHeader, c.write
	s.wire(c)
	s.front.Start()
	t.Cleanup(s.front.Close)
	t.Cleanup(s.proxy.Close)
	s.client = s.front.Client()
	s.client.Transport.(*http.Transport).DisableCompression = true
	s.client.Timeout = 30 * time.Second
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.cookie, s.session = s.signIn("alice", "clerk")
	return s
}

func (s *scene) wire(c config) {
	s.t.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{3}, session.MinKeySize))
	if err != nil {
		s.t.Fatal(err)
	}
	s.manager, err = session.New(s.store, keys, &session.Options{Now: s.clock.Now, Policy: session.Policy{Idle: 2 * time.Hour}})
	if err != nil {
		s.t.Fatal(err)
	}
	routes, err := inbound.ParseRoutes(c.routes)
	if err != nil {
		s.t.Fatal(err)
	}
	logger := slog.New(slog.NewJSONHandler(s.log, nil))
	s.api, err = httpapi.New(s.manager, &httpapi.Options{
		Origins: []string{"http://" + s.front.Listener.Addr().String()}, Routes: routes, Log: logger,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	target, want := upstream.Parse(s.app.URL)
	if want != "" {
		s.t.Fatal(want)
	}
	c.opts.Log = logger
	s.proxy = upstream.New(s.api, target, &c.opts)
	front := s.api.InFront(s.proxy)
	s.front.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if c.over != nil {
				c.over <- r.URL.Path
			}
		}()
		front.ServeHTTP(w, r)
	})
}

// signIn returns what a user's requests say in Cookie, and the session.
func (s *scene) signIn(subject string, roles ...string) (cookie string, id session.ID) {
	s.t.Helper()
	token, r, err := s.manager.SignIn(s.t.Context(), session.SignIn{Subject: subject, Check: func(context.Context) (session.Grant, error) {
		return session.Grant{Roles: roles, Methods: []string{"pwd"}}, nil
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return httpapi.CookieName + "=" + token.Reveal(), r.ID
}

func (s *scene) end() {
	s.t.Helper()
	if _, err := s.manager.End(s.t.Context(), s.session, session.EndedByAdmin, session.ByOperator); err != nil {
		s.t.Fatal(err)
	}
}

// request makes a request of alice's page; headers are "Name: value" and come on top.
func (s *scene) request(method, path string, body io.Reader, headers ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.front.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Cookie", s.cookie)
	r.Header.Set("Origin", s.front.URL)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return r
}

// do sends a request and reads the answer.
func (s *scene) do(r *http.Request) (res *http.Response, body string) {
	s.t.Helper()
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(text)
}

// raw is a connection to a server on which bytes are sent as they are.
type raw struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func dial(t *testing.T, server *httptest.Server) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &raw{conn, t, bufio.NewReader(conn)}
}

func (c *raw) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads one answer's head.
func (c *raw) answer() *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return res
}

// wantClosed wants the other side to close the connection, whatever it sends before.
func (c *raw) wantClosed() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c.in); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		c.t.Error("the connection stays open")
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, want := upstream.Parse(text)
	if want != "" {
		t.Fatalf("%s: %s", text, want)
	}
	return u
}
