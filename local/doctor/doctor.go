// Package doctor examines a deployed stack of template.yaml by what AWS says of it:
// every API's authorizer, the tables, the functions and their roles, the secret of
// tag keys and the clock. It only reads, and neither a secret's value nor an item of
// a table.
package doctor

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options are the settings of an examination.
type Options struct {
	// Stack is the name or the ID of the stack. Required.
	Stack string
	// Now is the local clock; nil means time.Now.
	Now func() time.Time
}

// Examine examines a stack in the Region of the configuration, with its credentials,
// until the context ends: what was not answered by then is [Unknown]. APIs of other
// Regions and accounts are not seen.
func Examine(ctx context.Context, config aws.Config, o Options) Report {
	if o.Now == nil {
		o.Now = time.Now
	}
	watch := &clock{http: config.HTTPClient, now: o.Now}
	config.HTTPClient = watch
	e := &examination{clients: newClients(config), now: o.Now}
	report := Report{Stack: o.Stack, Region: config.Region, Findings: e.run(ctx, o.Stack)}
	report.Findings = append(report.Findings, watch.examine())
	return report
}

// examination is one under way.
type examination struct {
	clients
	now   func() time.Time
	stack stack
	// functions are the stack's, by logical ID; those that could not be read are in it.
	functions map[string]function
	// policies are those of a role, by its name.
	policies map[string]rolePolicies
}

// run returns all findings but the clock's. Without the stack there is nothing to
// examine.
func (e *examination) run(ctx context.Context, name string) []Finding {
	var all []Finding
	s, first := e.readStack(ctx, name)
	all = append(all, first)
	if s == nil {
		return all
	}
	e.stack, e.policies = *s, map[string]rolePolicies{}
	all = append(all, e.missing()...)
	e.readFunctions(ctx)
	all = append(all, e.examineAuthorizers(ctx)...)
	all = append(all, e.examineTables(ctx)...)
	all = append(all, e.examineFunctions(ctx)...)
	return append(all, e.examineSecret(ctx)...)
}
