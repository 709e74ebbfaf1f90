package secrets

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// request is one request; what is "" is left out.
type request struct {
	method, path, body, kind string
	cookie, bearer           string
	header                   map[string]string
	handsOut                 bool // a token, to its holder
	repeats                  bool // on the page, to its sender, what was sent
}

// answer is what a client needs of one.
type answer struct {
	status int
	token  string
	body   []byte
}

// tally counts what was done.
type tally struct{ requests, sessions, refused, failed atomic.Int64 }

// client is somebody with users of his own, whom no other client touches.
type client struct {
	*house
	rand   *rand.Rand
	tally  *tally
	users  []*user
	owner  string // the token of an owner
	serial int
	id     string
}

// user is one with a password.
type user struct {
	name, password string
	live           []held
	past           []held
}

// held is a token, and how it is shown.
type held struct {
	token  string
	bearer bool
}

func (h held) show(r request) request {
	if h.bearer {
		r.bearer = h.token
	} else {
		r.cookie = h.token
	}
	return r
}

// ask sends a request and keeps what is answered.
func (c *client) ask(where string, r request) answer {
	c.t.Helper()
	res, err := c.http.Do(c.build(r))
	if err != nil {
		c.t.Errorf("%s: %v", where, err)
		return answer{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Errorf("%s: %v", where, err)
	}
	c.tally.count(res.StatusCode)
	a := answer{status: res.StatusCode, body: body, token: handedOut(res, body)}
	c.keep(where, r, res, &a)
	return a
}

func (n *tally) count(status int) {
	n.requests.Add(1)
	switch {
	case status >= http.StatusInternalServerError:
		n.failed.Add(1)
	case status >= http.StatusBadRequest:
		n.refused.Add(1)
	}
}

// build makes the request as our own pages and programs do, unless it says otherwise.
func (c *client) build(r request) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), r.method, c.origin+r.path, strings.NewReader(r.body))
	if err != nil {
		c.t.Fatal(err)
	}
	if r.cookie != "" {
		req.Header["Cookie"] = []string{"__Host-sid=" + r.cookie}
	}
	if r.bearer != "" {
		req.Header["Authorization"] = []string{"Bearer " + r.bearer}
	}
	if r.kind != "" {
		req.Header["Content-Type"] = []string{r.kind}
	}
	if r.method != http.MethodGet {
		req.Header["Origin"] = []string{c.origin}
	}
	for name, value := range r.header {
		req.Header[name] = []string{value}
	}
	return req
}

func handedOut(res *http.Response, body []byte) string {
	for _, cookie := range res.Cookies() {
		if cookie.Name == "__Host-sid" && cookie.Value != "" {
			return cookie.Value
		}
	}
	var in struct{ Token string }
	_ = json.Unmarshal(body, &in)
	return in.Token
}

// keep keeps an answer, but for the token that it hands to its holder, once.
func (c *client) keep(where string, r request, res *http.Response, a *answer) {
	c.t.Helper()
	var text bytes.Buffer
	_ = res.Header.Write(&text)
	_, _ = text.Write(a.body)
	written := text.Bytes()
	if a.token != "" {
		if !r.handsOut {
			c.t.Errorf("%s hands out a token", where)
		}
		c.ledger.token(a.token)
		c.tally.sessions.Add(1)
		written = bytes.Replace(written, []byte(a.token), nil, 1)
	}
	if !r.repeats {
		c.written.put("the answer to "+where, written)
	}
}

func newClient(t *testing.T, h *house, n *tally, id string, seed uint64) *client {
	t.Helper()
	return &client{house: h, rand: rand.New(rand.NewPCG(seed, 8)), tally: n, id: id}
}
