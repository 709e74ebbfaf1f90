package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// What the functions do with DynamoDB. The authorizer reads and touches sessions and
// nothing else: no Query, Scan, Put or Delete. Only admin, which erases users, deletes.
var (
	authorizerMay = []string{"dynamodb:getitem", "dynamodb:batchgetitem", "dynamodb:updateitem"}
	othersMay     = append([]string{"dynamodb:putitem", "dynamodb:query", "dynamodb:conditioncheckitem"}, authorizerMay...)
	adminMay      = append([]string{"dynamodb:deleteitem"}, othersMay...)
)

// tracing are actions that IAM allows on every resource or on none.
var tracing = []string{
	"xray:puttracesegments", "xray:puttelemetryrecords", "xray:getsamplingrules", "xray:getsamplingtargets",
	"xray:getsamplingstatisticsummaries",
}

// examineRole judges what a function's role is allowed.
func (e *examination) examineRole(ctx context.Context, f function) Finding {
	is := check{"role", f.id}
	name := roleName(f.role)
	if name == "" {
		return is.unanswered(asked("lambda:GetFunctionConfiguration", errOdd))
	}
	policies := e.policiesOf(ctx, name)
	if policies.err != nil {
		return is.unanswered(policies.err)
	}
	faults := e.roleFaults(f, policies.all)
	if len(faults) > 0 {
		return is.fail("take it out of role "+name+", or deploy the template as it is", "%s", several(faults))
	}
	return is.ok("role %s: no star, and of DynamoDB what it needs", name)
}

func (e *examination) roleFaults(f function, policies []rolePolicy) []string {
	var faults []string
	for _, p := range policies {
		for _, s := range p.Statement {
			for _, fault := range e.statementFaults(f, s) {
				faults = append(faults, "policy "+p.name+": "+fault)
			}
		}
	}
	return slices.Compact(faults)
}

func may(f function) []string {
	switch f.id {
	case authorize:
		return authorizerMay
	case admin:
		return adminMay
	}
	return othersMay
}

// statementFaults names what a statement allows beyond a function's need. What denies
// only narrows, and a condition is taken for met.
func (e *examination) statementFaults(f function, s statement) []string {
	if s.Effect != "Allow" {
		return nil
	}
	var faults []string
	if len(s.NotAction) > 0 || len(s.NotResource) > 0 {
		faults = append(faults, "allows all but what it names")
	}
	database := false
	for _, action := range s.Action {
		low := strings.ToLower(action)
		isDynamo := strings.HasPrefix(low, "dynamodb:")
		switch database = database || isDynamo; {
		case hasGlob(action):
			faults = append(faults, action)
		case isDynamo && !slices.Contains(may(f), low):
			faults = append(faults, action)
		}
	}
	for _, r := range s.Resource {
		if fault := e.resourceFault(f, s.Action, r, database); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// resourceFault judges one resource of what is allowed; "" if nothing is wrong.
func (e *examination) resourceFault(f function, actions texts, resource string, database bool) string {
	// A log group's ARN ends with a star for its streams.
	exact := resource
	if strings.HasPrefix(resource, "arn:"+e.stack.place.partition+":logs:") {
		exact = strings.TrimSuffix(strings.TrimSuffix(resource, ":*"), ":log-stream")
	}
	traces := len(actions) > 0 && !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(tracing, strings.ToLower(a)) })
	table := e.stack.place.arn("dynamodb", "table/"+e.physical(sessionsTable))
	switch {
	case hasGlob(exact) && !traces:
		return fmt.Sprintf("%s on %s", several(actions), resource)
	case database && f.id == authorize && resource != table:
		return fmt.Sprintf("%s on %s, which is not the sessions' table", several(actions), resource)
	}
	return ""
}
