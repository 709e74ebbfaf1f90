// Package canary finds out from outside whether a deployment keeps its first promise:
// a session that was ended is refused on the very next request. It signs in, calls,
// ends, and times the first refusal, over plain HTTP as any client does.
package canary

import (
	"context"
	"net/http"
	"time"
)

// Verdict is what became of a round, or of all.
type Verdict string

// What may become of a round. An outage decides nothing: it is no refusal, and no
// broken promise either.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	Outage Verdict = "outage"
)

// Options are the settings of a run.
type Options struct {
	// URL is where the deployment is, as [ParseURL] returns it. Required.
	URL Target
	// Protected is the path that is behind the session check, such as "/session".
	// Required.
	Protected string
	// Username and Password are those of a user that nobody else uses: all of the
	// user's sessions are ended. Required.
	Username, Password string
	// Within is how long a refusal, and any answer, is waited for. Required.
	Within time.Duration
	// Watch is told of each round when it is over; nil: nobody is.
	Watch func(Round)
	// Transport makes the requests; nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// Result is one run.
type Result struct {
	URL     string    `json:"url"`
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"`
	Rounds  []Round   `json:"rounds"`
}

// Round is one session, from its sign-in to its refusal.
type Round struct {
	Name    string  `json:"round"`
	Verdict Verdict `json:"verdict"`
	// Why says what was wrong, "" for what passed.
	Why string `json:"why,omitempty"`
	// Refused is how many milliseconds after the end was acknowledged the first refusal
	// came; nil: none came.
	Refused *float64 `json:"refused_ms,omitempty"`
	// Allowed is how many calls were let in after the end was acknowledged.
	Allowed int `json:"allowed_after_end"`
	// Outages is how many calls were not decided.
	Outages int    `json:"outages"`
	Steps   []Step `json:"steps"`
}

// Step is one request, or several that came out the same one after the other.
type Step struct {
	Do     string  `json:"do"`     // such as "GET /session"
	Status int     `json:"status"` // 0: no answer
	Means  string  `json:"means"`
	Millis float64 `json:"ms"` // until the whole answer was there; of several, the longest
	Times  int     `json:"times"`
}

// Run runs both rounds, the second also where the first did not pass.
func Run(ctx context.Context, o Options) Result {
	result := Result{URL: o.URL.String(), At: time.Now().UTC().Truncate(time.Millisecond), Verdict: Passed}
	for _, one := range []struct {
		name string
		run  func(*round, context.Context) error
	}{{"signed out", (*round).signedOut}, {"ended by another device", (*round).endedByAnother}} {
		r := &round{client: newClient(o), result: Round{Name: one.name}}
		r.result = r.over(one.run(r, ctx))
		r.leave(ctx)
		result.Rounds = append(result.Rounds, r.result)
		if o.Watch != nil {
			o.Watch(r.result)
		}
		result.Verdict = worse(result.Verdict, r.result.Verdict)
	}
	return result
}

// worse is the verdict of both: a broken promise outweighs an outage.
func worse(a, b Verdict) Verdict {
	for _, v := range []Verdict{Failed, Outage} {
		if a == v || b == v {
			return v
		}
	}
	return Passed
}
