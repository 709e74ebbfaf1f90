package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// idNamed is a session ID that ends so.
func idNamed(last string) string { return someID[:len(someID)-len(last)] + last }

// halfStepText is the problem of a step that failed after it had ended one of its three.
func halfStepText() string {
	rows := make([]string, 0, 3)
	for _, last := range []string{"B", "C", "D"} {
		rows = append(rows, fmt.Sprintf(`{"id":%q,"subject":"anne"}`, idNamed(last)))
	}
	return fmt.Sprintf(`{"title":"Sessions cannot be checked right now","status":503,"detail":"1 have ended.","step":`+
		`{"examined":9,"matched":3,"ended":1,"sessions":[%s]}}`, strings.Join(rows, ","))
}

// A walk that fails half-way through a step lists what the step was at and, as far as
// the server can tell, what became of each.
func TestEndWhereTellsWhatAFailedStepEnded(t *testing.T) {
	for name, c := range map[string]struct {
		fates map[string]string // of the sessions, by their last letter; none: the server does not know
		want  []string
	}{
		"told of each": {
			map[string]string{"B": `"ended","endReason":"ended_by_admin"`, "C": `"active"`, "D": `"damaged"`},
			[]string{"ended (ended_by_admin)", "active", "damaged"},
		},
		"told of the first": {
			map[string]string{"B": `"ended","endReason":"roles_changed"`, "D": `"active"`},
			[]string{"ended (roles_changed)", "not known: it may have ended", "not known: it may have ended"},
		},
		"told of none": {nil, []string{"not known: it may have ended", "not known: it may have ended", "not known: it may have ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			api := newFakeAPI(t, func(method, path, body string) (int, string) {
				switch {
				case method == http.MethodGet:
					if fate, ok := c.fates[path[len(path)-1:]]; ok {
						return 200, fmt.Sprintf(`{"session":{"id":"x","status":%s}}`, fate)
					}
					return 503, unavailable
				case !strings.Contains(body, "cursor"):
					return 200, fmt.Sprintf(`{"examined":2,"matched":1,"ended":1,"sessions":[{"id":%q,"subject":"bert"}],"next":"NEXT"}`, someID)
				}
				return 503, halfStepText()
			})
			out, errs, code := api.run("session", "end-where", "--role", "clerk", "--yes")
			want := someID + "  bert\n"
			for i, last := range []string{"B", "C", "D"} {
				want += idNamed(last) + "  anne  " + c.want[i] + "\n"
			}
			if code != exitFailed || out != want {
				t.Errorf("got %d:\n%swant:\n%s", code, out, want)
			}
			if !strings.Contains(errs, "1 have ended") || !strings.Contains(errs, "stopped after 11 looked at and 2 ended; to go on, add --cursor=NEXT") {
				t.Errorf("it says %s", errs)
			}
		})
	}
}

// How to go on is told where going on may help, and as it helps.
func TestEndWhereInterrupted(t *testing.T) {
	const next = `{"examined":7,"matched":5,"ended":5,"sessions":[],"next":"NEXT"}`
	hangUp := func(string) (int, string) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		args       []string
		answer     func(body string) (int, string)
		want, lack string
	}{
		"the store fails": {
			nil, func(string) (int, string) { return 503, unavailable },
			"stopped after 0 looked at and 0 ended; to go on, run it again", "--since",
		},
		"the store fails later": {
			nil, func(body string) (int, string) {
				if strings.Contains(body, "NEXT") {
					return 503, unavailable
				}
				return 200, next
			}, "after 7 looked at and 5 ended; to go on, add --cursor=NEXT", "--since",
		},
		"the server is gone":              {nil, hangUp, "may have ended more: session list --all --status ended --since 2", "--cursor"},
		"the server is gone in a dry run": {[]string{}, hangUp, "to go on, run it again", "--since"},
		"a cursor that is none": {
			[]string{"--yes", "--cursor", "garbage"}, func(string) (int, string) {
				return 400, `{"title":"Invalid cursor","status":400,"detail":"Use the value of next as it was given."}`
			}, "Invalid cursor: Use the value of next as it was given.", "garbage",
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := newFakeAPI(t, func(_, _, body string) (int, string) { return c.answer(body) })
			if c.args == nil {
				c.args = []string{"--yes"}
			}
			out, errs, code := api.run(append([]string{"session", "end-where", "--role", "clerk"}, c.args...)...)
			if code != exitFailed || out != "" || !strings.Contains(errs, c.want) || strings.Contains(errs, c.lack) {
				t.Errorf("got %d %s%s, want %q and not %q", code, out, errs, c.want, c.lack)
			}
		})
	}
}
