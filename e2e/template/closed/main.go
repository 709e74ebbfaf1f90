// Command closed says whether sam local would keep the routes of templates closed. It lets
// everybody in, with no more than a warning, where an authorizer is no function of the
// same template: one whose ARN comes from a parameter, Parameter Store or another stack.
//
//	go run ./e2e/template/closed FILES...
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	status := 0
	for _, file := range os.Args[1:] {
		status = max(status, run(file, os.Stderr))
	}
	os.Exit(status)
}

// run prints what would be open, one line each, and returns the exit status: 1 if
// anything would be.
func run(file string, out io.Writer) int {
	text, err := os.ReadFile(file) //nolint:gosec // G304: the caller names it
	if err != nil {
		fmt.Fprintln(out, "closed:", err)
		return 1
	}
	faults, err := open(text)
	if err != nil {
		fmt.Fprintf(out, "closed: %s: %v\n", file, err)
		return 1
	}
	for _, f := range faults {
		fmt.Fprintf(out, "%s:%d: %s: sam local would let everybody in. %s\n", file, f.line, f.what, advice)
	}
	if len(faults) > 0 {
		return 1
	}
	return 0
}

const advice = "Name a function of this template, such as !GetAtt Authorize.Arn, in a template for local trials (see examples/*/local.yaml)."
