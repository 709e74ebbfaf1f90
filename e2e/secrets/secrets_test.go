package secrets

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const clients = 8

// operations is how many are done before what came of them is looked through: a sample,
// and what COATCHECK_TEST_SCAN says in make test.
func operations(t *testing.T) int {
	t.Helper()
	text := os.Getenv("COATCHECK_TEST_SCAN")
	if text == "" {
		return 8_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 8_000 {
		t.Fatalf("COATCHECK_TEST_SCAN is %q: want a number from 8000", text)
	}
	return n
}

// TestNothingSecretIsWritten: after operations of every kind (100,000 in make test) no token, password,
// key or secret of a webhook stands in any log, metric, answer, page, event, command's
// output, nor in the data or a copy of it.
func TestNothingSecretIsWritten(t *testing.T) {
	h, n, many := newHouse(t), &tally{}, operations(t)
	began := time.Now()
	all := h.settleIn(n)
	var busy sync.WaitGroup
	for _, c := range all {
		busy.Go(func() { c.run(many / clients) })
	}
	busy.Go(func() { h.operate(all[0].users[0].name) })
	busy.Wait()
	h.takeMetrics()
	h.copied("a copy of the data while the program serves")
	h.operate(all[1].users[0].name)
	worked := time.Since(began)
	h.stop()
	h.copied("the data")
	look := h.ledger.scanner(t)
	began = time.Now()
	searched := h.written.search(t, look)
	t.Logf("%d requests in %v: %d sessions made, %d refused, %d failed; looked for %d tokens and %d other secrets in %d pieces of %d MB in all, in %v",
		n.requests.Load(), worked.Round(time.Millisecond), n.sessions.Load(), n.refused.Load(), n.failed.Load(),
		len(h.ledger.tokens), len(h.ledger.texts), len(h.written.pages), searched>>20, time.Since(began).Round(time.Millisecond))
	if did := n.requests.Load(); did < int64(many) || n.sessions.Load() < did/200 || n.failed.Load() > did/20 {
		t.Error("that is not what was to be tried")
	}
	h.planted(look)
}

// planted plants a token and a password into what was really written, and looks again.
func (h *house) planted(look *Scanner) {
	h.t.Helper()
	for _, p := range []string{"the log", "the data", "the metrics", "an event", "the answer to GET /session", "the answer to GET /account"} {
		for _, secret := range []string{h.ledger.tokens[len(h.ledger.tokens)/2], h.ledger.texts[len(h.ledger.texts)/2][1]} {
			h.plantedAt(look, p, secret)
		}
	}
}

func (h *house) plantedAt(look *Scanner, where, secret string) {
	h.t.Helper()
	for _, p := range h.written.pages {
		if p.where != where {
			continue
		}
		middle := len(p.text) / 2
		if text := string(p.text[:middle]) + secret + string(p.text[middle:]); len(look.Find([]byte(text))) == 0 {
			h.t.Errorf("%s: what was planted is not found", where)
		}
		return
	}
	h.t.Errorf("%s was not written", where)
}

// settleIn makes the first owner by the link, owners and users for each client.
func (h *house) settleIn(n *tally) (all []*client) {
	h.t.Helper()
	first := newClient(h.t, h, n, "first", 0)
	root := &user{name: "root", password: h.ledger.password()}
	link := request{method: "GET", path: "/setup?token=" + h.setup, repeats: true}
	if a := first.ask("the setup page", link); a.status != http.StatusOK {
		h.t.Fatalf("the setup page: %d", a.status)
	}
	form := url.Values{"token": {h.setup}, "username": {root.name}, "password": {root.password}}.Encode()
	if a := first.ask("the setup", post("/setup", formType, form)); a.status != http.StatusSeeOther {
		h.t.Fatalf("the setup: %d %s", a.status, a.body)
	}
	first.owner = first.mustSignIn(root)
	for i := range clients {
		c := newClient(h.t, h, n, fmt.Sprint(i), uint64(i)+1)
		owner := first.mustAdd(fmt.Sprintf("owner-%d", i), "coatcheck:owner")
		c.owner = c.mustSignIn(owner)
		for k := range 3 {
			c.users = append(c.users, first.mustAdd(fmt.Sprintf("user-%d-%d", i, k), "clerk"))
		}
		all = append(all, c)
	}
	return all
}

func (c *client) mustAdd(name, role string) *user {
	c.t.Helper()
	u := &user{name: name, password: c.ledger.password()}
	a := c.ask("adding a user", c.byOwner("POST", "/admin/users", inJSONBody("username", name, "password", u.password, "roles", []string{role})))
	if a.status != http.StatusCreated {
		c.t.Fatalf("adding %s: %d %s", name, a.status, a.body)
	}
	return u
}

func (c *client) mustSignIn(u *user) (token string) {
	c.t.Helper()
	r := request{method: "POST", path: "/login", kind: jsonType, body: inJSONBody("username", u.name, "password", u.password), handsOut: true}
	a := c.ask("a sign-in", r)
	if a.token == "" {
		c.t.Fatalf("sign in %s: %d %s", u.name, a.status, a.body)
	}
	return a.token
}

// takeMetrics keeps what Prometheus is answered.
func (h *house) takeMetrics() {
	h.t.Helper()
	res, err := h.http.Get(h.metrics)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(page), "coatcheck_lookups_total") {
		h.t.Errorf("the metrics: %v\n%s", err, page)
	}
	h.written.put("the metrics", page)
}
