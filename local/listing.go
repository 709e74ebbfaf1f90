package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// filterFlags select among everybody's sessions.
type filterFlags struct {
	Role      given `group:"Which" placeholder:"ROLE" help:"Sessions with this role."`
	Method    given `group:"Which" placeholder:"METHOD" help:"Signed in with this method, such as pwd."`
	UserAgent given `group:"Which" placeholder:"TEXT" help:"Whose device names itself with this text in it."`
	Address   given `group:"Which" placeholder:"IP" help:"Signed in from this address."`
	OlderThan given `group:"Which" placeholder:"24h" help:"Signed in longer ago."`
}

// fields are the flags that were given, under the API's names.
func (f *filterFlags) fields() map[string]given {
	all := map[string]given{
		"role": f.Role, "method": f.Method, "user_agent": f.UserAgent, "address": f.Address, "older_than": f.OlderThan,
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

type sessionListCmd struct {
	User        given `arg:"" optional:"" help:"User name or subject."`
	All         bool  `help:"Everybody's, one after the other as they expire or ended. The list may lag."`
	Status      given `placeholder:"STATUS" help:"With --all: active (the default), expired or ended."`
	Since       given `placeholder:"TIME" help:"With --all: that expire or ended from this time on, as of RFC 3339."`
	Until       given `placeholder:"TIME" help:"With --all: and before this time."`
	Reason      given `placeholder:"REASON" help:"With --all --status ended: that ended for this reason."`
	By          given `placeholder:"WHO" help:"With --all --status ended: that were ended by operator, rule, subject:... or actor:..."`
	filterFlags `embed:""`
	JSON        bool `help:"Print JSON."`
}

func (c *sessionListCmd) run(ctx context.Context, all *cli, s streams) error {
	query := c.query()
	switch {
	case c.All == (c.User != ""):
		return errors.New("whose sessions: name a user, or --all")
	case !c.All && len(query) > 0:
		return errors.New("what selects sessions goes with --all only")
	}
	return withOperators(ctx, all, func(o *operators) error {
		raw, err := c.rows(ctx, o, query)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, raw)
		case len(raw) == 0:
			fmt.Fprintln(s.out, "No sessions.")
			return nil
		}
		sessions, err := understand[shown](raw)
		if err != nil {
			return err
		}
		if c.All {
			return printAll(s.out, sessions)
		}
		return printTable(s.out, sessions)
	})
}

func (c *sessionListCmd) rows(ctx context.Context, o *operators, query url.Values) ([]json.RawMessage, error) {
	if c.All {
		return o.list(ctx, "/admin/sessions", "sessions", query)
	}
	return o.sessions(ctx, string(c.User))
}

func (c *sessionListCmd) query() url.Values {
	fields := c.fields()
	for name, value := range map[string]given{"status": c.Status, "since": c.Since, "until": c.Until, "reason": c.Reason, "by": c.By} {
		if value != "" {
			fields[name] = value
		}
	}
	query := url.Values{}
	for name, value := range fields {
		query.Set(name, string(value))
	}
	return query
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

type sessionCountCmd struct {
	Status given `default:"active" help:"active, expired or ended."`
}

func (c *sessionCountCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		var body struct {
			Count int `json:"count"`
		}
		query := url.Values{"status": {string(c.Status)}}
		if err := o.call(ctx, http.MethodGet, "/admin/sessions/count?"+query.Encode(), nil, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s %s, as of %s.\n", count(body.Count), c.Status, time.Now().UTC().Format(time.RFC3339))
		return nil
	})
}
