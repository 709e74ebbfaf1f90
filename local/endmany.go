package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"coatcheck/core/session"
)

type sessionEndWhereCmd struct {
	filterFlags `embed:""`
	Account     given `group:"Which" placeholder:"STATE" help:"Whose user is disabled or missing."`
	All         bool  `help:"Every session: must be said where nothing else is."`
	reasonFlag  `embed:""`
	Step        int   `default:"200" help:"Sessions looked at in one step, up to 1000."`
	Cursor      given `help:"Go on where an interrupted walk left off."`
	Yes         bool  `help:"Do it rather than say what would be done."`
}

// stepShown is one step of a walk, as the API tells it.
type stepShown struct {
	Examined int        `json:"examined"`
	Matched  int        `json:"matched"`
	Ended    int        `json:"ended"`
	Sessions []endedRow `json:"sessions"`
	Damaged  []string   `json:"damaged"`
	Next     string     `json:"next"`
}

// endedRow is a session that a step ended.
type endedRow struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
}

// add counts another step.
func (step *stepShown) add(o *stepShown) {
	step.Examined, step.Matched, step.Ended = step.Examined+o.Examined, step.Matched+o.Matched, step.Ended+o.Ended
}

// nameDamaged names what a step passed over, which ends by its ID only.
func (step *stepShown) nameDamaged(s streams, why string) {
	for _, id := range step.Damaged {
		fmt.Fprintf(s.err, "coatcheck: session %s is damaged and %s: end it by its ID\n", id, why)
	}
}

// maxPasses is how often a walk begins anew to find what came meanwhile.
const maxPasses = 3

func (c *sessionEndWhereCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		total, err := c.pass(ctx, o, s, string(c.Cursor))
		for passes := 1; err == nil && c.Yes && total.Ended > 0 && passes < maxPasses; passes++ {
			var more stepShown
			more, err = c.pass(ctx, o, s, "")
			if total.Ended += more.Ended; more.Ended == 0 {
				break
			}
		}
		switch {
		case err != nil:
			return err
		case !c.Yes:
			fmt.Fprintf(s.out, "Dry run: would end %s of %d looked at. To do it, add --yes.\n", count(total.Matched), total.Examined)
		default:
			fmt.Fprintf(s.out, "Ended %s. Who signed in while this ran may be left: run it again to see.\n", count(total.Ended))
		}
		return nil
	})
}

// pass walks through all sessions once, from a cursor on, and lists those that fit.
func (c *sessionEndWhereCmd) pass(ctx context.Context, o *operators, s streams, cursor string) (total stepShown, err error) {
	began := time.Now()
	for {
		var step stepShown
		if err := o.call(ctx, http.MethodPost, "/admin/end-sessions", c.body(cursor), &step); err != nil {
			if half := halfStep(err); half != nil {
				total.add(half)
				o.tellEach(ctx, s.out, half.Sessions)
			}
			return total, c.interrupted(err, total, cursor, began)
		}
		for _, is := range step.Sessions { // at once: who interrupts the walk has the list
			fmt.Fprintf(s.out, "%s  %s\n", is.ID, printable(is.Subject))
		}
		step.nameDamaged(s, "fits no predicate")
		total.add(&step)
		if cursor = step.Next; cursor == "" {
			return total, nil
		}
		fmt.Fprintf(s.err, "coatcheck: looked at %d, %d fit, %d ended\n", total.Examined, total.Matched, total.Ended)
	}
}

// halfStep returns the step that failed half-way, nil if the error is of none.
func halfStep(err error) *stepShown {
	var r *refused
	if errors.As(err, &r) {
		return r.Step
	}
	return nil
}

// tellEach lists the sessions of a step that failed half-way, and looks up what became of
// each. Where the server cannot tell of one it is not asked about the next.
func (o *operators) tellEach(ctx context.Context, w io.Writer, sessions []endedRow) {
	var fault error
	for _, row := range sessions {
		fate := "not known: it may have ended"
		if fault == nil {
			var is shown
			if is, _, fault = o.session(ctx, http.MethodGet, row.ID); fault == nil {
				fate = is.state()
			}
		}
		fmt.Fprintf(w, "%s  %s  %s\n", row.ID, printable(row.Subject), fate)
	}
}

// interrupted says how far a walk came and how to go on. What the server refused would be
// refused again.
func (c *sessionEndWhereCmd) interrupted(err error, total stepShown, cursor string, began time.Time) error {
	var r *refused
	answered := errors.As(err, &r)
	if answered && r.Status < http.StatusInternalServerError {
		return err
	}
	goOn := "run it again"
	if cursor != "" {
		goOn = "add --cursor=" + cursor // which may begin with a dash
	}
	err = fmt.Errorf("%w\nstopped after %d looked at and %d ended; to go on, %s", err, total.Examined, total.Ended, goOn)
	if answered || !c.Yes {
		return err
	}
	return fmt.Errorf("%w\nthe step under way may have ended more: session list --all --status ended --since %s", err, began.UTC().Format(time.RFC3339))
}

func (c *sessionEndWhereCmd) body(cursor string) map[string]any {
	body := map[string]any{"dry_run": !c.Yes, "limit": c.Step, "reason": c.Reason}
	for name, value := range c.fields() {
		body[name] = value
	}
	if c.Account != "" {
		body["account"] = c.Account
	}
	if c.All {
		body["all"] = true
	}
	if cursor != "" {
		body["cursor"] = cursor
	}
	return body
}

type sessionEveryoneCmd struct {
	Yes bool `help:"Do it rather than say what would be done."`
}

func (c *sessionEveryoneCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		if !c.Yes {
			var body struct {
				Count int `json:"count"`
			}
			if err := o.call(ctx, http.MethodGet, "/admin/sessions/count", nil, &body); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Dry run: would end %s, those of operators included. To do it, add --yes.\n", count(body.Count))
			return nil
		}
		var body struct {
			EndedBefore string `json:"endedBefore"`
		}
		if err := o.call(ctx, http.MethodPost, "/admin/end-everyone", nil, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Everybody's sessions from before %s are over: at once here, within %v everywhere.\n", body.EndedBefore, session.Skew)
		return c.sweep(ctx, o, s)
	})
}

// sweep writes the ends down, step by step.
func (c *sessionEveryoneCmd) sweep(ctx context.Context, o *operators, s streams) error {
	n := 0
	for cursor := ""; ; {
		send := map[string]string{}
		if cursor != "" {
			send["cursor"] = cursor
		}
		var step stepShown
		if err := o.call(ctx, http.MethodPost, "/admin/sweep", send, &step); err != nil {
			return fmt.Errorf("%w\nthey are over all the same; lists and counts show it once a server has swept them up, within the hour", err)
		}
		step.nameDamaged(s, "lets nobody in, but its end was not written")
		n += step.Ended
		if cursor = step.Next; cursor == "" {
			fmt.Fprintf(s.out, "Wrote the end to %s.\n", count(n))
			return nil
		}
		fmt.Fprintf(s.err, "coatcheck: wrote the end to %d\n", n)
	}
}
