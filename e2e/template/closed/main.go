// Command closed says whether sam local would keep a template's routes closed. It lets
// everybody in, with no more than a warning, where an authorizer is no function of the
// same template: one whose ARN comes from a parameter, Parameter Store or another stack.
//
//	go run ./e2e/template/closed FILE
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: closed FILE")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], os.Stderr))
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
