package emf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// The rules of CloudWatch's specification of the format and of the schema in it.
const (
	maxDimensions = 30
	maxMetrics    = 100
	maxValues     = 100
	maxName       = 1024
	maxDimension  = 250
	maxLine       = 256 << 10 // the older limit of an event; now 1 MB
)

var units = []string{"Seconds", "Count"} // of those in the schema, ours

// document is a line as CloudWatch Logs reads it.
type document struct {
	AWS struct {
		Timestamp  *int64
		Directives []directive `json:"CloudWatchMetrics"`
	} `json:"_aws"`
	Level     string `json:"level"`
	Timestamp string `json:"timestamp"`
	root      map[string]any
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct{ Name, Unit string }
}

// parse reads a line, and says what of it the specification does not allow.
func parse(line []byte) (document, error) {
	var d document
	if len(line) > maxLine || bytes.ContainsAny(bytes.TrimSuffix(line, []byte("\n")), "\r\n") {
		return d, fmt.Errorf("%d bytes, or more than one line", len(line))
	}
	if err := json.Unmarshal(line, &d); err != nil {
		return d, err
	}
	if err := json.Unmarshal(line, &d.root); err != nil {
		return d, err
	}
	if d.AWS.Timestamp == nil || len(d.AWS.Directives) == 0 {
		return d, errors.New("no Timestamp or no CloudWatchMetrics")
	}
	// Within the years 2001 to 2286 milliseconds have 13 digits.
	if n := *d.AWS.Timestamp; n < 1e12 || n >= 1e13 {
		return d, fmt.Errorf("Timestamp %d is not in milliseconds", n)
	}
	for i := range d.AWS.Directives {
		if err := d.check(&d.AWS.Directives[i]); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d *document) check(one *directive) error {
	switch {
	case len(one.Namespace) < 1 || len(one.Namespace) > maxName:
		return fmt.Errorf("namespace %q", one.Namespace)
	case len(one.Dimensions) < 1:
		return errors.New("no set of dimensions")
	case len(one.Metrics) < 1 || len(one.Metrics) > maxMetrics:
		return fmt.Errorf("%d metrics in a directive", len(one.Metrics))
	}
	for _, set := range one.Dimensions {
		if set == nil || len(set) > maxDimensions {
			return fmt.Errorf("set of dimensions %v", set)
		}
		for _, name := range set {
			if value, ok := d.root[name].(string); !ok || len(name) < 1 || len(name) > maxDimension || len(value) < 1 || len(value) > maxName {
				return fmt.Errorf("dimension %q has the target %v", name, d.root[name])
			}
		}
	}
	for _, m := range one.Metrics {
		if len(m.Name) < 1 || len(m.Name) > maxName || !slices.Contains(units, m.Unit) || len(d.values(m.Name)) == 0 {
			return fmt.Errorf("metric %q in %q has the target %v", m.Name, m.Unit, d.root[m.Name])
		}
	}
	return nil
}

// values are a metric's numbers, none if its target is not allowed.
func (d *document) values(name string) []float64 {
	switch target := d.root[name].(type) {
	case float64:
		return []float64{target}
	case []any:
		var out []float64
		for _, v := range target {
			n, ok := v.(float64)
			if !ok || len(target) > maxValues {
				return nil
			}
			out = append(out, n)
		}
		return out
	}
	return nil
}

// The rules find what is wrong.
func TestRules(t *testing.T) {
	line := func(directive, rest string) string {
		return `{"_aws":{"Timestamp":1772366400000,"CloudWatchMetrics":[` + directive + `]}` + rest + "}\n"
	}
	const good = `{"Namespace":"N","Dimensions":[["D"]],"Metrics":[{"Name":"M","Unit":"Count"}]}`
	for name, c := range map[string]struct {
		line  string
		valid bool
	}{
		"valid":                      {line(good, `,"M":1,"D":"d"`), true},
		"values":                     {line(good, `,"M":[1,2.5],"D":"d"`), true},
		"no values":                  {line(good, `,"M":[],"D":"d"`), false},
		"101 values":                 {line(good, `,"M":[0`+string(bytes.Repeat([]byte(",0"), 100))+`],"D":"d"`), false},
		"no target":                  {line(good, `,"D":"d"`), false},
		"a text for a value":         {line(good, `,"M":"1","D":"d"`), false},
		"no dimension's target":      {line(good, `,"M":1`), false},
		"a number for a dimension":   {line(good, `,"M":1,"D":1`), false},
		"no directive":               {line("", `,"M":1,"D":"d"`), false},
		"no namespace":               {line(`{"Dimensions":[[]],"Metrics":[{"Name":"M","Unit":"Count"}]}`, `,"M":1`), false},
		"no set of dimensions":       {line(`{"Namespace":"N","Metrics":[{"Name":"M","Unit":"Count"}]}`, `,"M":1`), false},
		"null for dimensions":        {line(`{"Namespace":"N","Dimensions":[null],"Metrics":[{"Name":"M","Unit":"Count"}]}`, `,"M":1`), false},
		"empty set of dimensions":    {line(`{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M","Unit":"Count"}]}`, `,"M":1`), true},
		"a unit of nobody's":         {line(`{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"M","Unit":"Pieces"}]}`, `,"M":1`), false},
		"two lines":                  {line(good, `,"M":1,`+"\n"+`"D":"d"`), false},
		"seconds for milliseconds":   {`{"_aws":{"Timestamp":1772366400,"CloudWatchMetrics":[` + good + `]},"M":1,"D":"d"}`, false},
		"no time":                    {`{"_aws":{"CloudWatchMetrics":[` + good + `]},"M":1,"D":"d"}`, false},
		"text before the document":   {"EMF " + line(good, `,"M":1,"D":"d"`), false},
		"a document that breaks off": {`{"_aws":{`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse([]byte(c.line)); (err == nil) != c.valid {
				t.Errorf("got %v", err)
			}
		})
	}
}
