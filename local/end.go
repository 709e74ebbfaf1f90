package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"coatcheck/core/session"
)

// reasonFlag is what an operator ends sessions for.
type reasonFlag struct {
	Reason endReason `default:"ended_by_admin" help:"What the holder is told: ended_by_admin, account_disabled, roles_changed or password_changed."`
}

type sessionEndCmd struct {
	ID         string `arg:"" help:"Session ID."`
	reasonFlag `embed:""`
	Yes        bool `help:"Do it rather than say what would be done."`
}

func (c *sessionEndCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		if c.Yes {
			return c.end(ctx, o, s)
		}
		is, _, err := o.session(ctx, http.MethodGet, c.ID)
		switch {
		case err != nil:
			return err
		case is.Status == string(session.StateEnded):
			o.tellOver(ctx, s, is)
		default:
			fmt.Fprintf(s.out, "Dry run: would end session %s%s (%s). To do it, add --yes.\n", is.ID, is.of(), is.Status)
		}
		return nil
	})
}

// end asks for the end and nothing before: what cannot be read can be ended all the same.
func (c *sessionEndCmd) end(ctx context.Context, o *operators, s streams) error {
	began := time.Now().Truncate(time.Millisecond) // who ends it runs on this machine
	is, _, err := o.session(ctx, http.MethodDelete, c.ID, "reason", string(c.Reason))
	switch {
	case err != nil:
		return err
	case is.EndedAt.Before(began):
		o.tellOver(ctx, s, is)
	default:
		fmt.Fprintf(s.out, "Ended session %s%s (%s).\n", is.ID, is.of(), is.EndReason)
	}
	return nil
}

// tellOver tells of a session that had ended before, and of what took its place: that
// may live on.
func (o *operators) tellOver(ctx context.Context, s streams, is shown) {
	fmt.Fprintf(s.out, "Session %s%s had ended already (%s).\n", is.ID, is.of(), is.EndReason)
	if is.ReplacedBy == "" {
		return
	}
	next, _, err := o.session(ctx, http.MethodGet, is.ReplacedBy)
	if err != nil {
		next.Status = "nobody can tell whether it is live: " + err.Error()
	}
	fmt.Fprintf(s.out, "Session %s took its place (%s).\n", is.ReplacedBy, next.state())
}

type sessionEndAllCmd struct {
	User       given `arg:"" help:"User name or subject."`
	reasonFlag `embed:""`
	Yes        bool `help:"Do it rather than say what would be done."`
}

func (c *sessionEndAllCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		if !c.Yes {
			return c.dryRun(ctx, o, s)
		}
		path, err := userPath(string(c.User))
		if err != nil {
			return err
		}
		var body endedBody
		if err := o.call(ctx, http.MethodPost, path+"/end-sessions", map[string]endReason{"reason": c.Reason}, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Ended %s of %s.\n", count(body.Ended), c.User)
		return nil
	})
}

func (c *sessionEndAllCmd) dryRun(ctx context.Context, o *operators, s streams) error {
	may, err := o.endable(ctx, string(c.User))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Dry run: would end %s of %s. To do it, add --yes.\n", tally(may), c.User)
	if len(may) == 0 {
		return nil
	}
	return printTable(s.out, may)
}

type sessionEndOtherCmd struct {
	ID  string `arg:"" help:"ID of the session that stays."`
	Yes bool   `help:"Do it rather than say what would be done."`
}

func (c *sessionEndOtherCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		path, err := sessionPath(c.ID)
		if err != nil {
			return err
		}
		if c.Yes {
			return c.end(ctx, o, s, path)
		}
		var body struct {
			Count int `json:"count"`
		}
		if err := o.call(ctx, http.MethodGet, path+"/others/count", nil, &body); err != nil {
			return err
		}
		kept, _, err := o.session(ctx, http.MethodGet, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Dry run: would end %s%s and keep %s (%s). To do it, add --yes.\n", count(body.Count), kept.of(), kept.ID, kept.Status)
		return nil
	})
}

// end ends the others, and then looks at the one that stays: it may be over, too.
func (c *sessionEndOtherCmd) end(ctx context.Context, o *operators, s streams, path string) error {
	var body endedBody
	if err := o.call(ctx, http.MethodPost, path+"/end-others", nil, &body); err != nil {
		return err
	}
	kept, _, err := o.session(ctx, http.MethodGet, c.ID)
	if err != nil {
		kept.ID, kept.Status = c.ID, "nobody can tell whether it is live: "+err.Error()
	}
	fmt.Fprintf(s.out, "Ended %s%s; %s stays (%s).\n", count(body.Ended), kept.of(), kept.ID, kept.Status)
	return nil
}

// endedBody says how many sessions a call has ended.
type endedBody struct {
	Ended int `json:"ended"`
}
