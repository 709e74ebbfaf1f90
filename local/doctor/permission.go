package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const invoke = "lambda:InvokeFunction"

// examinePermission judges whether an API may call the function: by a role, or because
// the function's own policy lets it.
func (e *examination) examinePermission(ctx context.Context, a authorizer) Finding {
	if a.role != "" {
		return e.examineInvokeRole(ctx, a)
	}
	is := a.check("permission")
	grant := "allow " + invoke + " to " + a.principal + " with SourceArn " + a.source + " (AWS::Lambda::Permission)"
	in := &lambda.GetPolicyInput{FunctionName: aws.String(e.physical(authorize))}
	if a.version != "" {
		in.Qualifier = &a.version
	}
	out, err := e.getFunctionPolicy(ctx, in)
	switch {
	case isCode(err, "ResourceNotFoundException"):
		return is.fail(grant, "the function has no policy: every call is a 500")
	case err != nil:
		return is.unanswered(asked("lambda:GetPolicy", err))
	}
	d, err := parseDocument(aws.ToString(out.Policy))
	if err != nil {
		return is.unanswered(asked("lambda:GetPolicy", err))
	}
	switch e.mayCall(d, a) {
	case yes:
		return is.ok("the function's policy lets it in")
	case no:
		return is.fail(grant, "the function's policy does not let it in: every call is a 500")
	}
	return is.unclear("look at the function's policy; "+grant, "the function's policy has conditions that are not understood here")
}

// examineInvokeRole judges the role that an API takes on to call the function.
func (e *examination) examineInvokeRole(ctx context.Context, a authorizer) Finding {
	is := a.check("permission")
	name := roleName(a.role)
	if parts := strings.SplitN(a.role, ":", 6); name == "" || parts[4] != e.stack.place.account {
		return is.unclear("see that the role may "+invoke, "it calls by %q, which cannot be looked at from here", a.role)
	}
	policies := e.policiesOf(ctx, name)
	if policies.err != nil {
		return is.unanswered(policies.err)
	}
	function := e.calledARN(a)
	for _, p := range policies.all {
		for _, s := range p.Statement {
			allows := s.Effect == "Allow" && slices.ContainsFunc(s.Action, func(action string) bool { return globFold(action, invoke) })
			if allows && slices.ContainsFunc(s.Resource, func(r string) bool { return glob(r, function) }) {
				return is.ok("role %s may call the function", name)
			}
		}
	}
	return is.fail("allow "+invoke+" on "+function+" to the role", "role %s may not call the function: every call is a 500", name)
}

// calledARN is the function's ARN with the version that is asked.
func (e *examination) calledARN(a authorizer) string {
	arn := e.stack.place.arn("lambda", "function:"+e.physical(authorize))
	if a.version != "" {
		arn += ":" + a.version
	}
	return arn
}

// verdict is the answer of a policy, as far as it is understood.
type verdict int

const (
	no verdict = iota
	maybe
	yes
)

// mayCall evaluates a function's policy for an API: a denial wins, nothing said is no.
func (e *examination) mayCall(d document, a authorizer) verdict {
	allowed, deniedBy := no, no
	for _, s := range d.Statement {
		v := e.applies(s, a)
		switch s.Effect {
		case "Allow":
			allowed = max(allowed, v)
		case "Deny":
			deniedBy = max(deniedBy, v)
		}
	}
	if deniedBy == yes {
		return no
	}
	if deniedBy == maybe {
		return min(allowed, maybe)
	}
	return allowed
}

// applies reports whether a statement is about this call.
func (e *examination) applies(s statement, a authorizer) verdict {
	if len(s.NotPrincipal)+len(s.NotAction)+len(s.NotResource) > 0 {
		return maybe
	}
	by := slices.Contains(s.Principal["Service"], a.principal) || slices.Contains(s.Principal["AWS"], "*")
	for _, part := range []bool{
		by,
		slices.ContainsFunc(s.Action, func(action string) bool { return globFold(action, invoke) }),
		slices.ContainsFunc(s.Resource, func(r string) bool { return glob(r, e.calledARN(a)) }),
	} {
		if !part {
			return no
		}
	}
	v := yes
	for operator, conditions := range s.Condition {
		for key, values := range conditions {
			v = min(v, e.holds(operator, key, values, a))
		}
	}
	return v
}

// holds evaluates one condition, of those that come with a service's call.
func (e *examination) holds(operator, key string, values texts, a authorizer) verdict {
	var got string
	switch strings.ToLower(key) {
	case "aws:sourcearn":
		got = a.source
	case "aws:sourceaccount":
		got = e.stack.place.account
	default:
		return maybe
	}
	fits, known := map[string]func(pattern, text string) bool{
		"ArnLike": globARN, "ArnEquals": globARN, "StringLike": glob, "StringEquals": func(a, b string) bool { return a == b },
	}[strings.TrimSuffix(operator, "IfExists")]
	switch {
	case !known:
		return maybe
	case slices.ContainsFunc(values, func(v string) bool { return fits(v, got) }):
		return yes
	}
	return no
}
