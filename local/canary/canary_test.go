package canary

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// run runs against a front, waiting not long.
func (f *front) run(t *testing.T, within time.Duration) Result {
	t.Helper()
	target, err := ParseURL(f.url)
	if err != nil {
		t.Fatal(err)
	}
	result := Run(t.Context(), Options{URL: target, Protected: "/session", Username: testName, Password: testPassword, Within: within})
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{testPassword, "SECRET-TOKEN"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the result holds %q: %s", secret, text)
		}
	}
	return result
}

// TestInOrder: every step of both rounds, and the promise kept.
func TestInOrder(t *testing.T) {
	f := newFront(t)
	result := f.run(t, 10*time.Second)
	if result.Verdict != Passed || result.URL != f.url {
		t.Errorf("got %+v", result)
	}
	want := []string{
		"signed out: POST /login 200 signed in ×1", "signed out: GET /session 200 allowed ×1", "signed out: POST /logout 204 ended ×1",
		"signed out: GET /session 401 refused ×5",
		"ended by another device: POST /login 200 signed in ×2", "ended by another device: GET /session 200 allowed ×1",
		"ended by another device: POST /account/sessions/end-others 200 ended ×1", "ended by another device: GET /session 401 refused ×5",
		"ended by another device: GET /session 200 allowed ×1",
	}
	if got := steps(result); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, r := range result.Rounds {
		if r.Verdict != Passed || r.Refused == nil || *r.Refused <= 0 || r.Allowed != 0 || r.Outages != 0 || r.Why != "" {
			t.Errorf("got %+v", r)
		}
	}
	if n := f.alive(); n != 0 {
		t.Errorf("%d sessions are left alive", n)
	}
}

func steps(r Result) (all []string) {
	for _, round := range r.Rounds {
		for _, s := range round.Steps {
			all = append(all, fmt.Sprintf("%s: %s %d %s ×%d", round.Name, s.Do, s.Status, s.Means, s.Times))
		}
	}
	return all
}

// protected reports whether a request is the one that is to be allowed or refused.
func protected(r *http.Request) bool { return r.URL.Path == "/session" }

// TestBroken shows that the canary can fail, and that it says of what.
func TestBroken(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another place was asked: %s with %v", r.URL, r.Header)
	}))
	defer elsewhere.Close()
	const inTime = 10 * time.Second // enough for whatever comes to an end by itself
	for _, c := range []struct {
		name    string
		broken  func(count *int) func(w http.ResponseWriter, r *http.Request, ended bool) bool
		within  time.Duration
		want    Verdict
		why     string // of the first round
		allowed int    // in it; -1: some
		refused bool
	}{
		{"keeps answering 200", answerAfterEnd(1<<30, http.StatusOK), 300 * time.Millisecond, Failed, "none was refused within 300ms", -1, false},
		{"answers 200 three times more, as a cache does", answerAfterEnd(3, http.StatusOK), inTime, Failed, "3 calls were allowed after the end was acknowledged", 3, true},
		{"refuses once, then one of its caches answers", func(n *int) func(http.ResponseWriter, *http.Request, bool) bool {
			return func(_ http.ResponseWriter, r *http.Request, ended bool) bool {
				if ended && protected(r) {
					*n++
				}
				return ended && protected(r) && *n == 2 // an empty answer is a 200
			}
		}, inTime, Failed, "1 calls were allowed", 1, true},
		{"answers 204 where it should refuse", answerAfterEnd(1, http.StatusNoContent), inTime, Failed, "1 calls were allowed", 1, true},
		{"answers 503 after the end", answerAfterEnd(1<<30, http.StatusServiceUnavailable), 300 * time.Millisecond, Outage, "no call after the end was decided within 300ms", 0, false},
		{"answers 429 after the end", answerAfterEnd(1<<30, http.StatusTooManyRequests), 300 * time.Millisecond, Outage, "no call after the end was decided", 0, false},
		{"answers 500 twice, then refuses", answerAfterEnd(2, http.StatusInternalServerError), inTime, Passed, "", 0, true},
		{"answers 404 after the end", answerAfterEnd(1<<30, http.StatusNotFound), inTime, Failed, "/session answers status 404 after the end", 0, false},
		{"answers 503 to everything", answerTo("", http.StatusServiceUnavailable), inTime, Outage, "signing in: status 503", 0, false},
		{"has too many sign-ins", answerTo("/login", http.StatusTooManyRequests), inTime, Outage, "signing in: status 429", 0, false},
		{"refuses the sign-in", answerTo("/login", http.StatusUnauthorized), inTime, Failed, "see that name and password are right", 0, false},
		{"takes it for cross-site", answerTo("/login", http.StatusForbidden), inTime, Failed, "is an origin of the deployment", 0, false},
		{"has no sign-in", answerTo("/login", http.StatusNotFound), inTime, Failed, "there is no sign-in at this address", 0, false},
		{"signs in without a cookie", answerTo("/login", http.StatusOK), inTime, Failed, "the answer sets no session cookie", 0, false},
		{"refuses from the start", answerTo("/session", http.StatusForbidden), inTime, Failed, "/session is refused before the end (status 403)", 0, false},
		{"is down behind the sign-in", answerTo("/session", http.StatusBadGateway), inTime, Outage, "calling /session before the end: status 502", 0, false},
		{"does not end", answerTo("/logout", http.StatusForbidden), inTime, Failed, "/logout: status 403: the session could not be ended", 0, false},
		{"may have ended", answerTo("/logout", http.StatusServiceUnavailable), inTime, Outage, "/logout: status 503", 0, false},
		{"leads elsewhere", redirect("", elsewhere.URL), inTime, Failed, "there is no sign-in at this address", 0, false},
		{"leads elsewhere from the protected path", redirect("/session", elsewhere.URL), inTime, Failed, "/session answers status 307 before the end", 0, false},
		{"leads elsewhere from the end", redirect("/logout", elsewhere.URL), inTime, Failed, "/logout: status 307: the session could not be ended", 0, false},
		{"never answers", silence("/session"), 200 * time.Millisecond, Outage, "calling /session before the end: no answer", 0, false},
		{"hangs up", hangUp("/session"), inTime, Outage, "calling /session before the end: no answer", 0, false},
		{"breaks off", breakOff("/session"), inTime, Outage, "calling /session before the end: no answer", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFront(t)
			f.broken = c.broken(new(int))
			result := f.run(t, c.within)
			first := result.Rounds[0]
			if result.Verdict != c.want || first.Verdict != c.want || !strings.Contains(first.Why, c.why) || (c.why == "") != (first.Why == "") {
				t.Errorf("got %s: %s: %s, want %s: %s", result.Verdict, first.Verdict, first.Why, c.want, c.why)
			}
			if first.Allowed != c.allowed && (c.allowed >= 0 || first.Allowed == 0) {
				t.Errorf("%d were allowed after the end, want %d", first.Allowed, c.allowed)
			}
			if (first.Refused != nil) != c.refused {
				t.Errorf("refused after %v", first.Refused)
			}
		})
	}
}

// breakage makes what answers in a front's place; the count is its own.
type breakage = func(count *int) func(http.ResponseWriter, *http.Request, bool) bool

// answerAfterEnd answers the first calls after an end.
func answerAfterEnd(times, status int) breakage {
	return func(n *int) func(http.ResponseWriter, *http.Request, bool) bool {
		return func(w http.ResponseWriter, r *http.Request, ended bool) bool {
			if !ended || !protected(r) || *n >= times {
				return false
			}
			*n++
			w.WriteHeader(status)
			return true
		}
	}
}

// at breaks one path, "" for all.
func at(path string, answer http.HandlerFunc) breakage {
	return func(*int) func(http.ResponseWriter, *http.Request, bool) bool {
		return func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			if path != "" && r.URL.Path != path {
				return false
			}
			answer(w, r)
			return true
		}
	}
}

func answerTo(path string, status int) breakage {
	return at(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

func redirect(path, to string) breakage {
	return at(path, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.Path, http.StatusTemporaryRedirect)
	})
}

func silence(path string) breakage {
	return at(path, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

func hangUp(path string) breakage {
	return at(path, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// breakOff refuses in half an answer, which may as well be an allow.
func breakOff(path string) breakage {
	return at(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte("half"))
	})
}

// TestBrokenForOthers: what only the second round finds.
func TestBrokenForOthers(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken breakage
		why    string
	}{
		{"nothing is ended", at("/account/sessions/end-others", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ended":0}`) }), "ending the other sessions ended none"},
		{"the answer is none", at("/account/sessions/end-others", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>`) }), "ending the other sessions ended none"},
		{"the end is only said", at("/account/sessions/end-others", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ended":1}`) }), "calls were allowed after the end was acknowledged, none was refused"},
		{"all are ended", func(n *int) func(http.ResponseWriter, *http.Request, bool) bool {
			return func(w http.ResponseWriter, r *http.Request, _ bool) bool {
				if r.URL.Path == "/account/sessions/end-others" {
					*n++
				}
				if *n == 0 || !protected(r) {
					return false
				}
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
		}, "/session is refused on the device that ended the other's session (status 401)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFront(t)
			f.broken = c.broken(new(int))
			result := f.run(t, 300*time.Millisecond)
			if first := result.Rounds[0]; first.Verdict != Passed {
				t.Errorf("the first round: %+v", first)
			}
			if second := result.Rounds[1]; result.Verdict != Failed || second.Verdict != Failed || !strings.Contains(second.Why, c.why) {
				t.Errorf("got %s: %+v, want %s", result.Verdict, second, c.why)
			}
			if n := f.alive(); n != 0 {
				t.Errorf("%d sessions are left alive", n)
			}
		})
	}
}

// TestSlow: what an answer takes is told.
func TestSlow(t *testing.T) {
	const slow = 30 * time.Millisecond
	f := newFront(t)
	f.broken = func(_ http.ResponseWriter, r *http.Request, _ bool) bool {
		if protected(r) {
			<-time.After(slow)
		}
		return false
	}
	result := f.run(t, 10*time.Second)
	if result.Verdict != Passed {
		t.Fatalf("got %+v", result)
	}
	for _, r := range result.Rounds {
		if *r.Refused < 30 {
			t.Errorf("refused after %v ms, and each answer takes 30", *r.Refused)
		}
		for _, s := range r.Steps {
			if s.Do == "GET /session" && s.Millis < 30 {
				t.Errorf("%s took %v ms", s.Do, s.Millis)
			}
		}
	}
}

// TestReplacedToken: an answer may replace the token; then that one is ended.
func TestReplacedToken(t *testing.T) {
	f := newFront(t)
	f.replaced = true
	if result := f.run(t, 10*time.Second); result.Verdict != Passed {
		t.Errorf("got %+v", result)
	}
	if n := f.alive(); n != 0 {
		t.Errorf("%d sessions are left alive", n)
	}
}

// TestLeaves: a round that broke off ends its session all the same.
func TestLeaves(t *testing.T) {
	f := newFront(t)
	f.broken = answerTo("/session", http.StatusServiceUnavailable)(nil)
	f.run(t, 10*time.Second)
	if n := f.alive(); n != 0 {
		t.Errorf("%d sessions are left alive", n)
	}
	want := []string{"POST /login", "GET /session", "POST /logout", "POST /login", "POST /login", "GET /session", "POST /logout", "POST /logout"}
	if !slices.Equal(f.asked, want) {
		t.Errorf("asked %q, want %q", f.asked, want)
	}
}
