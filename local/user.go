package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/term"
)

type userAddCmd struct {
	Name          string   `arg:"" help:"User name."`
	Role          []string `sep:"none" placeholder:"ROLE" help:"A role the user has; may be repeated. The product's own: coatcheck:viewer, coatcheck:operator, coatcheck:owner."`
	PasswordStdin bool     `help:"Read the password from standard input (one line) rather than ask for it."`
}

func (c *userAddCmd) run(ctx context.Context, all *cli, s streams) error {
	password, err := c.password(s)
	if err != nil {
		return err
	}
	return withOperators(ctx, all, func(o *operators) error {
		var body struct {
			User struct {
				Subject string `json:"subject"`
				Name    string `json:"username"`
			} `json:"user"`
		}
		send := map[string]any{"username": c.Name, "password": password}
		if len(c.Role) > 0 {
			send["roles"] = c.Role
		}
		if err := o.call(ctx, http.MethodPost, "/admin/users", send, &body); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Added user %s, subject %s.\n", body.User.Name, body.User.Subject)
		return nil
	})
}

// maxPassword is more than any password may have; the server says how long one may be.
const maxPassword = 8 << 10

func (c *userAddCmd) password(s streams) (string, error) { return readPassword(c.PasswordStdin, s) }

// readPassword reads a password from standard input, or asks for it twice.
func readPassword(fromStdin bool, s streams) (string, error) {
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(s.in, maxPassword))
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
		if line == "" || strings.Contains(line, "\n") {
			return "", errors.New("standard input must hold the password in one line")
		}
		return line, nil
	}
	terminal, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return "", errors.New("there is no terminal to ask for the password: use --password-stdin")
	}
	return askTwice(terminal, s.err)
}

func askTwice(terminal *os.File, w io.Writer) (string, error) {
	var answers [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(w, prompt)
		text, err := term.ReadPassword(int(terminal.Fd()))
		fmt.Fprintln(w)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		answers[i] = string(text)
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two are not the same")
	}
	return answers[0], nil
}
