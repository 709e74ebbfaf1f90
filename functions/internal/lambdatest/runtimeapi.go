package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// invocationTime is the deadline that functions are told.
const invocationTime = 10 * time.Second

// runtimeAPI is the server's side of the Lambda Runtime API.
type runtimeAPI struct {
	queue   chan *invocation
	ready   chan struct{}
	readyAt time.Time // set before ready is closed
	first   sync.Once
	trace   atomic.Pointer[string]

	mu      sync.Mutex
	pending map[string]*invocation
}

// invocation is one event on its way.
type invocation struct {
	id     string
	event  []byte
	handed time.Time
	answer chan Answer
}

var lastID atomic.Int64

func newInvocation(event []byte) *invocation {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", lastID.Add(1))
	return &invocation{id: id, event: event, answer: make(chan Answer, 1)}
}

func newRuntimeAPI() *runtimeAPI {
	a := &runtimeAPI{
		queue: make(chan *invocation), ready: make(chan struct{}), pending: map[string]*invocation{},
	}
	untraced := "Root=1-5e1b4151-5ac6c58f3e23c9a6a7f0c1d2;Sampled=0"
	a.trace.Store(&untraced)
	return a
}

func (a *runtimeAPI) handler() http.Handler {
	const base = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/invocation/next", a.next)
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", a.take(func(body []byte) Answer { return Answer{Body: body} }))
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", a.take(func(body []byte) Answer { return Answer{Failure: failureOf(body)} }))
	mux.HandleFunc("POST "+base+"/init/error", accept)
	// An internal extension, which a function registers so that it is told of its end.
	mux.HandleFunc("POST /2020-01-01/extension/register", register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

// next hands out the next event as soon as there is one.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	a.first.Do(func() {
		a.readyAt = time.Now()
		close(a.ready)
	})
	select {
	case i := <-a.queue:
		a.hand(w, i)
	case <-r.Context().Done():
	}
}

func (a *runtimeAPI) hand(w http.ResponseWriter, i *invocation) {
	i.handed = time.Now()
	a.mu.Lock()
	a.pending[i.id] = i
	a.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.handed.Add(invocationTime).UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:test")
	h.Set("Lambda-Runtime-Trace-Id", *a.trace.Load())
	_, _ = w.Write(i.event)
}

// take ends an invocation with what is posted for it; each may be ended once.
func (a *runtimeAPI) take(answerOf func(body []byte) Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		a.mu.Lock()
		i := a.pending[r.PathValue("id")]
		delete(a.pending, r.PathValue("id"))
		a.mu.Unlock()
		if err != nil || i == nil {
			http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
			return
		}
		answer := answerOf(body)
		answer.Took = time.Since(i.handed)
		accept(w, r)
		i.answer <- answer
	}
}

// register answers an extension that wants no events.
func register(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Lambda-Extension-Identifier", "00000000-0000-4000-8000-000000000000")
	_, _ = w.Write([]byte(`{"functionName":"test","functionVersion":"$LATEST","handler":"bootstrap"}`))
}

func accept(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"status":"OK"}`))
}
