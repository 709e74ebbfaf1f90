package apigw_test

import (
	"slices"
	"testing"

	"coatcheck/functions/internal/apigw"
)

func TestCookies(t *testing.T) {
	for _, c := range []struct {
		name                string
		field, header, want []string
	}{
		{"none", nil, nil, nil},
		{"AWS: the field", []string{"a=1", "b=2"}, nil, []string{"a=1", "b=2"}},
		{"the header", nil, []string{"a=1; b=2"}, []string{"a=1; b=2"}},
		{"two headers", nil, []string{"a=1", "a=1"}, []string{"a=1", "a=1"}},
		{"sam local: both", []string{"a=1", "b=2"}, []string{"a=1; b=2"}, []string{"a=1", "b=2"}},
		{"twice in the field", []string{"a=1", "a=1"}, []string{"a=1"}, []string{"a=1", "a=1"}},
		{"twice in the header", []string{"a=1"}, []string{"a=1; a=1"}, []string{"a=1", "a=1"}},
		{"twice in two headers", []string{"a=1"}, []string{"a=1", "a=1"}, []string{"a=1", "a=1"}},
		{"another value", []string{"a=1"}, []string{"a=2"}, []string{"a=1", "a=2"}},
		{"unquoted by the emulator", []string{"a=1"}, []string{`a="1"`}, []string{"a=1", `a="1"`}},
		{"two in one line of the field", []string{"a=1; a=1"}, []string{"a=1"}, []string{"a=1; a=1"}},
		{"commas", []string{"a=1, b=2"}, []string{"a=1, b=2"}, []string{"a=1, b=2"}},
	} {
		if got := apigw.Cookies(c.field, c.header); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// What is added never lands in the event's own memory.
func TestCookiesCopies(t *testing.T) {
	field := append(make([]string, 0, 4), "a=1")
	apigw.Cookies(field, []string{"b=2"})
	if spare := field[:2][1]; spare != "" {
		t.Errorf("wrote %q behind the field", spare)
	}
}
