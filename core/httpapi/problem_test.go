package httpapi_test

import (
	"net/http"
	"testing"
)

// A refusal says what is wrong once: its title says that something is, its detail what,
// and all of it.
func TestDetailOfInvalidRequests(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	const roles17 = `{"roles":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]}`
	for name, c := range map[string]struct{ method, path, body, detail string }{
		"a change":    {"PATCH", "/admin/users/anne", roles17, "17 roles: want at most 16"},
		"a name":      {"GET", "/admin/users/a*b", "", `user name "a*b": '*' does not fit; want 1 to 64 of a-z, 0-9 and . _ - @ +, beginning with a letter or digit`},
		"a predicate": {"POST", "/admin/end-sessions", "{}", "the predicate fits every session: say which ones, or that all are meant"},
		"two at once": {
			"POST", "/admin/users", `{"username":"dora","password":"short","roles":["coatcheck:king"]}`,
			"role \"coatcheck:king\": those that begin with \"coatcheck:\" are coatcheck:viewer, coatcheck:operator and coatcheck:owner\n" +
				"password: too short; use at least 15 characters, for example five or six unrelated words",
		},
	} {
		w := s.admin(c.method, c.path, c.body, olga)
		got := s.body(w)
		if w.Code != http.StatusBadRequest || got["title"] != "Invalid request" || got["detail"] != c.detail {
			t.Errorf("%s: %d %q, want %q", name, w.Code, got["detail"], c.detail)
		}
	}
}
