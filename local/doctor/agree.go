package doctor

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"coatcheck/core/session"
	"coatcheck/core/settings"
)

// judgeKeys: a token that one function hands out must be one that all others believe.
// Keys are compared by their hashes and shown by none.
func judgeKeys(all []function) []Finding {
	const again = "change the parameter TagKeysRevision and deploy, so that every function gets the secret as it is"
	var findings []Finding
	for _, f := range all {
		switch is := (check{"tag-keys", f.id}); {
		case !f.keys.given:
			findings = append(findings, is.fail(again, "%s is not set", keysVariable))
		case !f.keys.valid:
			findings = append(findings, is.fail("put 1 to 8 keys of 64 to 256 hexadecimal digits into the secret, separated by commas; "+again,
				"%s is no list of keys", keysVariable))
		case f.keys != all[0].keys:
			findings = append(findings, is.fail(again, "other keys than %s has: what one hands out the other refuses", all[0].id))
		default:
			findings = append(findings, is.ok("set, %s", agreement(f.id, all[0].id)))
		}
	}
	return findings
}

// agreement says with whom a function was compared.
func agreement(id, first string) string {
	if id == first {
		return "what the others are compared with"
	}
	return "the same as " + first + "'s"
}

// judgeSettings: a session must be over for all functions alike, so they need one
// policy, and one table.
func (e *examination) judgeSettings(all []function) []Finding {
	var findings []Finding
	var first *session.Policy
	var firstID string
	for _, f := range all {
		is := check{"settings", f.id}
		policy, err := policyOf(f)
		switch {
		case err != nil:
			findings = append(findings, is.fail("correct the stack's parameters and deploy", "%s", strings.ReplaceAll(err.Error(), "\n", "; ")))
			continue
		case first == nil:
			first, firstID = &policy, f.id
		}
		switch differ := difference(*first, policy); {
		case len(differ) > 0:
			findings = append(findings, is.fail("give all functions the same policy: deploy the template as it is",
				"another policy than %s has: %s", firstID, several(differ)))
		case f.settings[tableVariable] != e.physical(sessionsTable):
			findings = append(findings, is.fail("deploy the template as it is",
				"its table is %q, the stack's is %q", f.settings[tableVariable], e.physical(sessionsTable)))
		default:
			findings = append(findings, is.ok("the policy is %s, the table the stack's", agreement(f.id, firstID)))
		}
	}
	return findings
}

var tableVariable = settings.Variable("sessions-table")

// policyOf reads a function's policy as the function does: what is not set has its
// default.
func policyOf(f function) (session.Policy, error) {
	r := settings.Environment(func(name string) string { return f.settings[name] })
	policy := r.Policy()
	return policy, r.Err()
}

// difference names the fields in which two policies differ, with both values.
func difference(a, b session.Policy) []string {
	var names []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !x.Field(i).Equal(y.Field(i)) {
			names = append(names, fmt.Sprintf("%s %v there, %v here", x.Type().Field(i).Name, x.Field(i), y.Field(i)))
		}
	}
	slices.Sort(names)
	return names
}
