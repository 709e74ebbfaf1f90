package servertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"coatcheck/core/store/dynamo"
)

// fault is what a proxy does to a request.
type fault int

const (
	cutBefore  fault = iota // the connection is cut, nothing was applied
	cutAfter                // it was applied, and the answer is lost
	cutWithin               // it was applied, and half of the answer comes
	throttle                // refused
	fail500                 // refused
	hang                    // no answer, nothing applied
	hangsAfter              // it was applied, and no answer comes
)

var faultNames = map[fault]string{
	cutBefore: "cut before", cutAfter: "cut after", cutWithin: "cut within", throttle: "throttled",
	fail500: "internal error", hang: "hang", hangsAfter: "hang after",
}

// proxy stands between a client and DynamoDB Local and hurts requests.
type proxy struct {
	url string

	mu        sync.Mutex
	fault     fault
	operation string // the one to hurt; "" for all
	left      int    // how many to hurt yet; negative: all
	closed    chan struct{}
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{closed: make(chan struct{})}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		close(p.closed)
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// hurt arms the proxy for so many requests of an operation.
func (p *proxy) hurt(f fault, operation string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.operation, p.left = f, operation, times
}

func (p *proxy) next(operation string) (fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 || p.operation != "" && p.operation != operation {
		return 0, false
	}
	p.left--
	return p.fault, true
}

// pending reports whether a fault was armed that no request has met.
func (p *proxy) pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left > 0
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f, hurt := p.next(operation(req))
	switch {
	case hurt && f == cutBefore:
		panic(http.ErrAbortHandler)
	case hurt && f == throttle:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`)
		return
	case hurt && f == fail500:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
		return
	case hurt && f == hang:
		p.wait(req)
		return
	}
	status, body := p.forward(req)
	switch {
	case hurt && f == cutAfter:
		panic(http.ErrAbortHandler)
	case hurt && f == hangsAfter:
		p.wait(req)
		return
	case hurt && f == cutWithin:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (p *proxy) wait(req *http.Request) {
	select {
	case <-req.Context().Done():
	case <-p.closed:
	}
}

// forward sends the request on, whether or not its sender still waits.
func (p *proxy) forward(req *http.Request) (status int, body []byte) {
	on, err := http.NewRequest(req.Method, local.url(), req.Body)
	if err != nil {
		return http.StatusBadGateway, nil
	}
	on.Header = req.Header.Clone()
	resp, err := everything.Do(on)
	if err != nil {
		return http.StatusBadGateway, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return http.StatusBadGateway, nil
	}
	return resp.StatusCode, body
}

// hurtable returns stores of new tables behind a proxy, with the client as it is in
// production.
func hurtable(t *testing.T) (*dynamo.Sessions, *dynamo.Accounts, *proxy) {
	t.Helper()
	p := newProxy(t)
	o := local.options()
	o.Endpoint, o.HTTPClient = p.url, nil
	client, names := dynamo.NewClient(o), local.tables(t)
	return dynamo.NewSessions(client, names.Sessions), dynamo.NewAccounts(client, names.Accounts), p
}
