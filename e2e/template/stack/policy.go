package stack

import (
	"fmt"
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

// tellXRay is what Lambda's daemon needs from the role of a traced function: nobody adds
// it to a role that the template itself names.
const tellXRay = "xray:PutTelemetryRecords xray:PutTraceSegments on *"

// knownStars are the stars of policies that stay, and why.
var knownStars = map[string]string{
	tellXRay: "X-Ray knows no resources, and only traced functions have it",
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

// tracedFunctionsTellXRay wants every function's role to tell X-Ray where the parameter
// Tracing is on, and only there.
func tracedFunctionsTellXRay(t *Template) (faults []string) {
	for _, name := range t.Functions() {
		role := textOfFirst(At(t.Resources[name].Properties, "Role", "Fn::GetAtt"))
		traced, other := 0, 0
		for _, one := range listAt(t.Resources[role].Properties, "Policies") {
			choice, _ := At(one, "Fn::If").([]any)
			switch {
			case len(choice) == 3 && Text(choice[0]) == "Traced":
				traced += tellings(choice[1])
				other += tellings(choice[2])
			default:
				other += tellings(one)
			}
		}
		if traced != 1 || other != 0 {
			faults = append(faults, fmt.Sprintf("%s: role %q tells X-Ray %d times where Traced, and %d times else: want 1 and 0", name, role, traced, other))
		}
	}
	return faults
}

// tellings counts the statements of a policy that let a role tell X-Ray.
func tellings(policy any) (n int) {
	for _, one := range alternatives(policy) {
		for _, s := range statementsOf(At(one, "PolicyDocument")) {
			if s.Effect == "Allow" && s.Condition == nil && s.String() == tellXRay {
				n++
			}
		}
	}
	return n
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
