package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"coatcheck/core/session"
	"coatcheck/core/settings"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line. Every flag is also an environment variable, COATCHECK_
// and its name.
type cli struct {
	storeFlags  `embed:""`
	policyFlags `embed:""`

	Serve   serveCmd   `cmd:"" default:"withargs" help:"Serve sign-in, session checks and the operators' API. The default."`
	User    userCmd    `cmd:"" help:"Users."`
	Session sessionCmd `cmd:"" help:"Sessions: list, show, end."`
	Audit   auditCmd   `cmd:"" help:"Who did what to whom, when, why and from where."`
	Doctor  doctorCmd  `cmd:"" help:"Examine a stack that is deployed on AWS; it only reads."`
	Canary  canaryCmd  `cmd:"" help:"Sign in somewhere, end the session, and time its first refusal."`
}

type userCmd struct {
	Add           userAddCmd      `cmd:"" help:"Add a user."`
	List          userListCmd     `cmd:"" help:"List the users."`
	Show          userShowCmd     `cmd:"" help:"Show a user and the newest changes of the account."`
	Disable       userDisableCmd  `cmd:"" help:"Disable a user and end all sessions. A dry run unless --yes."`
	Enable        userEnableCmd   `cmd:"" help:"Enable a user. A dry run unless --yes."`
	Roles         userRolesCmd    `cmd:"" help:"Give a user these roles and end all sessions. A dry run unless --yes."`
	PasswordReset userPasswordCmd `cmd:"" help:"Give a user a new password and end all sessions. A dry run unless --yes."`
	Export        userExportCmd   `cmd:"" help:"Print all that is kept of a user, as JSON."`
	Erase         userEraseCmd    `cmd:"" help:"Erase all that is kept of a user, for good. A dry run unless --yes."`
}

type sessionCmd struct {
	List        sessionListCmd     `cmd:"" help:"List a user's sessions, newest first, or with --all everybody's."`
	Count       sessionCountCmd    `cmd:"" help:"Count everybody's sessions."`
	Show        sessionShowCmd     `cmd:"" help:"Show one session."`
	End         sessionEndCmd      `cmd:"" help:"End one session. A dry run unless --yes."`
	EndAll      sessionEndAllCmd   `cmd:"" help:"End every live session of a user. A dry run unless --yes."`
	EndOthers   sessionEndOtherCmd `cmd:"" help:"End the other sessions of a session's user. A dry run unless --yes."`
	EndWhere    sessionEndWhereCmd `cmd:"" help:"End everybody's sessions that fit. A dry run unless --yes."`
	EndEveryone sessionEveryoneCmd `cmd:"" help:"End the sessions of everybody, at once. A dry run unless --yes."`
}

const description = `Server-side sessions: you keep the ticket, the server keeps the coat.

Without a command it serves; its settings are listed by: coatcheck serve --help. The operators' commands work on the same data whether a
server runs on it or not. What ends something only says what it would do unless --yes.`

// command is what each command implements.
type command interface {
	run(ctx context.Context, c *cli, s streams) error
}

// run parses and carries out one command line, and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	var c cli
	exited := false
	parser, err := kong.New(&c,
		kong.Name("coatcheck"), kong.Description(description), kong.Writers(s.out, s.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		fmt.Fprintln(s.err, "coatcheck: defect:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(dashedIDsLast(args))
	if exited { // --help was printed
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(s.err, "coatcheck: %v\nTry: coatcheck --help\n", err)
		return exitUsage
	}
	return report(s, parsed.Selected().Target.Addr().Interface().(command).run(ctx, &c, s)) //nolint:forcetypeassert // every command is one
}

// dashedIDsLast moves session IDs that begin with a dash behind "--": they are not
// flags.
func dashedIDsLast(args []string) []string {
	isDashed := func(arg string) bool {
		_, err := session.ParseID(arg)
		return err == nil && strings.HasPrefix(arg, "-")
	}
	if !slices.ContainsFunc(args, isDashed) || slices.Contains(args, "--") {
		return args
	}
	var rest, ids []string
	for _, arg := range args {
		if isDashed(arg) {
			ids = append(ids, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	return append(append(rest, "--"), ids...)
}

// report prints a command's error, if any, one fault a line.
func report(s streams, err error) int {
	if err == nil {
		return exitOK
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(s.err, "coatcheck:", line)
	}
	if errors.Is(err, settings.ErrInvalid) {
		return exitUsage
	}
	return exitFailed
}
