package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// What is accepted is valid JSON of known fields, and nothing is half read.
func FuzzJSONBody(f *testing.F) {
	for _, seed := range []string{
		`{"username":"a","password":"b"}`, `{}`, `{"username":1}`, `{"username":"a"}x`, `[`, `{"a":{"b":[]}}`,
		`{"username":"a","username":"b"}`, `{"roles":["a",null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var name string
		var remember bool
		var roles []string
		err := decodeObject(body, fields{"username": &name, "remember": &remember, "roles": &roles})
		var fault *bodyError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("%q: %v is not for clients", body, err)
		}
		if err != nil {
			return
		}
		// What encoding/json reads of it, member by member, is what was taken.
		var raw map[string]json.RawMessage
		if json.Unmarshal(body, &raw) != nil {
			t.Fatalf("%q was accepted", body)
		}
		for key, value := range raw {
			target, known := map[string]any{"username": name, "remember": remember, "roles": roles}[key]
			again, _ := json.Marshal(target)
			if !known || string(value) == "null" || !sameJSON(value, again) {
				t.Errorf("%q: %q was taken for %s", body, key, again)
			}
		}
	})
}

// sameJSON compares values, not their spelling.
func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// What is accepted of a form are known fields, each once.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"username=a&password=b", "username=a&username=b", "x=y", "%zz", "", "username=%ff", "a;b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/login", bytes.NewReader(body))
		form, err := readForm(httptest.NewRecorder(), r, "username", "password")
		var fault *bodyError
		if err != nil {
			if !errors.As(err, &fault) || form != nil {
				t.Errorf("%q: %v, %v", body, form, err)
			}
			return
		}
		for name, values := range form {
			if name != "username" && name != "password" || len(values) != 1 {
				t.Errorf("%q: accepted %q %d times", body, name, len(values))
			}
		}
	})
}

func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//x", "/\\x", "/a?b#c", "https://x", "/\tx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := safePath(path)
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t\x00 ") {
			t.Errorf("%q leads to %q", path, got)
		}
	})
}
