// Package upstream puts Coatcheck in front of an application that is reached over HTTP:
// a request that was let in goes on with the identity of its session and without its
// ticket, and the application's answer comes back. It is what stands behind
// [httpapi.API.InFront].
package upstream

import (
	"cmp"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"coatcheck/core/httpapi"
)

// Proxy hands requests that [httpapi.API.Protect] let through to an application. It is
// safe for concurrent use.
type Proxy struct {
	api       *httpapi.API
	target    *url.URL
	transport http.RoundTripper
	opts      Options
	errors    *log.Logger
	closing   chan struct{}
	close     func()
}

// Options are a Proxy's settings. The zero value, and nil, are the defaults.
type Options struct {
	// CheckEvery is how often the session of a connection that stays open (a WebSocket,
	// a stream of events) is checked again. Default 1 min.
	CheckEvery time.Duration
	// Stall is how long a client may go without taking anything of an answer that is
	// there, or sending anything of a body that it has begun. Default 1 min.
	Stall time.Duration
	// HTTPS says that clients come by https, which something before this server ends.
	HTTPS bool
	// Log receives one line an event; nil: nothing is logged.
	Log *slog.Logger
}

// New returns a Proxy to the application at a target that [Parse] gave. It makes no
// connection.
func New(api *httpapi.API, target *url.URL, opts *Options) *Proxy {
	if opts == nil {
		opts = &Options{}
	}
	p := &Proxy{api: api, target: target, transport: newTransport(), opts: *opts, closing: make(chan struct{})}
	p.opts.CheckEvery = cmp.Or(p.opts.CheckEvery, time.Minute)
	p.opts.Stall = cmp.Or(p.opts.Stall, time.Minute)
	if p.opts.Log == nil {
		p.opts.Log = slog.New(slog.DiscardHandler)
	}
	p.errors = slog.NewLogLogger(p.opts.Log.Handler(), slog.LevelWarn)
	p.close = sync.OnceFunc(func() { close(p.closing) })
	return p
}

// Close ends the connections that stay open by themselves, for a server that stops: it
// would wait for them in vain. The Proxy goes on serving others.
func (p *Proxy) Close() { p.close() }

// newTransport passes bytes on as they are, and leaves it to the application how long
// it takes to answer. Many servers end an idle connection after few seconds, just when
// a request may be on its way that cannot be repeated: ours are given up before that.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       time.Second,
		MaxIdleConnsPerHost:   64,
		DisableCompression:    true,
	}
}
