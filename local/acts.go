package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"coatcheck/core/session"
)

// act is something that somebody did, or a rule: when, what, to whom, by whom, from where
// and why.
type act struct {
	At      time.Time `json:"at"`
	Act     string    `json:"act"`
	Subject string    `json:"subject"`
	Session string    `json:"session,omitempty"`
	By      string    `json:"by"`
	From    string    `json:"from,omitempty"`
	// Why is the reason of an end, how a session was signed in to, or what was changed.
	Why string `json:"why"`
}

// The acts.
const (
	actCreated = "session_created"
	actEnded   = "session_ended"
	actChanged = "user_changed"
)

// acts returns what was done, in the order of time.
func (o *operators) acts(ctx context.Context, want selection) ([]act, error) {
	sessions, err := o.auditedSessions(ctx, want)
	if err != nil {
		return nil, err
	}
	users, err := o.auditedUsers(ctx, want)
	if err != nil {
		return nil, err
	}
	acts := []act{}
	for _, a := range slices.Concat(actsOfSessions(sessions), actsOfUsers(users)) {
		if want.fits(&a) {
			acts = append(acts, a)
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Act, b.Act)) })
	return acts, nil
}

func (o *operators) auditedSessions(ctx context.Context, want selection) ([]shown, error) {
	if want.user != "" {
		raw, err := o.sessions(ctx, want.user)
		if err != nil {
			return nil, err
		}
		return understand[shown](raw)
	}
	var all []shown
	for _, q := range want.queries() {
		raw, err := o.list(ctx, "/admin/sessions", "sessions", q)
		if err != nil {
			return nil, err
		}
		part, err := understand[shown](raw)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return all, nil
}

// auditedUsers are the accounts with their changes. A user whose account is gone, or kept
// by an application, has none.
func (o *operators) auditedUsers(ctx context.Context, want selection) ([]userShown, error) {
	if want.reason != "" {
		return nil, nil
	}
	if want.user == "" {
		raw, err := o.list(ctx, "/admin/users", "users", url.Values{"changes": {"true"}})
		if err != nil {
			return nil, err
		}
		return understand[userShown](raw)
	}
	u, err := o.user(ctx, want.user)
	var r *refused
	if errors.As(err, &r) && r.Status == http.StatusNotFound {
		return nil, nil
	}
	return []userShown{u}, err
}

func actsOfUsers(users []userShown) []act {
	var acts []act
	for i := range users {
		for _, c := range users[i].Changes {
			acts = append(acts, act{c.At, actChanged, users[i].Subject, "", c.By, c.From, c.What})
		}
	}
	return acts
}

// actsOfSessions are the beginning and the end of each, each once: a session may move from
// one list to another while they are read.
func actsOfSessions(sessions []shown) []act {
	var acts []act
	seen := map[string]bool{}
	for i := range sessions {
		is := &sessions[i]
		if is.Status == statusDamaged || seen[is.ID] {
			continue
		}
		seen[is.ID] = true
		by := string(session.BySubject(is.Subject))
		if is.Actor != "" {
			by = "actor:" + is.Actor
		}
		acts = append(acts, act{is.CreatedAt, actCreated, is.Subject, is.ID, by, is.ClientAddress, "signed in: " + strings.Join(is.Methods, " ")})
		switch {
		case !is.EndedAt.IsZero():
			acts = append(acts, act{is.EndedAt, actEnded, is.Subject, is.ID, is.EndedBy, is.EndedFrom, is.EndReason})
		case is.EndReason != "": // a limit: nobody wrote it down
			acts = append(acts, act{is.overAt(), actEnded, is.Subject, is.ID, string(session.ByRule), "", is.EndReason})
		}
	}
	return acts
}

// overAt is when a session that nobody ended was over.
func (s *shown) overAt() time.Time {
	if s.EndReason == string(session.AbsoluteTimeout) {
		return s.AbsoluteExpiry
	}
	return s.ExpiresAt
}

// auditFormats write acts, by the name of the format.
var auditFormats = map[string]func(io.Writer, []act) error{
	"text": printActs,
	"json": func(w io.Writer, acts []act) error { return printJSON(w, acts) },
	"csv":  writeActs,
}

func printActs(w io.Writer, acts []act) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TIME (UTC)\tACT\tSUBJECT\tSESSION\tBY\tFROM\tWHY")
	for _, a := range acts {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.At.UTC().Format(timeForm), a.Act,
			printable(a.Subject), a.Session, printable(a.By), printable(a.From), printable(a.Why))
	}
	return t.Flush()
}

func writeActs(w io.Writer, acts []act) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"time", "act", "subject", "session", "by", "from", "why"}) // Error tells, below
	for _, a := range acts {
		row := []string{a.At.UTC().Format(time.RFC3339Nano), a.Act, a.Subject, a.Session, a.By, a.From, a.Why}
		for i, cell := range row {
			row[i] = cellOf(cell)
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// formulas are what a formula begins with, to programs that show tables; some take the
// wide forms for the same.
const formulas = "=+-@＝＋－＠"

// cellOf keeps what a client once sent from being a formula in who opens the file as a
// table, and from acting on a terminal: such a cell begins with an apostrophe (OWASP, "CSV
// Injection").
func cellOf(text string) string {
	text = printable(text)
	if strings.IndexAny(strings.TrimLeft(text, " \ufffd"), formulas) == 0 {
		return "'" + text
	}
	return text
}
