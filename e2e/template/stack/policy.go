package stack

import (
	"slices"
	"strings"
)

// Statement is one of a policy, its values as [Text] names them.
type Statement struct {
	Effect     string
	Actions    []string // sorted
	Resources  []string
	Principals []string
	Condition  Map
}

// String is "actions on resources".
func (s Statement) String() string {
	return strings.Join(s.Actions, " ") + " on " + strings.Join(append(slices.Clone(s.Resources), s.Principals...), " ")
}

// Statements returns what a role may do, whichever way conditions go.
func (t *Template) Statements(role string) (all []Statement) {
	for _, one := range listAt(t.Resources[role].Properties, "Policies") {
		for _, policy := range alternatives(one) {
			all = append(all, statementsOf(At(policy, "PolicyDocument"))...)
		}
	}
	return all
}

func statementsOf(document any) (all []Statement) {
	for _, s := range listAt(document, "Statement") {
		one := Statement{
			Effect: textAt(s, "Effect"), Actions: textsAt(s, "Action"), Resources: textsAt(s, "Resource"),
			Condition: mapAt(s, "Condition"),
		}
		for kind, who := range mapAt(s, "Principal") {
			for _, name := range listAt(Map{"": who}, "") {
				one.Principals = append(one.Principals, kind+" "+Text(name))
			}
		}
		if who := textAt(s, "Principal"); who != "" {
			one.Principals = append(one.Principals, who)
		}
		for _, inverted := range []string{"NotAction", "NotResource", "NotPrincipal"} {
			if At(s, inverted) != nil {
				one.Actions = append(one.Actions, inverted+" *")
			}
		}
		slices.Sort(one.Actions)
		all = append(all, one)
	}
	return all
}

func textsAt(v any, path ...string) (texts []string) {
	for _, one := range listAt(v, path...) {
		texts = append(texts, Text(one))
	}
	return texts
}

// knownStars are the stars of policies that stay, and why.
var knownStars = map[string]string{
	"xray:PutTelemetryRecords xray:PutTraceSegments on *": "X-Ray knows no resources, and only traced functions have it",
}

// noStars wants every policy to name actions, resources and principals, and none to be
// a managed one, whose content is not ours.
func noStars(t *Template) (faults []string) {
	for name, r := range t.Resources {
		walk(r.Properties, name, func(path string, m Map) {
			if m["ManagedPolicyArns"] != nil {
				faults = append(faults, path+": a managed policy")
			}
			for key, document := range m {
				if !strings.HasSuffix(key, "PolicyDocument") {
					continue
				}
				for _, s := range statementsOf(document) {
					if _, known := knownStars[s.String()]; strings.Contains(s.String(), "*") && !known {
						faults = append(faults, path+": a star in "+s.String())
					}
				}
			}
		})
	}
	return faults
}

// permissionsNameTheirSource wants who may invoke a function to be one API of this
// stack; its routes and stages may be any.
func permissionsNameTheirSource(t *Template) (faults []string) {
	const api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/"
	for _, name := range t.Of("AWS::Lambda::Permission") {
		p := t.Resources[name].Properties
		source, ours := strings.CutPrefix(Text(p["SourceArn"]), api)
		if !ours || source == "" || strings.Contains(strings.TrimSuffix(source, "*"), "*") {
			faults = append(faults, name+": SourceArn is "+Text(p["SourceArn"])+": want one of "+api+"...")
		}
		if who := Text(p["Principal"]); who != "apigateway.amazonaws.com" {
			faults = append(faults, name+": Principal is "+who+": want apigateway.amazonaws.com")
		}
	}
	return faults
}
