package upstream

import (
	"context"
	"maps"
	"mime"
	"net/http"
	"net/http/httputil"
	"strings"

	"coatcheck/core/httpapi"
)

// exchange is one request on its way to the application and back.
type exchange struct {
	*Proxy
	in     *http.Request // as Protect let it through
	own    http.Header   // what Protect put into the answer
	client *stream
	cancel context.CancelFunc
}

// ServeHTTP hands a request on and its answer back. It is to be called by
// [httpapi.API.Protect]: the request's context says whose it is.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	x := &exchange{Proxy: p, in: r.WithContext(ctx), own: w.Header().Clone(), cancel: cancel}
	clear(w.Header()) // an interim answer would send it, and then it would be gone
	x.client = newStream(ctx, w, p.opts.Stall)
	defer x.client.finish()
	x.in.Body = x.client.body(r)
	proxy := &httputil.ReverseProxy{
		Transport: p.transport, Rewrite: x.rewrite, ModifyResponse: x.answer, ErrorHandler: x.fail,
		ErrorLog: p.errors,
	}
	proxy.ServeHTTP(x.client, x.in)
}

// rewrite makes the request the application's: the path, the query and the Host as they
// came, so that the links that it makes lead back here.
func (x *exchange) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(x.target)
	p.Out.Host = p.In.Host
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Trailer = nil
	onlyWebSockets(p.Out.Header)
	x.api.Forward(p.Out.Header, p.In)
	for _, prefix := range []string{"Forwarded", "X-Forwarded-", "X-Real-Ip"} {
		httpapi.StripPrefix(p.Out.Header, prefix)
	}
	p.SetXForwarded()
	if x.opts.HTTPS {
		p.Out.Header.Set("X-Forwarded-Proto", "https")
	}
}

// onlyWebSockets leaves out an offer to go on in another protocol: over HTTP/2 in the
// clear a client could send requests that nobody checks.
func onlyWebSockets(h http.Header) {
	if strings.EqualFold(h.Get("Upgrade"), "websocket") {
		return
	}
	h.Del("Upgrade")
	h.Del("Connection")
	h.Del("Http2-Settings")
}

// answer makes the application's answer the client's, and has it watched if it stays
// open.
func (x *exchange) answer(res *http.Response) error {
	httpapi.Return(res.Header, x.own)
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusSwitchingProtocols || kind == "text/event-stream" {
		go x.watch()
	}
	return nil
}

// fail answers where the application did not. Where the client broke off there is
// nobody to answer to.
func (x *exchange) fail(w http.ResponseWriter, _ *http.Request, err error) {
	if x.client.begun {
		return
	}
	if x.client.broke() {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), x.own)
	x.api.Unreachable(w, x.in, err)
}
