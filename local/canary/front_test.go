package canary

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const (
	testName     = "canary"
	testPassword = "correct horse battery staple"
)

// front is a deployment as a client sees it, in order unless a test breaks it.
type front struct {
	t   *testing.T
	url string
	// broken answers in the front's place and reports whether it did. ended says that
	// the request's session was ended.
	broken func(w http.ResponseWriter, r *http.Request, ended bool) bool

	mu       sync.Mutex
	live     map[string]bool // by token; false: ended
	asked    []string        // what was asked, in order
	replaced bool            // GET /session replaces the token once
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{t: t, live: map[string]bool{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// ServeHTTP implements [http.Handler].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	f.asked = append(f.asked, what)
	token := f.check(r)
	alive, known := f.live[token]
	if f.broken != nil && f.broken(w, r, known && !alive) {
		return
	}
	switch what {
	case "POST /login":
		f.login(w, r)
	case "POST /logout":
		f.live[token] = false
		http.SetCookie(w, &http.Cookie{Name: "__Host-sid", MaxAge: -1, Path: "/"})
		w.WriteHeader(http.StatusNoContent)
	case "POST /account/sessions/end-others":
		fmt.Fprintf(w, `{"ended":%d}`, f.endOthers(token))
	case "GET /session":
		f.session(w, token)
	default:
		http.NotFound(w, r)
	}
}

// check looks at what every request must have, and returns its token.
func (f *front) check(r *http.Request) string {
	if got := r.Header.Get("Origin"); r.Method != http.MethodGet && got != f.url {
		f.t.Errorf("%s %s comes from origin %q, want %q", r.Method, r.URL, got, f.url)
	}
	switch cookies := r.Header["Cookie"]; {
	case len(cookies) > 1 || len(cookies) == 1 && r.URL.Path == "/login":
		f.t.Errorf("%s %s has cookies %q", r.Method, r.URL, cookies)
	case len(cookies) == 1:
		token, _ := strings.CutPrefix(cookies[0], "__Host-sid=")
		return token
	}
	return ""
}

func (f *front) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Username != testName || body.Password != testPassword {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f.newSession(w)
}

func (f *front) newSession(w http.ResponseWriter) {
	token := fmt.Sprintf("SECRET-TOKEN-%d", len(f.live))
	f.live[token] = true
	http.SetCookie(w, &http.Cookie{Name: "__Host-sid", Value: token, Path: "/", Secure: true, HttpOnly: true})
}

func (f *front) endOthers(token string) (ended int) {
	for other, alive := range f.live {
		if other != token && alive {
			f.live[other] = false
			ended++
		}
	}
	return ended
}

func (f *front) session(w http.ResponseWriter, token string) {
	if !f.live[token] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if f.replaced {
		f.replaced = false
		delete(f.live, token)
		f.newSession(w)
	}
	fmt.Fprint(w, `{}`)
}

// alive is how many sessions are left.
func (f *front) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, alive := range f.live {
		if alive {
			n++
		}
	}
	return n
}
