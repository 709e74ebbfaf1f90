package secrets

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// act is something that a client does, and how often of a thousand.
type act struct {
	of int
	do func(*client, *user)
}

var acts = []act{
	{648, (*client).lookUp},
	{60, (*client).comeBackLate},
	{220, (*client).oddity},
	{4, (*client).signIn},
	{2, (*client).signInWrongly},
	{2, (*client).stepUp},
	{1, (*client).changePassword},
	{2, (*client).signOut},
	{2, (*client).endOwn},
	{55, (*client).administer},
	{4, (*client).manageUser},
}

// run does so many acts.
func (c *client) run(n int) {
	c.t.Helper()
	for range n {
		u := c.users[c.rand.IntN(len(c.users))]
		at := c.rand.IntN(1000)
		for _, a := range acts {
			if at -= a.of; at < 0 {
				a.do(c, u)
				break
			}
		}
	}
}

func pick[T any](c *client, of []T) T { return of[c.rand.IntN(len(of))] }

func (c *client) lookUp(u *user) {
	if len(u.live) == 0 {
		c.signIn(u)
		return
	}
	paths := []string{"/session", "/session", "/session", "/authorize", "/authorize", "/account/sessions", "/account", "/login", "/login/reauth"}
	path := pick(c, paths)
	c.ask("GET "+path, pick(c, u.live).show(request{method: "GET", path: path}))
}

// comeBackLate shows a token that is over.
func (c *client) comeBackLate(u *user) {
	if len(u.past) == 0 {
		c.lookUp(u)
		return
	}
	c.ask("GET /session with what is over", pick(c, u.past).show(request{method: "GET", path: "/session", header: map[string]string{"Accept": pick(c, accepts)}}))
}

var accepts = []string{"text/html", "application/json", "*/*"}

func inJSONBody(pairs ...any) string {
	body := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		body[pairs[i].(string)] = pairs[i+1]
	}
	text, _ := json.Marshal(body)
	return string(text)
}

func (c *client) signIn(u *user) {
	r := request{method: "POST", path: "/login", kind: jsonType, handsOut: true}
	bearer := false
	switch c.rand.IntN(4) {
	case 0:
		r.kind, r.body = formType, url.Values{"username": {u.name}, "password": {u.password}}.Encode()
	case 1:
		bearer = true
		r.body = inJSONBody("username", u.name, "password", u.password, "transport", "bearer")
	default:
		r.body = inJSONBody("username", u.name, "password", u.password)
	}
	if lost := c.ledger.anyToken(c.rand); lost != "" && c.rand.IntN(3) == 0 {
		r.header = map[string]string{"User-Agent": "Browser/1.0 (" + lost + ")"}
	}
	c.entered(u, c.ask("a sign-in", r), bearer)
}

// entered keeps the token that was handed out.
func (c *client) entered(u *user, a answer, bearer bool) {
	if a.token == "" {
		return
	}
	u.live = append(u.live, held{a.token, bearer})
	if len(u.live) > 6 {
		u.past, u.live = append(u.past, u.live[0]), u.live[1:]
	}
}

func (c *client) signInWrongly(u *user) {
	name := pick(c, []string{u.name, "nobody"})
	if c.rand.IntN(2) == 0 {
		c.ask("a refused sign-in by form", request{
			method: "POST", path: "/login", kind: formType,
			body: url.Values{"username": {name}, "password": {c.ledger.password()}}.Encode(),
		})
		return
	}
	c.ask("a refused sign-in", request{method: "POST", path: "/login", kind: jsonType, body: inJSONBody("username", name, "password", c.ledger.password())})
}

// replace asks with a session in hand for one that takes its place.
func (c *client) replace(u *user, where string, r request) answer {
	if len(u.live) == 0 {
		c.signIn(u)
		return answer{}
	}
	at := c.rand.IntN(len(u.live))
	inHand := u.live[at]
	a := c.ask(where, inHand.show(r))
	if a.token != "" {
		u.past, u.live = append(u.past, inHand), slices.Delete(u.live, at, at+1)
		c.entered(u, a, inHand.bearer)
	}
	return a
}

func (c *client) stepUp(u *user) {
	password := u.password
	if c.rand.IntN(3) == 0 {
		password = c.ledger.password()
	}
	r := request{method: "POST", path: "/login/reauth", kind: jsonType, body: inJSONBody("password", password), handsOut: true}
	if c.rand.IntN(2) == 0 {
		r.kind, r.body = formType, url.Values{"password": {password}}.Encode()
	}
	c.replace(u, "a step-up", r)
}

func (c *client) changePassword(u *user) {
	current, fresh := u.password, c.ledger.password()
	if c.rand.IntN(4) == 0 {
		current = c.ledger.password()
	}
	r := request{
		method: "POST", path: "/account/password", kind: jsonType, handsOut: true,
		body: inJSONBody("current_password", current, "new_password", fresh, "end_others", c.rand.IntN(2) == 0),
	}
	if a := c.replace(u, "a change of the password", r); a.token != "" {
		u.password = fresh
	}
}

func (c *client) signOut(u *user) {
	if len(u.live) < 2 {
		c.signIn(u)
		return
	}
	h := u.live[0]
	c.ask("a sign-out", h.show(request{method: "POST", path: "/logout"}))
	u.past, u.live = append(u.past, h), u.live[1:]
}

func (c *client) endOwn(u *user) {
	if len(u.live) == 0 {
		c.signIn(u)
		return
	}
	h := u.live[len(u.live)-1]
	if c.rand.IntN(2) == 0 {
		c.ask("an end of the others", h.show(request{method: "POST", path: "/account/sessions/end-others"}))
		u.past, u.live = append(u.past, u.live[:len(u.live)-1]...), []held{h}
		return
	}
	c.ask("an end of one's own", h.show(request{method: "DELETE", path: "/account/sessions/" + u.live[0].token[:36]}))
}

// byOwner is a request of an owner's.
func (c *client) byOwner(method, path, body string) request {
	r := request{method: method, path: path, body: body, cookie: c.owner, header: map[string]string{"Accept": pick(c, accepts)}}
	if body != "" {
		r.kind = jsonType
	}
	return r
}

func (c *client) administer(u *user) {
	path := pick(c, []string{
		"/admin/sessions?limit=10", "/admin/sessions?status=ended&limit=10", "/admin/sessions/count", "/admin/users?limit=10&changes=true",
		"/admin/users/" + u.name, "/admin/users/" + u.name + "/sessions", "/admin/users/" + u.name + "/export?limit=10",
	})
	where, _, _ := strings.Cut(strings.ReplaceAll(path, u.name, "NAME"), "?")
	c.ask("GET "+where, c.byOwner("GET", path, ""))
}

// manageUser does one thing of an owner's to a user, most of them to one made for it.
func (c *client) manageUser(u *user) {
	c.serial++
	name, password := fmt.Sprintf("guest-%s-%d", c.id, c.serial), c.ledger.password()
	switch c.rand.IntN(5) {
	case 0:
		c.ask("an end by an owner", c.byOwner("POST", "/admin/users/"+u.name+"/end-sessions", inJSONBody("reason", "roles_changed")))
		u.past, u.live = append(u.past, u.live...), nil
	case 1:
		r := c.byOwner("POST", "/admin/users/"+u.name+"/impersonate", inJSONBody("transport", "bearer"))
		r.handsOut = true
		if a := c.ask("acting as a user", r); a.token != "" {
			u.past = append(u.past, held{a.token, true})
		}
	case 2:
		if a := c.ask("a reset password", c.byOwner("PATCH", "/admin/users/"+u.name, inJSONBody("password", password))); a.status < 300 {
			u.password = password
			u.past, u.live = append(u.past, u.live...), nil
		}
	default:
		c.ask("adding a user", c.byOwner("POST", "/admin/users", inJSONBody("username", name, "password", password)))
		c.ask("disabling a user", c.byOwner("PATCH", "/admin/users/"+name, inJSONBody("disabled", true)))
		c.ask("erasing a user", c.byOwner("POST", "/admin/users/"+name+"/erase", inJSONBody("confirm", name)))
	}
}
