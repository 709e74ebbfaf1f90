package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// client calls APIs behind Coatcheck's authorizer with a bearer token. It signs in when it
// has to and as often as it has to. Not for concurrent use.
type client struct {
	http               *http.Client
	coatcheck          string // where one signs in, such as https://id.example.com
	username, password string
	token              string // "" until the first sign-in
}

// errUndecided says that nobody was let in or turned away: sessions could not be checked.
// The token is as good as before; try again a little later.
var errUndecided = errors.New("sessions cannot be checked right now")

// call makes a request and returns the status and the body of the answer. A session that
// is over is renewed once. Statuses from 500 on are [errUndecided].
func (c *client) call(ctx context.Context, method, address string) (status int, body []byte, err error) {
	if c.token == "" {
		if err := c.signIn(ctx); err != nil {
			return 0, nil, err
		}
	}
	status, body, err = c.send(ctx, method, address, nil)
	if err != nil {
		return 0, nil, err
	}
	over, err := c.over(ctx, status)
	if err != nil || !over {
		return status, body, err
	}
	if err := c.signIn(ctx); err != nil {
		return 0, nil, err
	}
	return c.send(ctx, method, address, nil)
}

// over reports whether a refusal is the session's end. HTTP APIs say 403 to that, too, as
// they do to a role that lacks: Coatcheck itself tells which of the two it is.
func (c *client) over(ctx context.Context, status int) (bool, error) {
	if status != http.StatusForbidden {
		return status == http.StatusUnauthorized, nil
	}
	status, _, err := c.send(ctx, http.MethodGet, c.coatcheck+"/session", nil)
	return status == http.StatusUnauthorized, err
}

// signIn starts a session whose token comes in the body and not in a cookie.
func (c *client) signIn(ctx context.Context) error {
	c.token = ""
	credentials, err := json.Marshal(map[string]string{"username": c.username, "password": c.password, "transport": "bearer"})
	if err != nil {
		return err
	}
	status, body, err := c.send(ctx, http.MethodPost, c.coatcheck+"/login", credentials)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	var answer struct {
		Token string `json:"token"`
		Title string `json:"title"` // of a problem (RFC 9457)
	}
	err = json.Unmarshal(body, &answer)
	if status != http.StatusOK || err != nil || answer.Token == "" {
		return fmt.Errorf("sign in: %d %s", status, answer.Title)
	}
	c.token = answer.Token
	return nil
}

// end ends the session, if there is one: a token that nobody needs any more is to be of no
// use to anybody.
func (c *client) end(ctx context.Context) error {
	if c.token == "" {
		return nil
	}
	status, body, err := c.send(ctx, http.MethodPost, c.coatcheck+"/logout", nil)
	if err == nil && status >= http.StatusBadRequest {
		err = fmt.Errorf("%d %s", status, body)
	}
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	c.token = ""
	return nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// send sends one request, with the token if there is one.
func (c *client) send(ctx context.Context, method, address string, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body)) //nolint:gosec // G704: whoever runs the program says where it calls
	if err != nil {
		return 0, nil, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r) //nolint:gosec // G704: the same
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch {
	case err != nil:
		return 0, nil, err
	case answer.StatusCode >= http.StatusInternalServerError:
		return 0, nil, fmt.Errorf("%s %s: %w (%d %s)", method, r.URL.Path, errUndecided, answer.StatusCode, strings.TrimSpace(string(text)))
	}
	return answer.StatusCode, text, nil
}
