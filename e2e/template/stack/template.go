// Package stack reads CloudFormation templates for tests, as they are written and as
// SAM's translator makes them, and knows what must hold of either ([Faults]).
package stack

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"coatcheck/core/settings"
)

// Map is a mapping of a template. Functions stand in it by their long names:
// {"Ref": "Api"}, {"Fn::GetAtt": ["Login", "Arn"]}.
type Map = map[string]any

// Template is a template, its functions by their long names.
type Template struct {
	Sections   []string // by name, in their order
	Order      []string // the resources' names, in their order
	Resources  map[string]Resource
	Parameters map[string]Map
	Conditions Map
	Globals    Map
	Outputs    Map
	Metadata   Map
	Rules      Map
}

// Resource is one resource of a template.
type Resource struct {
	Type                string
	Condition           string
	DeletionPolicy      string
	UpdateReplacePolicy string
	IgnoreGlobals       []string // what of Globals SAM leaves out
	Properties          Map
}

// Root is the module's folder, seen from a test's folder: a test of a package runs in it.
func Root(tb testing.TB) string {
	tb.Helper()
	for dir := "."; len(dir) < 64; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	tb.Fatal("no go.mod above")
	return ""
}

// Read reads a template by its path from the module's root.
func Read(tb testing.TB, path string) *Template {
	tb.Helper()
	return read(tb, filepath.Join(Root(tb), path))
}

func read(tb testing.TB, file string) *Template {
	tb.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // G304: a test names it
	if err != nil {
		tb.Fatal(err)
	}
	t, err := Parse(text)
	if err != nil {
		tb.Fatalf("%s: %v", file, err)
	}
	return t
}

// Translate returns what SAM's translator makes of a template, by the Python
// environment that tools/sam installed.
func Translate(tb testing.TB, venv, file string) *Template {
	tb.Helper()
	script := filepath.Join(Root(tb), "tools", "translate.py")
	out, err := exec.Command(filepath.Join(venv, "bin", "python"), script, file).Output() //nolint:gosec // G204: a test's own
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	if err != nil {
		tb.Fatalf("translate %s: %v", file, err)
	}
	t, err := Parse(out)
	if err != nil {
		tb.Fatalf("translation of %s: %v", file, err)
	}
	return t
}

// Parse reads a template's text, YAML or JSON.
func Parse(text []byte) (*Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	root, err := valueOf(&doc)
	if err != nil {
		return nil, err
	}
	m, ok := root.(Map)
	if !ok {
		return nil, errors.New("not a template")
	}
	t := &Template{
		Sections: keysOf(&doc), Order: keysOf(&doc, "Resources"),
		Conditions: mapAt(m, "Conditions"), Globals: mapAt(m, "Globals"), Outputs: mapAt(m, "Outputs"),
		Metadata: mapAt(m, "Metadata"), Rules: mapAt(m, "Rules"),
		Resources: map[string]Resource{}, Parameters: map[string]Map{},
	}
	for name := range mapAt(m, "Parameters") {
		t.Parameters[name] = mapAt(m, "Parameters", name)
	}
	for name := range mapAt(m, "Resources") {
		r := mapAt(m, "Resources", name)
		t.Resources[name] = Resource{
			Type: textAt(r, "Type"), Condition: textAt(r, "Condition"), DeletionPolicy: textAt(r, "DeletionPolicy"),
			UpdateReplacePolicy: textAt(r, "UpdateReplacePolicy"), Properties: mapAt(r, "Properties"),
			IgnoreGlobals: textsAt(r, "IgnoreGlobals"),
		}
	}
	if len(t.Resources) == 0 {
		return nil, errors.New("the template has no resources")
	}
	return t, nil
}

// Of returns the names of the resources of any of these types, in their order.
func (t *Template) Of(types ...string) (names []string) {
	for _, name := range t.Order {
		for _, one := range types {
			if t.Resources[name].Type == one {
				names = append(names, name)
			}
		}
	}
	return names
}

// Functions returns the functions' names, translated or not.
func (t *Template) Functions() []string {
	return t.Of("AWS::Serverless::Function", "AWS::Lambda::Function")
}

// Environment returns a function's variables, those of Globals among them unless it
// ignores them.
func (t *Template) Environment(function string) Map {
	all := Map{}
	if !slices.Contains(t.Resources[function].IgnoreGlobals, "Environment") {
		maps.Copy(all, mapAt(t.Globals, "Function", "Environment", "Variables"))
	}
	maps.Copy(all, mapAt(t.Resources[function].Properties, "Environment", "Variables"))
	return all
}

// VariableFaults compares the variables that a function is given with those that its
// code asks for, one fault each. What Lambda sets by itself does not count.
func (t *Template) VariableFaults(function string, asked []string) (faults []string) {
	given := t.Environment(function)
	for _, name := range asked {
		ours := strings.HasPrefix(name, settings.Prefix) || strings.HasPrefix(name, "AWS_ENDPOINT_URL")
		if _, is := given[name]; ours && !is {
			faults = append(faults, function+" is not given "+name)
		}
	}
	for name := range given {
		if !slices.Contains(asked, name) {
			faults = append(faults, function+" does not read "+name)
		}
	}
	return faults
}
