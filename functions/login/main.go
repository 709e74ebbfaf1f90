// The login function serves the HTTP surface but /admin: sign-in and sign-out, the
// holder's own session, and forward-auth.
package main

import (
	"context"
	"fmt"
	"os"

	"coatcheck/core/httpapi"
	"coatcheck/functions/internal/site"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "login:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string) error {
	return site.Run(ctx, getenv, "login", (*httpapi.API).PublicHandler)
}
