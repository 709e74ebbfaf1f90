package session

import (
	"fmt"
	"testing"
	"time"
)

// The tests of this file explore the table of rotation as a state machine: every order
// of sending, serving, answering and losing that a few parallel requests can take. They
// run the very functions that the Manager runs; TestRotationOrders shows that the
// Manager does what they say.

// token is the number of a token, in the order in which they were made; 0 is the one of
// the sign-in, and none of them is noToken.
type token int8

const noToken token = -1

func (k token) hash() Hash {
	if k == noToken {
		return Hash{}
	}
	return Hash{byte(k + 1)}
}

// served is a session's secrets, with times in seconds, so that states compare.
type served struct {
	current, next, previous, superseded token
	nextAt, confirmedAt                 int16
	made                                token // how many tokens there are
	ended                               bool
}

var explored = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int16) time.Time { return explored.Add(time.Duration(seconds) * time.Second) }

func (s served) secrets() Secrets {
	return Secrets{
		Current: s.current.hash(), Next: s.next.hash(), Previous: s.previous.hash(), Superseded: s.superseded.hash(),
		NextAt: at(s.nextAt), ConfirmedAt: at(s.confirmedAt),
	}
}

// signedIn is a session with the token of its sign-in alone.
func signedIn(confirmedAt int16) served {
	return served{next: noToken, previous: noToken, superseded: noToken, confirmedAt: confirmedAt, made: 1}
}

// keep takes over what the secrets have become.
func (s served) keep(is Secrets) served {
	s.current, s.next, s.previous, s.superseded = tokenOf(is.Current), tokenOf(is.Next), tokenOf(is.Previous), tokenOf(is.Superseded)
	s.nextAt, s.confirmedAt = 0, int16(is.ConfirmedAt.Sub(explored)/time.Second)
	if !is.NextAt.IsZero() {
		s.nextAt = int16(is.NextAt.Sub(explored) / time.Second)
	}
	return s
}

func tokenOf(h Hash) token { return token(h[0]) - 1 }

// serve presents a token: the table's row, and the session as it leaves it. A new
// token is the number s.made.
func (s served) serve(p Policy, presented token, now int16, renew bool) (verdict, served) {
	if s.ended {
		return isReplay, s
	}
	secrets := s.secrets()
	row := p.judge(&secrets, presented.hash(), at(now), renew)
	switch row {
	case isDue:
		s = s.keep(secrets.offered(s.made.hash(), at(now)))
		s.made++
	case isPending:
		s = s.keep(secrets.confirmed(at(now)))
	case isReplay:
		s.ended = true
	}
	return row, s
}

func letIn(row verdict) bool { return row != isUnknown && row != isReplay }

// flight is a request on its way, or its answer.
type flight struct {
	token    token
	renew    bool
	born     int16
	answered bool
	brings   token // a new one; noToken: none
}

// browser is an honest holder, alone: what he keeps, and at most two requests at once.
type browser struct {
	session served
	keeps   token
	flying  [2]flight
	n       int8
	now     int16
}

// without returns the browser after the i-th flight has ended.
func (b browser) without(i int) browser {
	b.flying[i] = b.flying[b.n-1]
	b.n--
	b.flying[b.n] = flight{}
	return b
}

// sorted makes two states that differ in the order of their flights one.
func (b browser) sorted() browser {
	f, g := b.flying[0], b.flying[1]
	if b.n == 2 && fmt.Sprint(f) > fmt.Sprint(g) {
		b.flying[0], b.flying[1] = g, f
	}
	return b
}

// honest is an exploration of the honest holder alone.
type honest struct {
	policy Policy
	clocks []int16 // by how much the servers' clocks are off, in seconds
	life   int16   // of a request and its answer, in seconds
	until  int16
	tick   int16
	tokens token
}

// explore visits every state and returns how many there are, and the first in which
// the holder was refused, "" if he never is.
func (h honest) explore() (states int, refused string) {
	first := browser{session: signedIn(-1000)}
	seen := map[browser]bool{first: true}
	for queue := []browser{first}; len(queue) > 0; queue = queue[1:] {
		h.next(queue[0], func(b browser, step string, bad bool) {
			if b = b.sorted(); bad && refused == "" {
				refused = fmt.Sprintf("%s in %+v", step, queue[0])
			}
			if !seen[b] {
				seen[b] = true
				queue = append(queue, b)
			}
		})
	}
	return len(seen), refused
}

// next names every state that may follow.
func (h honest) next(b browser, visit func(b browser, step string, bad bool)) {
	if b.n < 2 {
		for _, renew := range []bool{false, true} {
			c := b
			c.flying[c.n] = flight{token: b.keeps, renew: renew, born: b.now, brings: noToken}
			c.n++
			visit(c, "send", false)
		}
	}
	grown := true // no request, its answer included, would outlive what is assumed
	for i := range int(b.n) {
		f := b.flying[i]
		grown = grown && b.now+h.tick-f.born <= h.life
		if f.answered {
			visit(b.without(i), "lose", false)
			if c := b.without(i); f.brings != noToken {
				c.keeps = f.brings
				visit(c, "answer", false)
			}
			continue
		}
		h.servings(b, i, visit)
	}
	if b.now < h.until && grown {
		b.now += h.tick
		visit(b, "wait", false)
	}
}

// servings serves a request by each of the servers.
func (h honest) servings(b browser, i int, visit func(b browser, step string, bad bool)) {
	for _, off := range h.clocks {
		c, f := b, b.flying[i]
		renew := f.renew && b.session.made < h.tokens
		row, session := b.session.serve(h.policy, f.token, b.now+off, renew)
		c.session, c.flying[i].answered = session, true
		if row == isDue {
			c.flying[i].brings = session.made - 1
		}
		visit(c, fmt.Sprintf("token %d, served by a clock %d s off: row %d", f.token, off, row), !letIn(row))
	}
}

// No order of parallel, lost and late answers signs the honest holder out, be the
// servers' clocks apart by the skew; where a condition of that does not hold, one does,
// which shows that the exploration would find it.
func TestRotationNeverRefusesTheHonestHolder(t *testing.T) {
	policy := Policy{Grace: 30 * time.Second, RotateEvery: 45 * time.Second} // longer than the grace; short, to explore
	shorter := policy
	shorter.Grace -= Skew // what the limits are without an allowance for the skew
	skew := int16(Skew / time.Second)
	for name, c := range map[string]struct {
		honest
		want bool
	}{
		"one clock":                   {honest{policy: policy, clocks: []int16{0}, life: 30, until: 180, tick: 15, tokens: 4}, true},
		"two clocks":                  {honest{policy: policy, clocks: []int16{0, skew}, life: 30, until: 180, tick: 15, tokens: 4}, true},
		"two clocks, no allowance":    {honest{policy: shorter, clocks: []int16{0, skew}, life: 30, until: 120, tick: 15, tokens: 3}, false},
		"requests outlive the grace":  {honest{policy: policy, clocks: []int16{0}, life: 75, until: 180, tick: 15, tokens: 4}, false},
		"interval within the grace":   {honest{policy: Policy{Grace: 30 * time.Second, RotateEvery: 1}, clocks: []int16{0}, life: 30, until: 120, tick: 15, tokens: 4}, false},
		"clocks apart by three skews": {honest{policy: policy, clocks: []int16{0, 3 * skew}, life: 30, until: 120, tick: 15, tokens: 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			states, refused := c.explore()
			t.Logf("%d states", states)
			if (refused == "") != c.want {
				t.Errorf("refused: %q, want none: %t", refused, c.want)
			}
		})
	}
}

// theft is a session whose holder and thief both present what they have: the thief a
// copy of the token of the sign-in and whatever he is given for it.
type theft struct {
	session        served
	victim         token
	late           token // an answer to the victim that is still on its way
	thief          [3]token
	ago, confirmed int16 // seconds since the pending token was made, and the current confirmed
	left           int8  // requests
	rotatedOut     bool  // some token was replaced
	alarm          bool
}

// TestRotationAgainstAThief explores victim and thief in every order of up to six
// requests, with answers lost and late, at once and with pauses around each limit.
// What holds in all of them: the alarm ends it for both; before it comes, whoever
// presents a token that was rotated out and past its grace raises it; and a thief who
// comes only after the victim's token was rotated out gets nothing.
func TestRotationAgainstAThief(t *testing.T) {
	policy := Policy{Grace: 30 * time.Second, RotateEvery: time.Hour}
	first := theft{
		session: signedIn(0), late: noToken, thief: [3]token{0, noToken, noToken}, left: 6,
	}
	seen := map[theft]bool{first: true}
	counts := map[string]int{}
	for queue := []theft{first}; len(queue) > 0; queue = queue[1:] {
		for _, pause := range []int16{0, 36, 66, 3600} {
			for _, next := range queue[0].after(pause).moves(t, policy, counts) {
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	t.Logf("%d states; %v", len(seen), counts)
	for _, want := range []string{"victim let in", "victim raises the alarm", "victim unknown", "thief let in", "thief raises the alarm", "thief unknown"} {
		if counts[want] == 0 {
			t.Errorf("%s: never", want)
		}
	}
}

// after lets time pass. Ages past every limit are one.
func (w theft) after(pause int16) theft {
	w.ago, w.confirmed = min(w.ago+pause, 4000), min(w.confirmed+pause, 4000)
	return w
}

// moves returns what may follow: a request of either, or a late answer.
func (w theft) moves(t *testing.T, p Policy, counts map[string]int) (all []theft) {
	if w.late != noToken {
		late := w
		late.victim, late.late = w.late, noToken
		all = append(all, late)
	}
	if w.left == 0 {
		return all
	}
	for _, renew := range []bool{false, true} {
		row, after, brings := w.present(t, p, w.victim, renew)
		counts["victim "+told(row, w.alarm)]++
		for _, fate := range []string{"arrives", "late", "lost"} {
			c := after
			switch {
			case brings == noToken:
			case fate == "arrives":
				c.victim = brings
			case fate == "late":
				c.late = brings
			}
			all = append(all, c)
		}
	}
	for i, held := range w.thief {
		if held == noToken {
			continue
		}
		row, after, brings := w.present(t, p, held, true)
		counts["thief "+told(row, w.alarm)]++
		if brings != noToken {
			after.thief[(i+1)%len(after.thief)] = brings
		}
		all = append(all, after)
	}
	return all
}

func told(row verdict, alarm bool) string {
	switch {
	case alarm:
		return "refused after the alarm"
	case row == isReplay:
		return "raises the alarm"
	case row == isUnknown:
		return "unknown"
	}
	return "let in"
}

// present serves one request and checks what must hold.
func (w theft) present(t *testing.T, p Policy, presented token, renew bool) (row verdict, after theft, brings token) {
	const now = 10_000
	s := w.session
	s.nextAt, s.confirmedAt = now-w.ago, now-w.confirmed
	row, is := s.serve(p, presented, now, renew)
	after, brings = w, noToken
	after.session, after.left = is, w.left-1
	after.session.nextAt, after.session.confirmedAt = 0, 0
	switch row {
	case isDue:
		after.ago, brings = 0, is.made-1
	case isPending:
		after.ago, after.confirmed, after.rotatedOut = 0, 0, true
	default:
	}
	after.alarm = w.alarm || row == isReplay
	if w.alarm && letIn(row) {
		t.Errorf("let in after the alarm: %+v", w)
	}
	if presented == s.superseded && row != isReplay {
		t.Errorf("a token that was superseded is row %d: %+v", row, w)
	}
	if old := presented == s.previous && !w.alarm; old && w.confirmed > 35 && row != isReplay {
		t.Errorf("a token that was rotated out %d s ago is row %d: %+v", w.confirmed, row, w)
	}
	if !w.alarm && row == isReplay && !w.rotatedOut && presented != s.superseded {
		t.Errorf("an alarm although nothing was rotated out: %+v", w)
	}
	if letIn(row) && presented != s.current && presented != s.next && presented != s.previous {
		t.Errorf("let in with token %d: %+v", presented, w)
	}
	return row, after, brings
}
