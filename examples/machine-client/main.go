// Command machine-client is a program that calls an API behind Coatcheck's authorizer: it
// signs in for a bearer token, makes each call that it reads from its standard input
// ("GET /orders"), signs in again where its session is over, and ends it at the end.
//
//	echo 'GET /orders' | go run ./examples/machine-client --coatcheck https://id.example.com --api https://api.example.com
//
// The credentials come in MACHINE_USERNAME and MACHINE_PASSWORD.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "machine-client:", err)
		os.Exit(1)
	}
}

// run makes the calls; what one of them is answered stands on a line. It returns every
// fault of the settings together, or the first call that got no answer.
func run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out io.Writer) error {
	c, api, err := read(args, getenv)
	if err != nil {
		return err
	}
	err = calls(ctx, c, api, in, out)
	// The end has time of its own: an interrupt must not keep a session alive.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, c.end(ending))
}

func read(args []string, getenv func(string) string) (*client, string, error) {
	flags := flag.NewFlagSet("machine-client", flag.ContinueOnError)
	coatcheck := flags.String("coatcheck", "http://localhost:8080", "where one signs in")
	api := flags.String("api", "", "the API that is called (default: where one signs in)")
	if err := flags.Parse(args); err != nil {
		return nil, "", err
	}
	c := &client{
		http: &http.Client{Timeout: time.Minute}, coatcheck: strings.TrimSuffix(*coatcheck, "/"),
		username: getenv("MACHINE_USERNAME"), password: getenv("MACHINE_PASSWORD"),
	}
	if *api == "" {
		*api = c.coatcheck
	}
	var faults []error
	for _, name := range []string{"MACHINE_USERNAME", "MACHINE_PASSWORD"} {
		if getenv(name) == "" {
			faults = append(faults, fmt.Errorf("%s is not set: want the machine's own user, with no role that it does not need", name))
		}
	}
	return c, strings.TrimSuffix(*api, "/"), errors.Join(faults...)
}

func calls(ctx context.Context, c *client, api string, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		method, path, ok := strings.Cut(lines.Text(), " ")
		if !ok || !strings.HasPrefix(path, "/") {
			return fmt.Errorf("call %.80q: want a method and a path, such as GET /orders", lines.Text())
		}
		status, body, err := c.call(ctx, method, api+path)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d %s\n", status, strings.TrimSpace(string(body)))
	}
	return lines.Err()
}
