package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A text that selects and is empty is a value that somebody forgot: it is refused, and
// nothing is done or shown instead of what was meant.
func TestEmptyTextsSelectNothing(t *testing.T) {
	s := newTown(t, nil)
	anne, id := s.enter("anne")
	olga, _ := s.enter("olga")
	s.now = s.now.Add(time.Minute)
	requests := []string{
		"POST /admin/end-sessions {\"user_agent\":\" \",\"role\":\"clerk\"}",
		"DELETE /admin/sessions/" + id + "?reason= ", "GET /admin/sessions?role=+ ", "POST /admin/users/anne/end-sessions {\"reason\":\"\"}",
		"GET /admin/sessions/count?status= ", "GET /admin/users/anne/sessions?limit= ",
	}
	for _, name := range []string{"role", "method", "user_agent", "address", "older_than", "reason"} {
		requests = append(requests, "GET /admin/sessions?status=ended&"+name+"= ")
	}
	for _, name := range []string{"status", "since", "until", "limit"} {
		requests = append(requests, "GET /admin/sessions?"+name+"= ")
	}
	for _, name := range []string{"role", "method", "user_agent", "address", "older_than", "account", "reason"} {
		for _, beside := range []string{`"all":true`, `"older_than":"1s"`, `"role":"clerk"`} {
			if !strings.HasPrefix(beside, `"`+name) {
				requests = append(requests, fmt.Sprintf(`POST /admin/end-sessions {"%s":"",%s}`, name, beside))
			}
		}
	}
	for _, request := range requests {
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		w := s.admin(method, path, body, olga)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "is empty: leave it out, or say what is meant") {
			t.Errorf("%s: %d %s", request, w.Code, w.Body)
		}
	}
	s.wantSession(anne, "")
	s.wantSession(olga, "")
}
