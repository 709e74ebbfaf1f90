// Package secrets looks for secrets in what the product writes: logs, metrics, answers,
// pages, what it tells others, and its data. Its tests run the local program through
// every kind of operation and look through all of that.
package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// form is one way in which a secret may be written.
type form struct{ name, text string }

// forms are the ways in which bytes may be written.
func forms(raw string) []form {
	all := []form{
		{"as it is", raw},
		{"hex", hex.EncodeToString([]byte(raw))},
		{"HEX", strings.ToUpper(hex.EncodeToString([]byte(raw)))},
		{"percent", percent(raw, "%%%02x")},
		{"PERCENT", percent(raw, "%%%02X")},
		{"URL query", url.QueryEscape(raw)},
		{"URL path", url.PathEscape(raw)},
		{"JSON", inJSON(raw, false)},
		{"JSON for HTML", inJSON(raw, true)},
		{"HTML", html.EscapeString(raw)},
		{"quoted", quoted(raw)},
	}
	return append(all, inBase64(raw)...)
}

func percent(raw, verb string) string {
	var b strings.Builder
	for i := range len(raw) {
		fmt.Fprintf(&b, verb, raw[i])
	}
	return b.String()
}

func inJSON(raw string, forHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(forHTML)
	if e.Encode(raw) != nil {
		return ""
	}
	return strings.Trim(b.String(), "\"\n")
}

func quoted(raw string) string {
	text := strconv.Quote(raw)
	return text[1 : len(text)-1]
}

// inBase64 writes bytes at each of the three places that they can have in what is
// written in base64, without the characters at the ends that their neighbours share.
func inBase64(raw string) (all []form) {
	for _, coding := range []struct {
		name string
		*base64.Encoding
	}{{"base64", base64.RawStdEncoding}, {"base64url", base64.RawURLEncoding}} {
		for before := range 3 {
			text := coding.EncodeToString([]byte(strings.Repeat("\x00", before) + raw))
			first := (before*8 + 5) / 6         // the first character that is the secret's alone
			last := (before + len(raw)) * 8 / 6 // past the last one
			all = append(all, form{fmt.Sprintf("%s at %d", coding.name, before), text[first:last]})
		}
	}
	return all
}
