package stack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Passes reports whether a record passes a filter of an event source mapping, as far as
// ours use its rules (AWS Lambda Developer Guide, "Control which events Lambda sends to
// your function"): texts, prefix and exists, the last on leaves alone. It is our reading
// of them; only AWS can show its own.
func Passes(pattern string, record []byte) (bool, error) {
	var p, r any
	if err := json.Unmarshal([]byte(pattern), &p); err != nil {
		return false, err
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return false, err
	}
	return passes(p, r)
}

func passes(pattern, value any) (bool, error) {
	switch p := pattern.(type) {
	case map[string]any:
		fields, _ := value.(map[string]any)
		for name, inner := range p {
			if ok, err := passes(inner, fields[name]); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case []any:
		for _, one := range p {
			if ok, err := fits(one, value); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("%v is no rule of a filter", pattern)
}

// fits compares a leaf.
func fits(rule, value any) (bool, error) {
	text, isText := value.(string)
	switch r := rule.(type) {
	case string:
		return isText && text == r, nil
	case map[string]any:
		if prefix, ok := r["prefix"].(string); ok && len(r) == 1 {
			return isText && strings.HasPrefix(text, prefix), nil
		}
		if exists, ok := r["exists"].(bool); ok && len(r) == 1 {
			return isText == exists, nil
		}
	}
	return false, fmt.Errorf("%v is no rule that is understood", rule)
}
