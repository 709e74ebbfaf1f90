package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

// shown is a session as the operators' API tells it.
type shown struct {
	ID             string    `json:"id"`
	Subject        string    `json:"subject"`
	Roles          []string  `json:"roles"`
	Status         string    `json:"status"`
	CreatedAt      time.Time `json:"createdAt"`
	LastSeenAt     time.Time `json:"lastSeenAt"`
	ExpiresAt      time.Time `json:"expiresAt"`
	AbsoluteExpiry time.Time `json:"absoluteExpiry"`
	AuthTime       time.Time `json:"authTime"`
	Methods        []string  `json:"amr"`
	ClientAddress  string    `json:"clientAddress"`
	UserAgent      string    `json:"userAgent"`
	EndReason      string    `json:"endReason"`
	EndedAt        time.Time `json:"endedAt"`
	EndedBy        string    `json:"endedBy"`
}

// call makes one call of the operators' API and reads its answer, or returns what
// the problem says.
func (o *operators) call(ctx context.Context, method, path string, send, into any) error {
	var body io.Reader
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := o.http.Do(r)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", errors.Unwrap(err))
	}
	defer func() { _ = w.Body.Close() }()
	if w.StatusCode >= http.StatusBadRequest {
		var p httpapi.Problem
		if err := json.NewDecoder(w.Body).Decode(&p); err != nil {
			return fmt.Errorf("the server answered %s", w.Status)
		}
		return fmt.Errorf("%s: %s", p.Title, p.Detail)
	}
	return json.NewDecoder(w.Body).Decode(into)
}

// sessions returns all of a user's sessions, page by page.
func (o *operators) sessions(ctx context.Context, user string) ([]json.RawMessage, error) {
	path, err := userPath(user)
	if err != nil {
		return nil, err
	}
	all := []json.RawMessage{}
	for cursor := ""; ; {
		var page struct {
			Sessions []json.RawMessage `json:"sessions"`
			Next     string            `json:"next"`
		}
		query := url.Values{"limit": {fmt.Sprint(session.MaxPage)}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		err := o.call(ctx, http.MethodGet, path+"/sessions?"+query.Encode(), nil, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Sessions...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

type sessionListCmd struct {
	User string `arg:"" help:"User name or subject."`
	JSON bool   `help:"Print JSON."`
}

func (c *sessionListCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		sessions, err := o.sessions(ctx, c.User)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, sessions)
		case len(sessions) == 0:
			fmt.Fprintln(s.out, "No sessions.")
			return nil
		}
		all, err := understand(sessions)
		if err != nil {
			return err
		}
		return printTable(s.out, all)
	})
}

// understand reads what the API says of sessions.
func understand(raw []json.RawMessage) ([]shown, error) {
	all := make([]shown, len(raw))
	for i, one := range raw {
		if err := json.Unmarshal(one, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// userPath is a user's place in the API. A name of dots would be another place.
func userPath(user string) (string, error) {
	if strings.Trim(user, ".") == "" {
		return "", fmt.Errorf("%q is no user name and no subject", user)
	}
	return "/admin/users/" + url.PathEscape(user), nil
}

type sessionShowCmd struct {
	ID   string `arg:"" help:"Session ID."`
	JSON bool   `help:"Print JSON."`
}

func (c *sessionShowCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		is, raw, err := o.session(ctx, http.MethodGet, c.ID)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, raw)
		}
		return printSession(s.out, is)
	})
}

// session reads or ends one session.
func (o *operators) session(ctx context.Context, method, id string) (is shown, raw json.RawMessage, err error) {
	if _, err := session.ParseID(id); err != nil {
		return shown{}, nil, fmt.Errorf("%q: %w", id, err)
	}
	var body struct {
		Session json.RawMessage `json:"session"`
	}
	if err := o.call(ctx, method, "/admin/sessions/"+id, nil, &body); err != nil {
		return shown{}, nil, err
	}
	return is, body.Session, json.Unmarshal(body.Session, &is)
}

type sessionEndCmd struct {
	ID  string `arg:"" help:"Session ID."`
	Yes bool   `help:"Do it rather than say what would be done."`
}

func (c *sessionEndCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		is, _, err := o.session(ctx, http.MethodGet, c.ID)
		switch {
		case err != nil:
			return err
		case is.Status == string(session.StateEnded):
			fmt.Fprintf(s.out, "Session %s of %s had ended already (%s).\n", is.ID, is.Subject, is.EndReason)
			return nil
		case !c.Yes:
			fmt.Fprintf(s.out, "Dry run: would end session %s of %s (%s). To do it, add --yes.\n", is.ID, is.Subject, is.Status)
			return nil
		}
		ended, _, err := o.session(ctx, http.MethodDelete, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Ended session %s of %s (%s).\n", ended.ID, ended.Subject, ended.EndReason)
		return nil
	})
}

type sessionEndAllCmd struct {
	User string `arg:"" help:"User name or subject."`
	Yes  bool   `help:"Do it rather than say what would be done."`
}

func (c *sessionEndAllCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		if !c.Yes {
			return c.dryRun(ctx, o, s)
		}
		var body struct {
			Ended int `json:"ended"`
		}
		path, err := userPath(c.User)
		if err != nil {
			return err
		}
		if err := o.call(ctx, http.MethodPost, path+"/end-sessions", nil, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Ended %s of %s.\n", count(body.Ended), c.User)
		return nil
	})
}

func (c *sessionEndAllCmd) dryRun(ctx context.Context, o *operators, s streams) error {
	raw, err := o.sessions(ctx, c.User)
	if err != nil {
		return err
	}
	sessions, err := understand(raw)
	if err != nil {
		return err
	}
	var live []shown
	for _, is := range sessions {
		if is.Status == string(session.StateActive) {
			live = append(live, is)
		}
	}
	fmt.Fprintf(s.out, "Dry run: would end %s of %s. To do it, add --yes.\n", count(len(live)), c.User)
	if len(live) == 0 {
		return nil
	}
	return printTable(s.out, live)
}

func count(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}

// withOperators runs a command with a client of the operators' API.
func withOperators(ctx context.Context, all *cli, do func(*operators) error) error {
	o, err := dialOperators(ctx, all)
	if err != nil {
		return err
	}
	return errors.Join(do(o), o.close())
}
