package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// parametersAreUsed: by a resource or an output, itself or through a condition. A rule
// is no use.
func parametersAreUsed(t *Template) (faults []string) {
	used := References(Map{"": t.everything()})
	for name := range t.Parameters {
		if !slices.Contains(used, name) {
			faults = append(faults, "parameter "+name+" is not used")
		}
	}
	return faults
}

// everything is what a deployment is made of, and the conditions.
func (t *Template) everything() Map {
	all := Map{"Conditions": t.Conditions, "Globals": t.Globals, "Outputs": t.Outputs}
	for name, r := range t.Resources {
		all[name] = r.Properties
	}
	return all
}

// conditionsAreUsed: by a resource as a whole, or an If.
func conditionsAreUsed(t *Template) (faults []string) {
	used := map[string]bool{}
	for _, r := range t.Resources {
		used[r.Condition] = true
	}
	walk(t.everything(), "", func(_ string, m Map) {
		if choice := listAt(m, "Fn::If"); len(choice) > 0 {
			used[Text(choice[0])] = true
		}
	})
	for name := range t.Conditions {
		if !used[name] {
			faults = append(faults, "condition "+name+" is not used")
		}
		delete(used, name)
	}
	delete(used, "")
	for name := range used {
		faults = append(faults, "there is no condition "+name)
	}
	return faults
}

// parametersHaveFittingDefaults: the template deploys with none given.
func parametersHaveFittingDefaults(t *Template) (faults []string) {
	for name, p := range t.Parameters {
		if value, given := p["Default"]; !given {
			faults = append(faults, "parameter "+name+" has no default")
		} else if !Accepts(p, Text(value)) {
			faults = append(faults, fmt.Sprintf("parameter %s refuses its own default %q", name, Text(value)))
		}
	}
	return faults
}

// Accepts reports whether a parameter's constraints let a text through.
func Accepts(parameter Map, text string) bool {
	if values, bounded := parameter["AllowedValues"].([]any); bounded &&
		!slices.ContainsFunc(values, func(v any) bool { return Text(v) == text }) {
		return false
	}
	if pattern := textAt(parameter, "AllowedPattern"); pattern != "" && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(text) {
		return false
	}
	if most, bounded := parameter["MaxLength"].(int); bounded && len(text) > most {
		return false
	}
	if parameter["Type"] != "Number" {
		return true
	}
	number, err := strconv.Atoi(text)
	least, hasLeast := parameter["MinValue"].(int)
	most, hasMost := parameter["MaxValue"].(int)
	return err == nil && (!hasLeast || number >= least) && (!hasMost || number <= most)
}

// parametersAreBounded: what cannot be right is refused before anything is deployed,
// and a pattern says in words what it wants.
func parametersAreBounded(t *Template) (faults []string) {
	for name, p := range t.Parameters {
		if p["AllowedValues"] == nil && p["AllowedPattern"] == nil && p["MaxLength"] == nil && p["MinValue"] == nil {
			faults = append(faults, "parameter "+name+" takes anything")
		}
		if p["AllowedPattern"] != nil && p["ConstraintDescription"] == nil {
			faults = append(faults, "parameter "+name+" has a pattern and no words for it")
		}
		if p["Description"] == nil {
			faults = append(faults, "parameter "+name+" has no description")
		}
	}
	return faults
}

// parametersAreGrouped: each stands in one group of the console's form, with a label.
func parametersAreGrouped(t *Template) (faults []string) {
	form := mapAt(t.Metadata, "AWS::CloudFormation::Interface")
	shown := map[string]int{}
	for _, group := range listAt(form, "ParameterGroups") {
		if textAt(group, "Label", "default") == "" {
			faults = append(faults, "a group of parameters has no label")
		}
		for _, name := range textsAt(group, "Parameters") {
			shown[name]++
		}
	}
	for name := range t.Parameters {
		if shown[name] != 1 || textAt(form, "ParameterLabels", name, "default") == "" {
			faults = append(faults, fmt.Sprintf("parameter %s stands in %d groups, or has no label", name, shown[name]))
		}
		delete(shown, name)
	}
	for name := range mapAt(form, "ParameterLabels") {
		if t.Parameters[name] == nil {
			shown[name]++
		}
	}
	for name := range shown {
		faults = append(faults, "the form shows "+name+", which is no parameter")
	}
	return faults
}
