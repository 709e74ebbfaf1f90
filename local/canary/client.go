package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"coatcheck/core/httpapi/inbound"
)

// client makes requests as a page of the deployment's own does.
type client struct {
	o    Options
	http *http.Client
}

func newClient(o Options) *client {
	return &client{o, &http.Client{
		Transport: o.Transport,
		// A redirect is an answer: whatever it leads to must not be asked with the cookie.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what came back. Of a body only what is needed is kept, and nothing of
// headers but the cookie.
type answer struct {
	status int // 0: none
	cookie string
	body   []byte
	took   time.Duration
	at     time.Time // when all of it was there
}

// maxBody is more than any answer that is read has.
const maxBody = 64 << 10

// ask makes one request with a session's token, "" for none. It returns an answer of
// status 0 where none came.
func (c *client) ask(ctx context.Context, method, path, token string, send any) answer {
	ctx, cancel := context.WithTimeout(ctx, c.o.Within)
	defer cancel()
	began := time.Now()
	a := c.exchange(ctx, method, path, token, send)
	a.at = time.Now()
	a.took = a.at.Sub(began)
	return a
}

func (c *client) exchange(ctx context.Context, method, path, token string, send any) answer {
	r, err := c.request(ctx, method, path, token, send)
	if err != nil {
		return answer{}
	}
	w, err := c.http.Do(r)
	if err != nil {
		return answer{}
	}
	defer func() { _ = w.Body.Close() }()
	a := answer{status: w.StatusCode}
	if a.body, err = io.ReadAll(io.LimitReader(w.Body, maxBody)); err != nil {
		return answer{} // half an answer is none
	}
	for _, cookie := range w.Cookies() {
		if cookie.Name == inbound.CookieName {
			a.cookie = cookie.Value
		}
	}
	return a
}

// request is one of a page of the same origin, and says so where it changes something.
func (c *client) request(ctx context.Context, method, path, token string, send any) (*http.Request, error) {
	var body io.Reader
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.o.URL.route(path), body)
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", c.o.URL.origin())
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "coatcheck-canary")
	if token != "" {
		r.Header.Set("Cookie", inbound.CookieName+"="+token)
	}
	return r, nil
}

// meaning is what a status says of a session.
type meaning string

const (
	allowed   meaning = "allowed"
	refused   meaning = "refused"
	undecided meaning = "not decided: an outage"
	odd       meaning = "neither allowed nor refused"
)

// means reads a status: an outage, and being one of too many, refuse no session.
func (a answer) means() meaning {
	switch {
	case a.status == 0, a.status == http.StatusTooManyRequests, a.status >= http.StatusInternalServerError:
		return undecided
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return refused
	case a.status >= http.StatusOK && a.status < http.StatusMultipleChoices:
		return allowed
	}
	return odd
}

// said is how an answer is spoken of.
func (a answer) said() string {
	if a.status == 0 {
		return "no answer"
	}
	return fmt.Sprintf("status %d", a.status)
}
