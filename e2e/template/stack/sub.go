package stack

import (
	"slices"
	"strings"
)

// Where returns what a value comes to where these conditions hold and no others: of each
// Fn::If in it the one side or the other.
func Where(v any, holding ...string) any {
	switch v := v.(type) {
	case Map:
		choice := listAt(v, "Fn::If")
		switch {
		case len(choice) == 3 && slices.Contains(holding, Text(choice[0])):
			return Where(choice[1], holding...)
		case len(choice) == 3:
			return Where(choice[2], holding...)
		}
		m := Map{}
		for name, inner := range v {
			m[name] = Where(inner, holding...)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = Where(inner, holding...)
		}
		return list
	}
	return v
}

// Choices returns the names of the conditions on which a value depends, sorted.
func Choices(v any) (names []string) {
	walk(v, "", func(_ string, m Map) {
		if choice := listAt(m, "Fn::If"); len(choice) > 0 {
			names = append(names, Text(choice[0]))
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// Substituted returns the text that a Fn::Sub comes to, once its own variables are
// replaced: what names a parameter or a resource stays as it is written, "${Login.Arn}".
func Substituted(v any) string {
	sub := listAt(v, "Fn::Sub")
	if len(sub) != 2 {
		return Text(v)
	}
	var pairs []string
	for name, value := range mapAt(sub[1]) {
		pairs = append(pairs, "${"+name+"}", Substituted(value))
	}
	return strings.NewReplacer(pairs...).Replace(Text(sub[0]))
}
