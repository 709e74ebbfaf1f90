package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coatcheck/core/events"
	"coatcheck/core/session"
	"coatcheck/local/webhook"
)

// box is an outbox in memory.
type box struct {
	mu       sync.Mutex
	entries  []events.Entry
	last     uint64
	appended chan struct{}
	fails    error // of every call, if it is set
}

func newBox() *box { return &box{appended: make(chan struct{}, 1)} }

func (b *box) Waiting(_ context.Context, after uint64, limit int) ([]events.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, _ := slices.BinarySearchFunc(b.entries, after+1, func(e events.Entry, n uint64) int { return int(e.Number) - int(n) })
	return slices.Clone(b.entries[at:min(len(b.entries), at+limit)]), b.fails
}

func (b *box) Remove(_ context.Context, numbers ...uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails == nil {
		b.entries = slices.DeleteFunc(b.entries, func(e events.Entry) bool { return slices.Contains(numbers, e.Number) })
	}
	return b.fails
}

func (b *box) Appended() <-chan struct{} { return b.appended }

// fail makes every call fail from now on, or none.
func (b *box) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = err
}

// add appends events of users, each named by its user and a count: "a1".
func (b *box) add(names ...string) {
	b.mu.Lock()
	for _, name := range names {
		b.last++
		b.entries = append(b.entries, events.Entry{
			Number: b.last, User: session.PartitionOf(name[:1]), ID: name, Timestamp: time.Now(), Body: []byte(`{"id":"` + name + `"}`),
		})
	}
	b.mu.Unlock()
	select {
	case b.appended <- struct{}{}:
	default:
	}
}

func (b *box) left() (names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		names = append(names, e.ID)
	}
	return names
}

// receiver answers requests without a network, so that time in a test's bubble can pass.
type receiver struct {
	mu     sync.Mutex
	tried  []string // ids in the order of their coming
	taken  []string
	answer func(id string, try int) (status int, err error) // nil: 204
}

func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	id := q.Header.Get("Webhook-Id")
	r.mu.Lock()
	r.tried = append(r.tried, id)
	try := count(r.tried, id)
	answer := r.answer
	r.mu.Unlock()
	status, err := http.StatusNoContent, error(nil)
	if answer != nil {
		status, err = answer(id, try)
	}
	if status == hangs {
		<-q.Context().Done()
		return nil, q.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	if status/100 == 2 {
		r.mu.Lock()
		r.taken = append(r.taken, id)
		r.mu.Unlock()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// answers says what is answered from now on.
func (r *receiver) answers(a func(id string, try int) (status int, err error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = a
}

const hangs = -1

func count(all []string, one string) (n int) {
	for _, id := range all {
		if id == one {
			n++
		}
	}
	return n
}

func (r *receiver) seen() (tried, taken []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tried), slices.Clone(r.taken)
}

// secretText is a secret as an operator writes it.
func secretText(n byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n}, 32))
}

func secretsOf(t *testing.T, texts ...string) webhook.Secrets {
	t.Helper()
	s, err := webhook.ParseSecrets(texts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lines gathers a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// trial is a deliverer in a bubble of its own time.
type trial struct {
	*box
	*receiver
	t    *testing.T
	log  lines
	own  sync.Mutex // of what a test keeps
	most int
	stop context.CancelFunc
	over chan struct{}
}

// inBubble runs a test in which time passes as soon as everybody waits.
func inBubble(t *testing.T, test func(*trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(&trial{box: newBox(), receiver: &receiver{}, t: t})
	})
}

// start runs the deliverer until the test ends.
func (x *trial) start() {
	x.t.Helper()
	target, err := url.Parse("https://receiver.example.com/hook?key=hidden-in-the-address")
	if err != nil {
		x.t.Fatal(err)
	}
	d := webhook.New(x.box, target, secretsOf(x.t, secretText(1)), &webhook.Options{
		Transport: x.receiver, Log: slog.New(slog.NewTextHandler(&x.log, nil)), MaxWaiting: x.most,
	})
	ctx, cancel := context.WithCancel(x.t.Context())
	x.over = make(chan struct{})
	go func() { defer close(x.over); d.Run(ctx) }()
	x.stop = func() { cancel(); <-x.over }
	x.t.Cleanup(x.stop)
	synctest.Wait()
}

// pass lets time pass.
func (x *trial) pass(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

func (x *trial) wantTaken(want ...string) {
	x.t.Helper()
	if _, got := x.seen(); !slices.Equal(got, want) {
		x.t.Errorf("taken %q, want %q", got, want)
	}
}

func (x *trial) wantLeft(want ...string) {
	x.t.Helper()
	if got := x.left(); !slices.Equal(got, want) {
		x.t.Errorf("left %q, want %q", got, want)
	}
}

var errRefused = errors.New("connection refused")

// named are n events of one user.
func named(user string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint(user, i))
	}
	return names
}
