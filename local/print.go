package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

const timeForm = "2006-01-02 15:04:05"

// when is a time in a table; a damaged session has none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(timeForm)
}

func printTable(w io.Writer, sessions []shown) error {
	return printSessions(w, sessions, "", func(shown) string { return "" })
}

// printAll is printTable for sessions of several users.
func printAll(w io.Writer, sessions []shown) error {
	return printSessions(w, sessions, "SUBJECT\t", func(is shown) string { return printable(is.Subject) + "\t" })
}

func printSessions(w io.Writer, sessions []shown, head string, column func(shown) string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\t"+head+"STATUS\tCREATED (UTC)\tLAST SEEN\tEXPIRES\tADDRESS\tDEVICE")
	for _, is := range sessions {
		status := is.state()
		if is.Actor != "" {
			status += ", acted in"
		}
		fmt.Fprintf(t, "%s\t%s%s\t%s\t%s\t%s\t%s\t%s\n", is.ID, column(is), status, when(is.CreatedAt),
			when(is.LastSeenAt), when(is.ExpiresAt), printable(is.ClientAddress), cut(printable(is.UserAgent), 40))
	}
	return t.Flush()
}

// state is the session's status and, if it is over, why.
func (s *shown) state() string {
	if s.EndReason == "" {
		return s.Status
	}
	return s.Status + " (" + s.EndReason + ")"
}

func printSession(w io.Writer, is shown) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) { fmt.Fprintf(t, "%s\t%s\n", name, printable(value)) }
	line("ID", is.ID)
	if is.Status == statusDamaged {
		line("Status", "damaged: what is stored is no session. It lets nobody in, and can be ended by its ID.")
		return t.Flush()
	}
	line("Subject", is.Subject)
	line("Roles", fmt.Sprint(is.Roles))
	line("Status", is.Status)
	line("Created", is.CreatedAt.Format(time.RFC3339))
	line("Last seen", is.LastSeenAt.Format(time.RFC3339))
	line("Expires", is.ExpiresAt.Format(time.RFC3339))
	line("Absolute expiry", is.AbsoluteExpiry.Format(time.RFC3339))
	line("Signed in with", fmt.Sprintf("%v at %s", is.Methods, is.AuthTime.Format(time.RFC3339)))
	line("Address", is.ClientAddress)
	line("Device", is.UserAgent)
	if is.EndReason != "" {
		line("Over because", is.EndReason)
	}
	if is.Actor != "" {
		line("Acted in from", is.Actor)
	}
	if is.Replaces != "" {
		line("Replaces", is.Replaces)
	}
	if is.ReplacedBy != "" {
		line("Replaced by", is.ReplacedBy)
	}
	if !is.EndedAt.IsZero() {
		line("Ended", is.EndedAt.Format(time.RFC3339)+" by "+is.EndedBy+fromWhere(is.EndedFrom))
	}
	return t.Flush()
}

// fromWhere says from which address something was done, where that is known.
func fromWhere(address string) string {
	if address == "" {
		return ""
	}
	return " from " + address
}

// printable keeps what a client once sent from acting on the operator's terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\ufffd'
	}, s)
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
