// The admin function serves /admin, the operators' API, and checks each request's
// session itself.
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
		fmt.Fprintln(os.Stderr, "admin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string) error {
	return site.Run(ctx, getenv, "admin", (*httpapi.API).AdminHandler)
}
