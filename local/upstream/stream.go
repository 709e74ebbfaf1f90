package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// stream is the client's end of an exchange. A server bounds a request and its answer as
// a whole, against clients that hold on to what they do not use; an application's may
// take any time. So here each step of them is bounded instead.
type stream struct {
	http.ResponseWriter
	ctx     context.Context // the exchange's
	control *http.ResponseController
	stall   time.Duration
	upload  upload
	begun   bool // an answer is on its way, or the connection was taken over
}

func newStream(ctx context.Context, w http.ResponseWriter, stall time.Duration) *stream {
	s := &stream{ResponseWriter: w, ctx: ctx, control: http.NewResponseController(w), stall: stall}
	// What has no such bounds needs none lifted.
	_ = s.control.SetReadDeadline(time.Time{})
	_ = s.control.SetWriteDeadline(time.Time{})
	_ = s.control.EnableFullDuplex()
	return s
}

// Unwrap lets an http.ResponseController find what this one does not have.
func (s *stream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// taking gives the client time to take what is written next.
func (s *stream) taking() { _ = s.control.SetWriteDeadline(time.Now().Add(s.stall)) }

// Write implements http.ResponseWriter.
func (s *stream) Write(b []byte) (int, error) {
	s.taking()
	return s.ResponseWriter.Write(b)
}

// FlushError is what an http.ResponseController flushes by.
func (s *stream) FlushError() error {
	s.taking()
	return s.control.Flush()
}

// WriteHeader implements http.ResponseWriter. Interim answers (RFC 9110 section 15.2)
// set no cookies: what may be set is decided when the answer comes.
func (s *stream) WriteHeader(code int) {
	s.taking()
	if code < 200 && code != http.StatusSwitchingProtocols {
		s.Header().Del("Set-Cookie")
	} else {
		s.begin()
	}
	s.ResponseWriter.WriteHeader(code)
}

// begin is the beginning of the answer. Where it comes before the end of the body, what
// is left of that must not be taken for the next request, in which the server relies on
// whoever writes and reads at the same time.
func (s *stream) begin() {
	s.begun = true
	if !s.upload.is(&s.upload.whole) {
		s.Header().Set("Connection", "close")
	}
}

// Hijack implements http.Hijacker. The connection is closed with the exchange, whatever
// its two directions wait for.
func (s *stream) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.begun = true
	s.upload.finish()
	conn, buffered, err := s.control.Hijack()
	if err == nil {
		context.AfterFunc(s.ctx, func() { _ = conn.Close() })
	}
	return conn, buffered, err
}

// body returns a request's body, read a step at a time.
func (s *stream) body(r *http.Request) io.ReadCloser {
	s.upload.ReadCloser = r.Body
	s.upload.whole = r.ContentLength == 0
	s.upload.deadline = s.control.SetReadDeadline
	s.upload.stall = s.stall
	return &s.upload
}

// broke reports whether the client ceased to send its body.
func (s *stream) broke() bool { return s.upload.is(&s.upload.broke) }

// finish gives the connection back to the server, with time for what is left.
func (s *stream) finish() {
	s.upload.finish()
	s.taking()
}

// upload is a request's body. Whoever sends it to the application may go on reading for
// a moment after the application's answer.
type upload struct {
	io.ReadCloser
	deadline func(time.Time) error
	stall    time.Duration

	reading sync.Mutex // held by the one who reads

	mu    sync.Mutex
	over  bool // the connection is no longer this request's
	whole bool // it was read to its end
	broke bool // the client ceased to send it
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	u.reading.Lock()
	defer u.reading.Unlock()
	if !u.bound(time.Now().Add(u.stall)) {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := u.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		// From here on the server waits for the client to hang up, which may take long.
		u.bound(time.Time{})
		u.note(&u.whole)
	case err != nil:
		u.note(&u.broke)
	}
	return n, err
}

// bound sets the connection's deadline, unless the connection is no longer this
// request's.
func (u *upload) bound(t time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.over {
		_ = u.deadline(t)
	}
	return !u.over
}

func (u *upload) note(what *bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	*what = true
}

func (u *upload) is(what *bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return *what
}

// finish stops whoever still reads. What is left of the body the server reads away, in
// a time that has to be set when nobody else reads: it would lift it.
func (u *upload) finish() {
	if u.is(&u.whole) {
		u.note(&u.over)
		return
	}
	u.bound(time.Unix(1, 0))
	u.note(&u.over)
	u.reading.Lock()
	defer u.reading.Unlock()
	_ = u.deadline(time.Now().Add(u.stall))
}
