package main

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// at returns what stands at a path of names, nil if nothing does.
func at(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		var found *yaml.Node
		each(n, func(key string, value *yaml.Node) {
			if key == name {
				found = value
			}
		})
		if n = found; n == nil {
			return nil
		}
	}
	return n
}

// each visits the members of a mapping in their order; anything else has none.
func each(n *yaml.Node, visit func(name string, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		visit(n.Content[i].Value, n.Content[i+1])
	}
}

func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// intrinsic returns the argument of a function, written short (!Ref) or long, nil for
// anything else.
func intrinsic(n *yaml.Node, short, long string) *yaml.Node {
	if n.Tag == short {
		return n
	}
	return at(n, long)
}

// referred returns the name in a Ref, or the text itself.
func referred(n *yaml.Node) string {
	if ref := intrinsic(n, "!Ref", "Ref"); ref != nil {
		return ref.Value
	}
	return n.Value
}

var inSub = regexp.MustCompile(`\$\{(\w+)\.Arn\}`)

// arnOf returns the name of the resource whose ARN a value is, or is made of; "" for none.
func arnOf(n *yaml.Node) string {
	if get := intrinsic(n, "!GetAtt", "Fn::GetAtt"); get != nil {
		path := get.Value
		for i, part := range get.Content {
			path += strings.Repeat(".", min(i, 1)) + part.Value
		}
		name, isARN := strings.CutSuffix(path, ".Arn")
		if !isARN {
			return ""
		}
		return name
	}
	if sub := intrinsic(n, "!Sub", "Fn::Sub"); sub != nil {
		if match := inSub.FindStringSubmatch(sub.Value); match != nil {
			return match[1]
		}
	}
	return ""
}
