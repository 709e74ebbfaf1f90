package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 16 << 10

// bodyError is a fault of a request's body; its text tells the client what to mend.
// It never repeats a value.
type bodyError struct {
	status int
	text   string
}

func (e *bodyError) Error() string { return e.text }

func badBody(format string, args ...any) error {
	return &bodyError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// mediaType returns the body's media type in lower case, "" if it is not one.
func mediaType(r *http.Request) string {
	t, params, err := mime.ParseMediaType(inbound.Only(r.Header["Content-Type"]))
	if err != nil || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return ""
	}
	return t
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, badBody("the body is larger than %d bytes", maxBody)
	case err != nil:
		return nil, badBody("the body could not be read")
	case !utf8.Valid(body):
		return nil, badBody("the body is not UTF-8")
	}
	return body, nil
}

// fields are the members that a JSON object may have, and where each goes.
type fields map[string]any

// chosen is a text that selects, or says what for. It may be left out and is never
// blank: a blank one stands for a value that somebody forgot, and to leave it out would
// select more than was meant.
type chosen string

func blank(text string) bool { return strings.TrimSpace(text) == "" }

func badEmpty(what, name string) error {
	return badBody("%s %q is empty: leave it out, or say what is meant", what, name)
}

// readJSON reads a body that is one JSON object. Members compare by their exact
// names; unknown and repeated ones, null, wrong types and trailing data are refused.
// Members that are missing leave their target as it is.
func readJSON(w http.ResponseWriter, r *http.Request, want fields) error {
	if mediaType(r) != typeJSON {
		return &bodyError{http.StatusUnsupportedMediaType, "the body must be sent as Content-Type: " + typeJSON}
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	return decodeObject(body, want)
}

// readOptionalJSON is readJSON for a request that need not have a body.
func readOptionalJSON(w http.ResponseWriter, r *http.Request, want fields) error {
	if r.ContentLength == 0 {
		return nil
	}
	return readJSON(w, r, want)
}

func decodeObject(body []byte, want fields) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return badBody("the body is not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return badBody("the body is not valid JSON")
		}
		if err := decodeMember(d, key, want, seen); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return badBody("the body is not valid JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badBody("the body has data after the JSON object")
	}
	return nil
}

func decodeMember(d *json.Decoder, key string, want fields, seen map[string]bool) error {
	target, known := want[key]
	switch {
	case !known:
		return badBody("unknown field %s; known are %s", session.Shown(key), strings.Join(names(want), ", "))
	case seen[key]:
		return badBody("field %q is there twice", key)
	}
	seen[key] = true
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return badBody("the body is not valid JSON")
	}
	if !decodeValue(raw, target) {
		return badBody("field %q has the wrong type: want %s", key, typeName(target))
	}
	if text, ok := target.(*chosen); ok && blank(string(*text)) {
		return badEmpty("field", key)
	}
	return nil
}

// decodeValue reads a value of the target's type; null is of none.
func decodeValue(raw json.RawMessage, target any) bool {
	list, ok := target.(*[]string)
	if !ok {
		return !bytes.Equal(raw, []byte("null")) && json.Unmarshal(raw, target) == nil
	}
	var items []*string
	if json.Unmarshal(raw, &items) != nil || items == nil || slices.Contains(items, nil) {
		return false
	}
	*list = make([]string, len(items))
	for i, item := range items {
		(*list)[i] = *item
	}
	return true
}

func names(want fields) []string {
	var all []string
	for name := range want {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func typeName(target any) string {
	switch target.(type) {
	case *string, *chosen:
		return "a string"
	case *bool, **bool:
		return "true or false"
	case **int:
		return "a whole number"
	case **signin.NewPassword:
		return "a string"
	case *[]string:
		return "a list of strings"
	}
	return "another"
}

// readEither reads a body that is JSON or a form, each with members of its own; those
// of a form are strings.
func readEither(w http.ResponseWriter, r *http.Request, in, inForm fields) (form bool, err error) {
	if mediaType(r) != typeForm {
		return false, readJSON(w, r, in)
	}
	values, err := readForm(w, r, names(inForm)...)
	for name := range inForm {
		if text, ok := inForm[name].(*string); ok {
			*text = values.Get(name)
		}
	}
	return true, err
}

// readForm reads an HTML form's body. Fields that are unknown or there twice are
// refused; missing ones are "".
func readForm(w http.ResponseWriter, r *http.Request, known ...string) (url.Values, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badBody("the form is not encoded as %s", typeForm)
	}
	for name, values := range form {
		switch {
		case !slices.Contains(known, name):
			return nil, badBody("unknown field %s", session.Shown(name))
		case len(values) > 1:
			return nil, badBody("field %q is there %d times", name, len(values))
		}
	}
	return form, nil
}
