package doctor

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// maxKeyAge is how old the tag keys may grow before somebody should change them. They
// only bound what made-up cookies cost, so this is a reminder.
const maxKeyAge = 365 * 24 * time.Hour

// examineSecret judges the age of the tag keys by the dates of their secret, whose
// value it does not read.
func (e *examination) examineSecret(ctx context.Context) []Finding {
	id := e.physical(tagKeys)
	if id == "" {
		return nil
	}
	is := check{"key-age", tagKeys}
	out, err := e.describeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	switch {
	case err != nil:
		return []Finding{is.unanswered(asked("secretsmanager:DescribeSecret", err))}
	case out.DeletedDate != nil:
		return []Finding{is.fail("restore the secret", "it is being deleted")}
	}
	changed := out.LastChangedDate
	if changed == nil {
		changed = out.CreatedDate
	}
	if changed == nil {
		return []Finding{is.unanswered(asked("secretsmanager:DescribeSecret", errOdd))}
	}
	return append([]Finding{e.judgeAge(is, *changed)}, e.judgeDeployed(*changed)...)
}

func (e *examination) judgeAge(is check, changed time.Time) Finding {
	age := e.now().Sub(changed)
	days, since := int(age/(24*time.Hour)), changed.UTC().Format(time.DateOnly)
	if age > maxKeyAge {
		return is.warn("change the keys as docs/operations.md says", "changed %d days ago, %s", days, since)
	}
	return is.ok("changed %d days ago, %s", days, since)
}

// judgeDeployed: CloudFormation reads the secret again only where a function changes.
func (e *examination) judgeDeployed(changed time.Time) []Finding {
	var all []Finding
	for _, f := range e.sorted() {
		is := check{"key-deployed", f.id}
		switch {
		case f.err != nil: // was said before
		case f.modified.IsZero():
			all = append(all, is.unclear("look at the function", "when it was changed is not told"))
		case f.modified.Before(changed.Truncate(time.Second)):
			all = append(all, is.warn("if the keys were changed: change the parameter TagKeysRevision and deploy",
				"changed %s, before its secret was: it may have the keys of before", f.modified.UTC().Format(time.RFC3339)))
		default:
			all = append(all, is.ok("changed %s, after its secret", f.modified.UTC().Format(time.RFC3339)))
		}
	}
	return all
}
