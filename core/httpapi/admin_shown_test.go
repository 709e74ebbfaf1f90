package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What is long enough to be a password or a token is not repeated to who sent it in the
// wrong place; what is short is.
func TestProblemsRepeatNothingLong(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	s.now = s.now.Add(time.Minute)
	for _, request := range []string{
		"GET /admin/sessions?limit=%s", "GET /admin/sessions?status=%s", "GET /admin/sessions?since=%s", "GET /admin/sessions?%s=1",
		"GET /admin/sessions?older_than=%s", "GET /admin/users?changes=%s", "GET /admin/users/%s", "GET /admin/sessions?status=ended&reason=%s",
		`POST /admin/users/anne/end-sessions {"reason":"%s"}`, `POST /admin/end-sessions {"account":"%s"}`, `POST /admin/end-sessions {"%s":1}`,
		`PATCH /admin/users/anne {"roles":["%s"]}`,
	} {
		for text, shown := range map[string]bool{"so,what": true, "lantern,harbour": false} {
			method, rest, _ := strings.Cut(strings.ReplaceAll(request, "%s", text), " ")
			path, body, _ := strings.Cut(rest, " ")
			w := s.admin(method, path, body, olga)
			if got := strings.Contains(w.Body.String(), text); w.Code != http.StatusBadRequest || got != shown {
				t.Errorf("%s, %q: %d %s", request, text, w.Code, w.Body)
			}
		}
	}
}
