package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// userShown is a user as the operators' API tells it.
type userShown struct {
	Subject   string    `json:"subject"`
	Name      string    `json:"username"`
	Roles     []string  `json:"roles"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"createdAt"`
	Changes   []struct {
		At   time.Time `json:"at"`
		By   string    `json:"by"`
		What string    `json:"what"`
		From string    `json:"from"`
	} `json:"changes"`
}

func (u *userShown) state() string {
	if u.Disabled {
		return "disabled"
	}
	return "enabled"
}

func (u *userShown) roles() string {
	if len(u.Roles) == 0 {
		return "none"
	}
	return strings.Join(u.Roles, " ")
}

type userListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *userListCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		raw, err := o.list(ctx, "/admin/users", "users", url.Values{})
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, raw)
		}
		users, err := understand[userShown](raw)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tSUBJECT\tSTATE\tROLES\tADDED (UTC)")
		for i := range users {
			u := &users[i]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", printable(u.Name), printable(u.Subject), u.state(), printable(u.roles()), u.CreatedAt.Format(timeForm))
		}
		return t.Flush()
	})
}

type userShowCmd struct {
	Name string `arg:"" help:"User name or subject."`
}

func (c *userShowCmd) run(ctx context.Context, all *cli, s streams) error {
	return withOperators(ctx, all, func(o *operators) error {
		u, err := o.user(ctx, c.Name)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "Name\t%s\nSubject\t%s\nState\t%s\nRoles\t%s\nAdded\t%s\n",
			printable(u.Name), printable(u.Subject), u.state(), printable(u.roles()), u.CreatedAt.Format(time.RFC3339))
		for _, change := range u.Changes {
			fmt.Fprintf(t, "%s\t%s, by %s\n", change.At.Format(time.RFC3339), printable(change.What), printable(change.By+fromWhere(change.From)))
		}
		return t.Flush()
	})
}

func (o *operators) user(ctx context.Context, name string) (userShown, error) {
	var body struct {
		User userShown `json:"user"`
	}
	path, err := userPath(name)
	if err == nil {
		err = o.call(ctx, http.MethodGet, path, nil, &body)
	}
	return body.User, err
}

// changeCmd is what all changes of a user have in common.
type changeCmd struct {
	Name string `arg:"" help:"User name or subject."`
	Yes  bool   `help:"Do it rather than say what would be done."`
}

// change changes a user, or says what it would do: what completes "would ...".
func (c *changeCmd) change(ctx context.Context, all *cli, s streams, what string, send map[string]any) error {
	return withOperators(ctx, all, func(o *operators) error {
		u, err := o.user(ctx, c.Name)
		if err != nil {
			return err
		}
		if !c.Yes {
			may, err := o.endable(ctx, u.Subject)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s (%s) is %s, with the roles %s and %s active.\nDry run: would %s. To do it, add --yes.\n",
				printable(u.Name), u.Subject, u.state(), printable(u.roles()), tally(may), what)
			return nil
		}
		path, err := userPath(u.Subject)
		if err != nil {
			return err
		}
		var body struct {
			User  userShown `json:"user"`
			Ended int       `json:"ended"`
		}
		if err := o.call(ctx, http.MethodPatch, path, send, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s (%s) is %s, with the roles %s. Ended %s.\n",
			printable(body.User.Name), body.User.Subject, body.User.state(), printable(body.User.roles()), count(body.Ended))
		return nil
	})
}

type userDisableCmd struct {
	changeCmd `embed:""`
}

func (c *userDisableCmd) run(ctx context.Context, all *cli, s streams) error {
	return c.change(ctx, all, s, "disable the user and end all sessions", map[string]any{"disabled": true})
}

type userEnableCmd struct {
	changeCmd `embed:""`
}

func (c *userEnableCmd) run(ctx context.Context, all *cli, s streams) error {
	return c.change(ctx, all, s, "enable the user", map[string]any{"disabled": false})
}

type userRolesCmd struct {
	changeCmd `embed:""`
	Role      []string `sep:"none" placeholder:"ROLE" help:"A role the user is to have; may be repeated. All others are taken away."`
	None      bool     `help:"Take all roles away."`
}

func (c *userRolesCmd) run(ctx context.Context, all *cli, s streams) error {
	if c.None == (len(c.Role) > 0) {
		return errors.New("which roles: name each with --role, or --none")
	}
	if err := signin.CheckRoles(c.Role); err != nil {
		return fmt.Errorf("--role: %s", strings.TrimPrefix(err.Error(), session.ErrInvalid.Error()+": "))
	}
	roles := append([]string{}, c.Role...)
	what := "give the roles " + printable((&userShown{Roles: roles}).roles()) + " and end all sessions"
	return c.change(ctx, all, s, what, map[string]any{"roles": roles})
}

type userPasswordCmd struct {
	changeCmd     `embed:""`
	PasswordStdin bool `help:"Read the password from standard input (one line) rather than ask for it."`
}

func (c *userPasswordCmd) run(ctx context.Context, all *cli, s streams) error {
	const what = "give the user a new password and end all sessions"
	if !c.Yes {
		return c.change(ctx, all, s, what, nil)
	}
	password, err := readPassword(c.PasswordStdin, s)
	if err != nil {
		return err
	}
	return c.change(ctx, all, s, what, map[string]any{"password": password})
}
