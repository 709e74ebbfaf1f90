package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"coatcheck/core/signin"
)

type userExportCmd struct {
	Name string `arg:"" help:"User name or subject."`
}

// exported is all that is kept of a user, from every page.
type exported struct {
	Subject  string            `json:"subject"`
	User     json.RawMessage   `json:"user,omitempty"`
	Sessions []json.RawMessage `json:"sessions"`
	Damaged  []string          `json:"damaged,omitempty"`
}

func (c *userExportCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		path, err := userPath(c.Name)
		if err != nil {
			return err
		}
		all := exported{Sessions: []json.RawMessage{}}
		for query := (url.Values{"limit": {pageLimit}}); ; {
			var page struct {
				exported
				Next string `json:"next"`
			}
			if err := o.call(ctx, http.MethodGet, path+"/export?"+query.Encode(), nil, &page); err != nil {
				return err
			}
			if all.Subject = page.Subject; page.User != nil {
				all.User = page.User
			}
			all.Sessions, all.Damaged = append(all.Sessions, page.Sessions...), append(all.Damaged, page.Damaged...)
			if page.Next == "" {
				return printJSON(s.out, all)
			}
			query.Set("cursor", page.Next)
		}
	})
}

type userEraseCmd struct {
	Name string `arg:"" help:"User name, or the subject of one who has no account any more."`
	Yes  bool   `help:"Do it rather than say what would be done. It cannot be undone."`
}

func (c *userEraseCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		who, err := o.erasable(ctx, c.Name)
		if err != nil {
			return err
		}
		if !c.Yes {
			return c.dryRun(ctx, o, s, who)
		}
		path, err := userPath(who.Subject)
		if err != nil {
			return err
		}
		var body struct {
			Account  bool `json:"account"`
			Sessions int  `json:"sessions"`
		}
		if err := o.call(ctx, http.MethodPost, path+"/erase", map[string]string{"confirm": who.Name}, &body); err != nil {
			return fmt.Errorf("%w\nto go on where it stopped: user erase %s --yes", err, who.Subject)
		}
		fmt.Fprintf(s.out, "Erased %s (%s): %s and %s.\n", printable(who.Name), who.Subject,
			map[bool]string{true: "the account", false: "no account"}[body.Account], records(body.Sessions))
		fmt.Fprintf(s.out, "A sign-in that was under way may leave an ended record behind; to take that too, in a minute: user erase %s --yes\n", who.Subject)
		return nil
	})
}

// erasable returns the user whom a name or a subject means. Of one without an account the
// subject is all there is, which names him, too.
func (o *operators) erasable(ctx context.Context, name string) (userShown, error) {
	u, err := o.user(ctx, name)
	var r *refused
	if errors.As(err, &r) && r.Status == http.StatusNotFound && signin.IsSubject(name) {
		return userShown{Subject: name, Name: name}, nil
	}
	return u, err
}

func (c *userEraseCmd) dryRun(ctx context.Context, o *operators, s streams, who userShown) error {
	raw, err := o.sessions(ctx, who.Subject)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s (%s) has %s, live and ended.\n", printable(who.Name), who.Subject, records(len(raw)))
	fmt.Fprintln(s.out, "Dry run: would erase the account and all of them, for good. To do it, add --yes.")
	return nil
}

func records(n int) string {
	if n == 1 {
		return "1 record of a session"
	}
	return fmt.Sprintf("%d records of sessions", n)
}
