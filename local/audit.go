package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"coatcheck/core/session"
)

type auditCmd struct {
	User   given `placeholder:"NAME" help:"Of this user, by name or subject; the list is then complete at once."`
	By     given `placeholder:"WHO" help:"Done by: operator, rule, subject:..., actor:..., or a user name."`
	Reason given `placeholder:"REASON" help:"Sessions that are over for this reason."`
	Since  given `placeholder:"TIME" help:"From this time on, as of RFC 3339, or so long ago, such as 24h."`
	Until  given `placeholder:"TIME" help:"Before this time, or so long ago."`
	Format given `default:"text" help:"text, json or csv."`
}

// selection is what an audit asks for.
type selection struct {
	user         string // "": everybody
	by           string
	reason       string
	since, until time.Time
}

func (c *auditCmd) run(ctx context.Context, all *cli, s streams) error {
	write, ok := auditFormats[string(c.Format)]
	if !ok {
		return fmt.Errorf("--format is %q: want text, json or csv", c.Format)
	}
	want, err := c.selection(time.Now())
	if err != nil {
		return err
	}
	return withOperators(ctx, all, func(o *operators) error {
		if want.by, err = o.whoever(ctx, want.by); err != nil {
			return err
		}
		acts, err := o.acts(ctx, want)
		if err != nil {
			return err
		}
		return write(s.out, acts)
	})
}

// selection reads the flags.
func (c *auditCmd) selection(now time.Time) (selection, error) {
	want := selection{user: string(c.User), by: string(c.By), reason: string(c.Reason)}
	var faults [2]error
	want.since, faults[0] = readMoment("--since", string(c.Since), now)
	want.until, faults[1] = readMoment("--until", string(c.Until), now)
	err := errors.Join(faults[:]...)
	if err == nil && !want.until.IsZero() && !want.since.Before(want.until) {
		err = errors.New("--until is not after --since")
	}
	if invalid := (session.Filter{Reason: session.EndReason(c.Reason)}).Validate(); invalid != nil {
		err = errors.Join(err, fmt.Errorf("--reason: %s", strings.TrimPrefix(invalid.Error(), session.ErrInvalid.Error()+": ")))
	}
	return want, err
}

// readMoment reads a time, or a duration back from now; zero for "".
func readMoment(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %s: want a time as of RFC 3339, such as 2006-01-02T15:04:05Z, or a duration such as 24h", flag, session.Shown(text))
	}
	return t, nil
}

// whoever returns who is meant, as records have it: a user may be named.
func (o *operators) whoever(ctx context.Context, by string) (string, error) {
	known := by == "" || by == string(session.ByOperator) || by == string(session.ByRule) || strings.Contains(by, ":")
	if known {
		return by, nil
	}
	u, err := o.user(ctx, by)
	if err != nil {
		return "", fmt.Errorf("--by %s: %w", session.Shown(by), err)
	}
	return string(session.BySubject(u.Subject)), nil
}

// fits reports whether an act is asked for.
func (want *selection) fits(a *act) bool {
	return (want.by == "" || a.By == want.by) &&
		(want.reason == "" || a.Act == actEnded && a.Why == want.reason) &&
		!a.At.Before(want.since) && (want.until.IsZero() || a.At.Before(want.until))
}

// queries are the lists of sessions in which acts are found. The range of a list bounds the
// time at which its sessions are over, which is not before that of any act of theirs.
func (want *selection) queries() []url.Values {
	var all []url.Values
	for _, state := range []session.State{session.StateActive, session.StateExpired, session.StateEnded} {
		q := url.Values{"status": {string(state)}}
		if !want.since.IsZero() && state != session.StateActive {
			q.Set("since", want.since.UTC().Format(time.RFC3339))
		}
		if want.reason != "" && state == session.StateEnded {
			q.Set("reason", want.reason)
		}
		all = append(all, q)
	}
	return all
}
