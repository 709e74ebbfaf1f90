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
	"slices"
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
	Actor          string    `json:"actor"`
	Replaces       string    `json:"replaces"`
	ReplacedBy     string    `json:"replacedBy"`
	ClientAddress  string    `json:"clientAddress"`
	UserAgent      string    `json:"userAgent"`
	EndReason      string    `json:"endReason"`
	EndedAt        time.Time `json:"endedAt"`
	EndedBy        string    `json:"endedBy"`
	EndedFrom      string    `json:"endedFrom"`
}

// of says whose the session is, if that is known.
func (s *shown) of() string {
	if s.Subject == "" {
		return ""
	}
	return " of " + printable(s.Subject)
}

// call makes one call of the operators' API and reads its answer, or returns the problem
// as a [*refused].
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
		r := &refused{}
		if err := json.NewDecoder(w.Body).Decode(r); err != nil {
			return fmt.Errorf("the server answered %s", w.Status)
		}
		return r
	}
	return json.NewDecoder(w.Body).Decode(into)
}

// refused is the error of a call that the server answered with a problem.
type refused struct {
	httpapi.Problem
	// Step is what a step of ending many was at when it failed half-way; nil where
	// nothing was ended.
	Step *stepShown `json:"step"`
}

// Error says what the server says.
func (r *refused) Error() string { return r.Title + ": " + r.Detail }

// sessions returns all of a user's sessions, page by page.
func (o *operators) sessions(ctx context.Context, user string) ([]json.RawMessage, error) {
	path, err := userPath(user)
	if err != nil {
		return nil, err
	}
	return o.list(ctx, path+"/sessions", "sessions", url.Values{})
}

// list reads every page of a list, whose rows stand under a name. What is damaged follows
// them: an ID, and that as its status.
func (o *operators) list(ctx context.Context, path, rows string, query url.Values) ([]json.RawMessage, error) {
	all, damaged := []json.RawMessage{}, []json.RawMessage{}
	query.Set("limit", pageLimit)
	for {
		var page map[string]json.RawMessage
		if err := o.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		var part []json.RawMessage
		var ids []string
		var next string
		if err := errors.Join(member(page, rows, &part), member(page, "damaged", &ids), member(page, "next", &next)); err != nil {
			return nil, fmt.Errorf("the server's answer: %w", err)
		}
		all = append(all, part...)
		for _, id := range ids {
			damaged = append(damaged, fmt.Appendf(nil, `{"id":%q,"status":%q}`, id, statusDamaged))
		}
		if next == "" {
			return append(all, damaged...), nil
		}
		query.Set("cursor", next)
	}
}

// pageLimit is how many rows the commands ask for at once.
var pageLimit = fmt.Sprint(session.MaxPage)

// member reads a member of an answer, if it is there.
func member(of map[string]json.RawMessage, name string, into any) error {
	if of[name] == nil {
		return nil
	}
	return json.Unmarshal(of[name], into)
}

// statusDamaged is the status of what is stored and is no session.
const statusDamaged = "damaged"

// understand reads what the API says of each row.
func understand[T any](raw []json.RawMessage) ([]T, error) {
	all := make([]T, len(raw))
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

// sessionPath is a session's place in the API.
func sessionPath(id string) (string, error) {
	if _, err := session.ParseID(id); err != nil {
		return "", fmt.Errorf("%s: %w", session.Shown(id), err)
	}
	return "/admin/sessions/" + id, nil
}

// session reads or ends one session.
func (o *operators) session(ctx context.Context, method, id string, query ...string) (is shown, raw json.RawMessage, err error) {
	path, err := sessionPath(id)
	if err != nil {
		return shown{}, nil, err
	}
	if len(query) == 2 {
		path += "?" + url.Values{query[0]: {query[1]}}.Encode()
	}
	var body struct {
		Session json.RawMessage `json:"session"`
	}
	if err := o.call(ctx, method, path, nil, &body); err != nil {
		return shown{}, nil, err
	}
	return is, body.Session, json.Unmarshal(body.Session, &is)
}

// endable returns a user's sessions that may be ended: the active ones, and those that
// are damaged, of which nobody can tell.
func (o *operators) endable(ctx context.Context, user string) ([]shown, error) {
	raw, err := o.sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	sessions, err := understand[shown](raw)
	return slices.DeleteFunc(sessions, func(is shown) bool {
		return is.Status != string(session.StateActive) && is.Status != statusDamaged
	}), err
}

// tally counts sessions, and says how many of them are damaged.
func tally(sessions []shown) string {
	damaged := 0
	for i := range sessions {
		if sessions[i].Status == statusDamaged {
			damaged++
		}
	}
	if damaged == 0 {
		return count(len(sessions))
	}
	return fmt.Sprintf("%s (%d damaged, which may have ended before)", count(len(sessions)), damaged)
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
