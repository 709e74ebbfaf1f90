package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"coatcheck/core/settings"
	"coatcheck/local/canary"
)

type canaryCmd struct {
	URL           string        `required:"" placeholder:"URL" help:"Where the deployment is; plain http on loopback only."`
	Username      string        `required:"" placeholder:"NAME" help:"A user for the canary alone: all of the user's sessions are ended."`
	PasswordStdin bool          `help:"Read the password from standard input (one line) rather than from COATCHECK_CANARY_PASSWORD."`
	Protected     string        `default:"/session" placeholder:"/session" help:"Path behind the session check, such as one behind the authorizer."`
	Within        time.Duration `default:"10s" placeholder:"10s" help:"How long a refusal, and any answer, is waited for."`
	Every         time.Duration `placeholder:"DURATION" help:"Run again every so often, until --count or an interrupt."`
	Count         int           `placeholder:"N" help:"How many runs; default: 1, and with --every no bound."`
	JSON          bool          `help:"Print JSON, one line a run."`
}

// passwordVariable is no flag: flags are seen by every user of the machine.
const passwordVariable = "COATCHECK_CANARY_PASSWORD"

// run makes one run or many, and prints what became of each. That one did not pass is
// an error.
func (c *canaryCmd) run(ctx context.Context, _ *cli, s streams) error {
	o, err := c.options(s)
	if err != nil {
		return err
	}
	if !c.JSON {
		o.Watch = func(r canary.Round) { printRound(s.out, r) }
	}
	made, passed := 0, 0
	for more := true; more; more = c.next(ctx, made) {
		result := canary.Run(ctx, o)
		if ctx.Err() != nil {
			break // what an interrupt cut short says nothing
		}
		made++
		if result.Verdict == canary.Passed {
			passed++
		}
		if err := c.print(s.out, result); err != nil {
			return err
		}
	}
	switch {
	case made == 0:
		return errors.New("interrupted before a run was over")
	case passed < made:
		return fmt.Errorf("%d of %d runs did not pass", made-passed, made)
	}
	return nil
}

// next waits for the next run and reports whether there is one.
func (c *canaryCmd) next(ctx context.Context, made int) bool {
	if made >= max(c.Count, 1) && (c.Count > 0 || c.Every == 0) {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(c.Every):
		return true
	}
}

// options understands the flags, or returns all that is wrong with them.
func (c *canaryCmd) options(s streams) (canary.Options, error) {
	var faults settings.Faults
	fault := func(flag string, err error) { faults = append(faults, fmt.Errorf("--%s: %w", flag, err)) }
	target, err := canary.ParseURL(c.URL)
	if err != nil {
		fault("url", err)
	}
	if err := canary.CheckPath(c.Protected); err != nil {
		fault("protected", err)
	}
	if c.Within <= 0 {
		fault("within", errors.New("want a duration such as 10s"))
	}
	if c.Every < 0 {
		fault("every", errors.New("want a duration such as 1m"))
	}
	if c.Count < 0 {
		fault("count", errors.New("want a number from 1"))
	}
	password, err := c.password(s)
	if err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return canary.Options{}, faults
	}
	return canary.Options{
		URL: target, Protected: c.Protected, Username: c.Username, Password: password, Within: c.Within,
	}, nil
}

func (c *canaryCmd) password(s streams) (string, error) {
	if c.PasswordStdin {
		return readPassword(true, s)
	}
	password := os.Getenv(passwordVariable)
	if password == "" {
		return "", fmt.Errorf("%s is not set: set it, or use --password-stdin", passwordVariable)
	}
	return password, nil
}

// print prints a run's result; its rounds were printed when each was over.
func (c *canaryCmd) print(w io.Writer, r canary.Result) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	for _, round := range r.Rounds {
		fmt.Fprintf(w, "%-6s  %s: %s\n", round.Verdict, round.Name, summary(round))
	}
	return nil
}

// printRound prints what was asked and what came back.
func printRound(w io.Writer, r canary.Round) {
	fmt.Fprintf(w, "%s\n", r.Name)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, step := range r.Steps {
		times := ""
		if step.Times > 1 {
			times = fmt.Sprintf(" (%d times)", step.Times)
		}
		status := "none"
		if step.Status > 0 {
			status = fmt.Sprint(step.Status)
		}
		fmt.Fprintf(t, "  %s\t%s\t%.1f ms\t%s%s\n", step.Do, status, step.Millis, step.Means, times)
	}
	_ = t.Flush()
}

func summary(r canary.Round) string {
	text := r.Why
	switch {
	case r.Refused != nil && text == "":
		text = fmt.Sprintf("refused %.1f ms after the end was acknowledged, no call allowed after it", *r.Refused)
	case r.Refused != nil:
		text += fmt.Sprintf("; first refused %.1f ms after it", *r.Refused)
	}
	if r.Outages > 0 {
		text += fmt.Sprintf("; %d calls not decided", r.Outages)
	}
	return text
}
