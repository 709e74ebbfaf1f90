package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"coatcheck/core/events"
)

// Bounds of one delivery, each against a receiver that does not answer as it should.
const (
	sendTime    = 15 * time.Second
	connectTime = 5 * time.Second
	maxHeader   = 16 << 10
	maxAnswer   = 4 << 10 // bytes that are read of an answer, so that its connection can be used again
	maxError    = 200     // bytes of what is logged of an error
)

// sender posts events.
type sender struct {
	target  *url.URL
	secrets Secrets
	client  *http.Client
	now     func() time.Time
}

// transport is the usual one, bounded. It opens as many connections as deliveries are
// under way.
func transport() http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connectTime}).DialContext,
		TLSHandshakeTimeout: connectTime, MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost: parallel, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
}

// newClient never follows a redirect: where one leads nobody configured.
func newClient(t http.RoundTripper) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send posts one event. It is nil where the receiver took it: an answer of 2xx.
func (s *sender) send(ctx context.Context, e events.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.String(), bytes.NewReader(e.Body))
	if err != nil {
		return errors.New("no request could be made of --webhook")
	}
	at := s.now()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "coatcheck")
	r.Header.Set("Webhook-Id", e.ID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", s.secrets.sign(e.ID, at, e.Body))
	answer, err := s.client.Do(r)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // its status says all
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %d", answer.StatusCode)
	}
	return nil
}

// plain is an error of the client without the address, and no longer than a line.
func plain(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	text := err.Error()
	return errors.New(text[:min(len(text), maxError)])
}
