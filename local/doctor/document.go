package doctor

import (
	"encoding/json"
	"fmt"
	"strings"
)

// document is a policy of IAM, of a role or of a function, as far as it is judged.
type document struct {
	Statement statements `json:"Statement"`
}

type statement struct {
	Effect       string                      `json:"Effect"`
	Principal    principal                   `json:"Principal"`
	NotPrincipal json.RawMessage             `json:"NotPrincipal"`
	Action       texts                       `json:"Action"`
	NotAction    texts                       `json:"NotAction"`
	Resource     texts                       `json:"Resource"`
	NotResource  texts                       `json:"NotResource"`
	Condition    map[string]map[string]texts `json:"Condition"`
}

// statements is one statement or a list of them.
type statements []statement

// UnmarshalJSON implements [json.Unmarshaler].
func (s *statements) UnmarshalJSON(text []byte) error {
	return oneOrMany(text, (*[]statement)(s))
}

// texts is one text or a list of them.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(text []byte) error {
	var all []scalar
	err := oneOrMany(text, &all)
	for _, one := range all {
		*t = append(*t, string(one))
	}
	return err
}

// scalar is a text, or a number or truth value that conditions may have in its place.
type scalar string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *scalar) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, (*string)(s))
	}
	if strings.ContainsAny(string(text[:1]), "{[n") { // null is none either
		return fmt.Errorf("want a text, got %.20s", text)
	}
	*s = scalar(text)
	return nil
}

// principal is whom a statement is about: "*", or lists by kind.
type principal map[string]texts

// UnmarshalJSON implements [json.Unmarshaler].
func (p *principal) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		var all texts
		err := json.Unmarshal(text, &all)
		*p = principal{"AWS": all}
		return err
	}
	return json.Unmarshal(text, (*map[string]texts)(p))
}

func oneOrMany[T any](text []byte, into *[]T) error {
	if strings.HasPrefix(string(text), "[") {
		return json.Unmarshal(text, into)
	}
	*into = make([]T, 1)
	return json.Unmarshal(text, &(*into)[0])
}

// parseDocument reads a policy. One without statements is none.
func parseDocument(text string) (document, error) {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil || len(d.Statement) == 0 {
		return document{}, fmt.Errorf("a policy: %w", errOdd)
	}
	return d, nil
}
