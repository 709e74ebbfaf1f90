package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// rolePolicies is what a role is allowed, by the names of its policies.
type rolePolicies struct {
	all []rolePolicy
	err error // why all is not the whole
}

type rolePolicy struct {
	name string
	document
}

// roleName returns the last part of a role's ARN, "" if it is the ARN of none.
func roleName(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return ""
	}
	return parts[5][strings.LastIndex(parts[5], "/")+1:]
}

// policiesOf reads the policies of a role once: its own, and those attached to it.
func (e *examination) policiesOf(ctx context.Context, name string) rolePolicies {
	found, known := e.policies[name]
	if !known {
		if found.all, found.err = e.inlinePolicies(ctx, name); found.err == nil {
			var attached []rolePolicy
			attached, found.err = e.attachedPolicies(ctx, name)
			found.all = append(found.all, attached...)
		}
		e.policies[name] = found
	}
	return found
}

func (e *examination) inlinePolicies(ctx context.Context, role string) ([]rolePolicy, error) {
	names, err := pages(func(marker *string) ([]string, *string, error) {
		out, err := e.listRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		next, err := nextMarker(out.IsTruncated, out.Marker)
		return out.PolicyNames, next, err
	})
	if err != nil {
		return nil, asked("iam:ListRolePolicies", err)
	}
	var all []rolePolicy
	for _, name := range names {
		out, err := e.getRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err != nil {
			return nil, asked("iam:GetRolePolicy", err)
		}
		if all, err = appendPolicy(all, name, out.PolicyDocument); err != nil {
			return nil, asked("iam:GetRolePolicy", err)
		}
	}
	return all, nil
}

func (e *examination) attachedPolicies(ctx context.Context, role string) ([]rolePolicy, error) {
	attached, err := pages(func(marker *string) ([]types.AttachedPolicy, *string, error) {
		out, err := e.listAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		next, err := nextMarker(out.IsTruncated, out.Marker)
		return out.AttachedPolicies, next, err
	})
	if err != nil {
		return nil, asked("iam:ListAttachedRolePolicies", err)
	}
	var all []rolePolicy
	for _, one := range attached {
		text, err := e.managedPolicy(ctx, one.PolicyArn)
		if err != nil {
			return nil, err
		}
		if all, err = appendPolicy(all, aws.ToString(one.PolicyName), text); err != nil {
			return nil, asked("iam:GetPolicyVersion", err)
		}
	}
	return all, nil
}

// managedPolicy returns a managed policy as it is in force.
func (e *examination) managedPolicy(ctx context.Context, arn *string) (*string, error) {
	out, err := e.getPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		return nil, asked("iam:GetPolicy", err)
	}
	if out.Policy == nil {
		return nil, asked("iam:GetPolicy", errOdd)
	}
	version, err := e.getPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: out.Policy.DefaultVersionId})
	if err != nil {
		return nil, asked("iam:GetPolicyVersion", err)
	}
	if version.PolicyVersion == nil {
		return nil, asked("iam:GetPolicyVersion", errOdd)
	}
	return version.PolicyVersion.Document, nil
}

// nextMarker: a list that is cut short must say where it goes on.
func nextMarker(truncated bool, marker *string) (*string, error) {
	switch {
	case !truncated:
		return nil, nil
	case aws.ToString(marker) == "":
		return nil, errOdd
	}
	return marker, nil
}

// appendPolicy reads a document, which IAM sends URL-encoded (RFC 3986).
func appendPolicy(all []rolePolicy, name string, encoded *string) ([]rolePolicy, error) {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, errOdd)
	}
	d, err := parseDocument(text)
	return append(all, rolePolicy{name, d}), err
}
