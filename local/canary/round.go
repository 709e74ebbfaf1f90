package canary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// round is one under way.
type round struct {
	*client
	result Round
	tokens []string // of sessions that may be alive
}

// outage is an error of a round that decides nothing.
type outage struct{ what string }

func (o outage) Error() string { return o.what }

// over is the round's result. What was allowed after an end outweighs whatever went
// wrong later.
func (r *round) over(err error) Round {
	var out outage
	is := r.result
	switch is.Verdict = Passed; {
	case is.Allowed > 0:
		is.Verdict, is.Why = Failed, fmt.Sprintf("%d calls were allowed after the end was acknowledged", is.Allowed)
		if is.Refused == nil {
			is.Why += fmt.Sprintf(", none was refused within %v", r.o.Within)
		}
	case errors.As(err, &out):
		is.Verdict, is.Why = Outage, out.what
	case err != nil:
		is.Verdict, is.Why = Failed, err.Error()
	}
	return is
}

// note writes a request down; one that came out like the one before is counted.
func (r *round) note(method, path string, a answer, means string) {
	if a.means() == undecided {
		r.result.Outages++
	}
	step := Step{method + " " + path, a.status, means, millis(a.took), 1}
	if n := len(r.result.Steps); n > 0 {
		last := &r.result.Steps[n-1]
		if last.Do == step.Do && last.Status == step.Status && last.Means == step.Means {
			last.Times++
			last.Millis = max(last.Millis, step.Millis)
			return
		}
	}
	r.result.Steps = append(r.result.Steps, step)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// signedOut is the round in which a session is ended by its own device.
func (r *round) signedOut(ctx context.Context) error {
	token, err := r.signIn(ctx)
	if err != nil {
		return err
	}
	if token, err = r.mustBeAllowed(ctx, token, "before the end"); err != nil {
		return err
	}
	ended, err := r.change(ctx, "/logout", token)
	if err != nil {
		return err
	}
	return r.untilRefused(ctx, token, ended.at)
}

// endedByAnother is the round in which it is ended by another device of its user, which
// itself stays signed in.
func (r *round) endedByAnother(ctx context.Context) error {
	token, err := r.signIn(ctx)
	if err != nil {
		return err
	}
	other, err := r.signIn(ctx)
	if err != nil {
		return err
	}
	if token, err = r.mustBeAllowed(ctx, token, "before the end"); err != nil {
		return err
	}
	ended, err := r.change(ctx, "/account/sessions/end-others", other)
	if err != nil {
		return err
	}
	var body struct {
		Ended int `json:"ended"`
	}
	if err := json.Unmarshal(ended.body, &body); err != nil || body.Ended < 1 {
		return errors.New("ending the other sessions ended none: is this user's sign-in really answered here?")
	}
	if err := r.untilRefused(ctx, token, ended.at); err != nil {
		return err
	}
	_, err = r.mustBeAllowed(ctx, other, "on the device that ended the other's session")
	return err
}

// signIn returns a new session's token.
func (r *round) signIn(ctx context.Context) (string, error) {
	const path = "/login"
	a := r.ask(ctx, http.MethodPost, path, "", map[string]string{"username": r.o.Username, "password": r.o.Password})
	switch a.means() {
	case undecided:
		r.note(http.MethodPost, path, a, string(undecided))
		return "", outage{"signing in: " + a.said()}
	case refused:
		r.note(http.MethodPost, path, a, "not signed in")
		return "", fmt.Errorf("signing in: %s: see that name and password are right, and that %s is an origin of the deployment", a.said(), r.o.URL.origin())
	case odd:
		r.note(http.MethodPost, path, a, "not signed in")
		return "", fmt.Errorf("signing in: %s: there is no sign-in at this address", a.said())
	}
	if a.cookie == "" {
		r.note(http.MethodPost, path, a, "no session cookie")
		return "", errors.New("signing in: the answer sets no session cookie")
	}
	r.note(http.MethodPost, path, a, "signed in")
	r.tokens = append(r.tokens, a.cookie)
	return a.cookie, nil
}

// mustBeAllowed calls the protected path with a live session. It returns the session's
// token, which the answer may have replaced.
func (r *round) mustBeAllowed(ctx context.Context, token, when string) (string, error) {
	a := r.ask(ctx, http.MethodGet, r.o.Protected, token, nil)
	r.note(http.MethodGet, r.o.Protected, a, string(a.means()))
	switch a.means() {
	case undecided:
		return token, outage{fmt.Sprintf("calling %s %s: %s", r.o.Protected, when, a.said())}
	case refused:
		return token, fmt.Errorf("%s is refused %s (%s): nothing can be said of what is ended", r.o.Protected, when, a.said())
	case odd:
		return token, fmt.Errorf("%s answers %s %s: it is no route that allows or refuses", r.o.Protected, a.said(), when)
	}
	if a.cookie != "" {
		r.forget(token)
		r.tokens = append(r.tokens, a.cookie)
		return a.cookie, nil
	}
	return token, nil
}

// change makes a request that ends sessions. Only an answer of success acknowledges
// the end.
func (r *round) change(ctx context.Context, path, token string) (answer, error) {
	a := r.ask(ctx, http.MethodPost, path, token, struct{}{})
	switch a.means() {
	case allowed:
		r.note(http.MethodPost, path, a, "ended")
		return a, nil
	case undecided:
		r.note(http.MethodPost, path, a, string(undecided))
		return a, outage{fmt.Sprintf("%s: %s", path, a.said())}
	}
	r.note(http.MethodPost, path, a, "not ended")
	return a, fmt.Errorf("%s: %s: the session could not be ended", path, a.said())
}

// forget drops a token that needs no end any more.
func (r *round) forget(token string) {
	for i, t := range r.tokens {
		if t == token {
			r.tokens = append(r.tokens[:i], r.tokens[i+1:]...)
			return
		}
	}
}

// leave ends what a round left alive. Nothing depends on it: a session that stays is
// over within its idle time.
func (r *round) leave(ctx context.Context) {
	for _, token := range r.tokens {
		r.ask(context.WithoutCancel(ctx), http.MethodPost, "/logout", token, struct{}{})
	}
}
