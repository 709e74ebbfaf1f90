package stack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// valueOf reads a node; short functions (!Ref x) come by their long names.
func valueOf(n *yaml.Node) (any, error) {
	v, err := plainOf(n)
	name, short := strings.CutPrefix(n.Tag, "!")
	if err != nil || !short || strings.HasPrefix(name, "!") {
		return v, err
	}
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		name = "Fn::GetAtt"
		if text, ok := v.(string); ok {
			resource, attribute, _ := strings.Cut(text, ".")
			v = []any{resource, attribute}
		}
	default:
		name = "Fn::" + name
	}
	return Map{name: v}, nil
}

// plainOf reads a node without its tag.
func plainOf(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return valueOf(n.Content[0])
	case yaml.MappingNode:
		return mappingOf(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, one := range n.Content {
			var err error
			if list[i], err = valueOf(one); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.AliasNode:
		return nil, errors.New("CloudFormation knows no aliases: " + n.Value)
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return n.Value, nil
	}
	var v any
	err := n.Decode(&v)
	return v, err
}

func mappingOf(n *yaml.Node) (any, error) {
	m := Map{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("line %d: %s stands twice", n.Content[i].Line, key)
		}
		v, err := valueOf(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

// keysOf returns the names of a mapping in their order.
func keysOf(n *yaml.Node, path ...string) (names []string) {
	if n.Kind == yaml.DocumentNode {
		n = n.Content[0]
	}
	for i := 0; i < len(n.Content); i += 2 {
		switch key := n.Content[i].Value; {
		case len(path) == 0:
			names = append(names, key)
		case key == path[0]:
			return keysOf(n.Content[i+1], path[1:]...)
		}
	}
	return names
}

// At returns what stands at a path of names, nil if nothing does.
func At(v any, path ...string) any {
	for _, name := range path {
		m, ok := v.(Map)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func mapAt(v any, path ...string) Map { m, _ := At(v, path...).(Map); return m }

func textAt(v any, path ...string) string { s, _ := At(v, path...).(string); return s }

// listAt returns a list; what is no list is one of itself, as policies have it.
func listAt(v any, path ...string) []any {
	switch v := At(v, path...).(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// Text returns a value as policies name it: a text as it is, a Ref as its name, an
// attribute as Name.Attribute, a Sub as its text, and anything else as Go prints it.
func Text(v any) string {
	m, ok := v.(Map)
	if !ok || len(m) != 1 {
		return fmt.Sprint(v)
	}
	for function, argument := range m {
		list, _ := argument.([]any)
		switch text, isText := argument.(string); {
		case isText:
			return text
		case function == "Fn::GetAtt" && len(list) == 2:
			return fmt.Sprintf("%v.%v", list[0], list[1])
		}
	}
	return fmt.Sprint(v)
}

// walk visits every mapping and its place.
func walk(v any, path string, visit func(path string, m Map)) {
	switch v := v.(type) {
	case Map:
		visit(path, v)
		for name, inner := range v {
			walk(inner, path+"."+name, visit)
		}
	case []any:
		for i, inner := range v {
			walk(inner, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

var inSub = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)[.}]`)

// References returns the names of the parameters and resources that a value refers to,
// sorted.
func References(v any) (names []string) {
	walk(v, "", func(_ string, m Map) {
		if name, ok := m["Ref"].(string); ok {
			names = append(names, name)
		}
		if list, ok := m["Fn::GetAtt"].([]any); ok {
			names = append(names, Text(list[0]))
		}
		if sub := listAt(m, "Fn::Sub"); len(sub) > 0 {
			for _, match := range inSub.FindAllStringSubmatch(Text(sub[0]), -1) {
				names = append(names, match[1])
			}
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// alternatives returns what a value may be, whichever way its conditions go; nothing
// where there is nothing then.
func alternatives(v any) (all []any) {
	choice, conditional := At(v, "Fn::If").([]any)
	switch {
	case conditional && len(choice) == 3:
		return append(alternatives(choice[1]), alternatives(choice[2])...)
	case v == nil || textAt(v, "Ref") == "AWS::NoValue":
		return nil
	}
	return []any{v}
}
