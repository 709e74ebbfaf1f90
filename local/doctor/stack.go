package doctor

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// The resources of template.yaml that are examined, by logical ID.
const (
	sessionsTable = "SessionsTable"
	accountsTable = "AccountsTable"
	tagKeys       = "TagKeys"
	authorize     = "Authorize"
	login         = "Login"
	admin         = "Admin"

	typeFunction = "AWS::Lambda::Function"
)

// expected are these resources, and what CloudFormation calls their kind.
var expected = []struct{ id, kind string }{
	{sessionsTable, "AWS::DynamoDB::Table"},
	{accountsTable, "AWS::DynamoDB::Table"},
	{tagKeys, "AWS::SecretsManager::Secret"},
	{authorize, typeFunction},
	{login, typeFunction},
	{admin, typeFunction},
}

// stack is what CloudFormation says of the stack.
type stack struct {
	name      string
	place     place
	resources map[string]resource // by logical ID
}

type resource struct{ kind, id string } // id is the physical one

// place is where ARNs of the stack are.
type place struct{ partition, region, account string }

func (p place) arn(service, rest string) string {
	return strings.Join([]string{"arn", p.partition, service, p.region, p.account, rest}, ":")
}

// placeOf reads the place from an ARN.
func placeOf(arn string) (place, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[3] == "" || parts[4] == "" {
		return place{}, false
	}
	return place{parts[1], parts[3], parts[4]}, true
}

// readStack returns no stack where there is none to examine.
func (e *examination) readStack(ctx context.Context, name string) (*stack, Finding) {
	is := check{"stack", name}
	out, err := e.describeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	switch {
	case isCode(err, "ValidationError"):
		return nil, is.fail("name it with --stack, and its Region with --region", "there is no such stack in this Region")
	case err != nil:
		return nil, is.unanswered(asked("cloudformation:DescribeStacks", err))
	case len(out.Stacks) != 1:
		return nil, is.unanswered(asked("cloudformation:DescribeStacks", errOdd))
	}
	at, ok := placeOf(aws.ToString(out.Stacks[0].StackId))
	if !ok {
		return nil, is.unanswered(asked("cloudformation:DescribeStacks", errOdd))
	}
	found, err := e.readResources(ctx, name)
	if err != nil {
		return nil, is.unanswered(err)
	}
	return &stack{name, at, found}, judgeStack(is, string(out.Stacks[0].StackStatus), len(found))
}

func (e *examination) readResources(ctx context.Context, name string) (map[string]resource, error) {
	all, err := pages(func(token *string) ([]types.StackResourceSummary, *string, error) {
		out, err := e.listStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: &name, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.StackResourceSummaries, out.NextToken, nil
	})
	found := map[string]resource{}
	for _, r := range all {
		if r.ResourceStatus != types.ResourceStatusDeleteComplete {
			found[aws.ToString(r.LogicalResourceId)] = resource{aws.ToString(r.ResourceType), aws.ToString(r.PhysicalResourceId)}
		}
	}
	return found, asked("cloudformation:ListStackResources", err)
}

// judgeStack tells a stack that is in order from one that is half-way.
func judgeStack(is check, status string, resources int) Finding {
	const repair = "deploy again, and see the stack's events for what failed"
	switch {
	case strings.HasPrefix(status, "DELETE_"), strings.HasSuffix(status, "_FAILED"), status == "ROLLBACK_COMPLETE":
		return is.fail(repair, "%s", status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return is.warn("examine it again when the deployment is over", "%s", status)
	case strings.HasPrefix(status, "UPDATE_ROLLBACK"), strings.HasPrefix(status, "IMPORT_ROLLBACK"):
		return is.warn(repair, "%s: the last deployment was undone", status)
	case strings.HasSuffix(status, "_COMPLETE"):
		return is.ok("%s, %d resources", status, resources)
	}
	return is.unclear("look at the stack", "status %q", status)
}

// missing names what the stack should have and has not.
func (e *examination) missing() []Finding {
	var all []Finding
	for _, want := range expected {
		if got := e.stack.resources[want.id]; got.kind != want.kind || got.id == "" {
			all = append(all, check{"resource", want.id}.fail("examine the stack of Coatcheck's template.yaml",
				"the stack has no %s of this name", want.kind))
		}
	}
	return all
}

// physical returns the ID of a resource that is there and of its kind, "" otherwise.
func (e *examination) physical(id string) string {
	for _, want := range expected {
		if got := e.stack.resources[id]; want.id == id && got.kind == want.kind {
			return got.id
		}
	}
	return ""
}
