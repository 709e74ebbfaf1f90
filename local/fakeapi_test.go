package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeAPI answers on an operators' socket as the test says, and notes what was asked:
// for answers that a server gives only while its store fails.
type fakeAPI struct {
	t      *testing.T
	data   string
	asked  []string
	answer func(method, path, body string) (status int, text string)
}

func newFakeAPI(t *testing.T, answer func(method, path, body string) (status int, text string)) *fakeAPI {
	t.Helper()
	f := &fakeAPI{t: t, data: filepath.Dir(dataFolder(t)), answer: answer}
	l, err := listenOperators(f.data)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: f}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil || !errors.Is(<-done, http.ErrServerClosed) {
			t.Error("the fake did not end", err)
		}
	})
	return f
}

// ServeHTTP implements [http.Handler]. One command asks one thing after the other.
func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
	status, text := f.answer(r.Method, r.URL.RequestURI(), string(body))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// run runs a command against the fake.
func (f *fakeAPI) run(args ...string) (stdout, stderr string, code int) {
	f.t.Helper()
	var out, errs bytes.Buffer
	code = run(f.t.Context(), append([]string{"--data", f.data}, args...), streams{in: strings.NewReader(""), out: &out, err: &errs})
	return out.String(), errs.String(), code
}

const (
	someID      = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	unavailable = `{"type":"urn:coatcheck:problem:unavailable","title":"Sessions cannot be checked right now","status":503,"detail":"Try again."}`
)

// What is to end is ended without a look at it before: a record that cannot be read
// would keep it from its end.
func TestEndsAskForNothingBefore(t *testing.T) {
	api := newFakeAPI(t, func(method, _, _ string) (int, string) {
		switch method {
		case http.MethodDelete:
			return 200, fmt.Sprintf(`{"session":{"id":%q,"status":"ended","endReason":"ended_by_admin","endedAt":"2999-01-01T00:00:00Z"}}`, someID)
		case http.MethodPost:
			return 200, `{"ended":2}`
		}
		return 503, unavailable
	})
	for _, c := range []struct {
		command string
		asks    []string
		says    string
	}{
		{"end", []string{"DELETE /admin/sessions/" + someID + "?reason=ended_by_admin"}, "Ended session " + someID + " (ended_by_admin).\n"},
		{
			"end-others",
			[]string{"POST /admin/sessions/" + someID + "/end-others", "GET /admin/sessions/" + someID},
			"Ended 2 sessions; " + someID + " stays (nobody can tell whether it is live: ",
		},
	} {
		api.asked = nil
		out, errs, code := api.run("session", c.command, someID, "--yes")
		if code != exitOK || !strings.HasPrefix(out, c.says) || !slices.Equal(api.asked, c.asks) {
			t.Errorf("%s: %d %s%s, asked %q", c.command, code, out, errs, api.asked)
		}
	}
	if out, errs, code := api.run("session", "end", someID); code != exitFailed || out != "" || !strings.Contains(errs, "right now") {
		t.Errorf("dry run: %d %s%s", code, out, errs)
	}
}
