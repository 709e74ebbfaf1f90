package secrets

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// oddity sends a secret where it has no business.
func (c *client) oddity(u *user) {
	secret := c.ledger.any(c.rand)
	place := odd[c.rand.IntN(len(odd))]
	r := place.of(secret)
	if r.cookie == "" && r.bearer == "" && len(u.live) > 0 {
		switch c.rand.IntN(3) {
		case 0:
			r = u.live[0].show(r)
		case 1:
			r.cookie = c.owner
		}
	}
	if r.header == nil {
		r.header = map[string]string{}
	}
	if r.header["Accept"] == "" {
		r.header["Accept"] = pick(c, accepts)
	}
	c.ask(place.name, r)
}

func get(path string) request { return request{method: "GET", path: path} }

func post(path, kind, body string) request {
	return request{method: "POST", path: path, kind: kind, body: body}
}

func withHeader(name, value string) request {
	return request{method: "GET", path: "/session", header: map[string]string{name: printable(value)}}
}

// printable is a header's value: a client library refuses others.
func printable(value string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, value)
}

var odd = []struct {
	name string
	of   func(secret string) request
}{
	{"a cookie cut at its end", func(s string) request {
		return request{method: "GET", path: "/session", cookie: printable(s[:len(s)-1])}
	}},
	{"a cookie cut at its beginning", func(s string) request { return request{method: "GET", path: "/account", cookie: printable(s[1:])} }},
	{"a cookie doubled", func(s string) request { return request{method: "GET", path: "/session", cookie: printable(s + s)} }},
	{"two cookies", func(s string) request {
		return request{method: "GET", path: "/session", cookie: printable(s + "; __Host-sid=" + s)}
	}},
	{"a cookie in quotes", func(s string) request {
		return request{method: "GET", path: "/session", cookie: `"` + printable(s) + `"`}
	}},
	{"a cookie of another case", func(s string) request {
		return request{method: "GET", path: "/session", cookie: strings.ToUpper(printable(s))}
	}},
	{"a cookie of another name", func(s string) request { return withHeader("Cookie", "sid="+s+"; __host-sid="+s) }},
	{"a bearer that is none", func(s string) request { return request{method: "GET", path: "/session", bearer: printable(s)} }},
	{"Basic", func(s string) request {
		return withHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("alice:"+s)))
	}},
	{"an unknown scheme", func(s string) request { return withHeader("Authorization", "Ticket "+s) }},
	{"the user agent", func(s string) request { return withHeader("User-Agent", s) }},
	{"the referer", func(s string) request { return withHeader("Referer", "http://localhost/?token="+s) }},
	{"the origin", func(s string) request {
		r := post("/logout", "", "")
		r.header = map[string]string{"Origin": "https://" + printable(s)}
		return r
	}},
	{"Sec-Fetch-Site", func(s string) request { return withHeader("Sec-Fetch-Site", s) }},
	{"Accept", func(s string) request { return withHeader("Accept", "text/html, "+s) }},
	{"X-Forwarded-For", func(s string) request { return withHeader("X-Forwarded-For", s) }},
	{"X-Forwarded-Uri", func(s string) request { return withHeader("X-Forwarded-Uri", "/"+s) }},
	{"X-Request-Id", func(s string) request {
		if len(s) <= longestName {
			s += strings.Repeat(s, longestName/len(s))
		}
		return withHeader("X-Request-Id", s)
	}},
	{"Coatcheck-Passive", func(s string) request { return withHeader("Coatcheck-Passive", s) }},
	{"an upgrade", func(s string) request { return withHeader("Upgrade", s) }},
	{"a query of the session", func(s string) request { return get("/session?token=" + url.QueryEscape(s)) }},
	{"a query of the page", func(s string) request { return get("/login?token=" + url.QueryEscape(s)) }},
	{"a query of the account", func(s string) request { return get("/account?cursor=" + url.QueryEscape(s)) }},
	{"the setup link", func(s string) request { return get("/setup?token=" + url.QueryEscape(s) + "x") }},
	{"a return_to", func(s string) request {
		r := get("/login?return_to=" + url.QueryEscape("/orders?token="+s))
		r.repeats = true
		return r
	}},
	{"a path", func(s string) request { return get("/" + url.PathEscape(s)) }},
	{"a path that is not clean", func(s string) request { return get("//" + url.PathEscape(s) + "/../session") }},
	{"a path of a session's", func(s string) request { return get("/admin/sessions/" + url.PathEscape(s)) }},
	{"a path of a user's", func(s string) request { return get("/admin/users/" + url.PathEscape(s)) }},
	{"a path of a device's", func(s string) request {
		return request{method: "DELETE", path: "/account/sessions/" + url.PathEscape(s)}
	}},
	{"a wrong method", func(s string) request { return request{method: "PUT", path: "/session?token=" + url.QueryEscape(s)} }},
	{"a method of its own", func(s string) request {
		return request{method: "X" + strings.NewReplacer("_", "A", "-", "B").Replace(token(s)), path: "/session"}
	}},
	{"a wrong content type", func(s string) request { return post("/login", "text/plain; charset="+token(s), s) }},
	{"a body of no JSON", func(s string) request { return post("/login", jsonType, s) }},
	{"a JSON field's name", func(s string) request { return post("/login", jsonType, inJSONBody(s, true)) }},
	{"a JSON field that is not asked for", func(s string) request {
		return post("/login", jsonType, inJSONBody("username", "alice", "password", "x", "token", s))
	}},
	{"a JSON field of another type", func(s string) request {
		return post("/login", jsonType, inJSONBody("username", "alice", "password", []string{s}))
	}},
	{"a JSON field twice", func(s string) request {
		return post("/login/reauth", jsonType, `{"password":"a",`+inJSONBody("password", s)[1:])
	}},
	{"a transport", func(s string) request {
		return post("/login", jsonType, inJSONBody("username", "alice", "password", "x", "transport", s))
	}},
	{"a user name", func(s string) request {
		return post("/login", jsonType, inJSONBody("username", s, "password", "x"))
	}},
	{"a user name on the page", func(s string) request {
		r := post("/login", formType, url.Values{"username": {s}, "password": {"x"}}.Encode())
		r.repeats = true
		return r
	}},
	{"a form field's name", func(s string) request { return post("/login", formType, url.Values{s: {"x"}}.Encode()) }},
	{"a form that is none", func(s string) request { return post("/login/reauth", formType, "password=%zz"+url.QueryEscape(s)) }},
	{"a form field that is not asked for", func(s string) request {
		return post("/account/password", formType, url.Values{"token": {s}}.Encode())
	}},
	{"a sign-in of another site's", func(s string) request {
		r := post("/login", formType, url.Values{"username": {"alice"}, "password": {s}}.Encode())
		r.header = map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
		return r
	}},
	{"a password that is too weak", func(string) request {
		return post("/admin/users", jsonType, inJSONBody("username", "weak", "password", "coatcheck"))
	}},
	{"an admin's limit", func(s string) request { return get("/admin/sessions?limit=" + url.QueryEscape(s)) }},
	{"an admin's cursor", func(s string) request { return get("/admin/sessions?cursor=" + url.QueryEscape(s)) }},
	{"an admin's status", func(s string) request { return get("/admin/sessions?status=" + url.QueryEscape(s)) }},
	{"an admin's time", func(s string) request { return get("/admin/sessions/count?since=" + url.QueryEscape(s)) }},
	{"an admin's device", func(s string) request { return get("/admin/sessions?user_agent=" + url.QueryEscape(s)) }},
	{"an admin's unknown parameter", func(s string) request { return get("/admin/sessions?" + url.QueryEscape(s) + "=1") }},
	{"an admin's reason", func(s string) request {
		return post("/admin/users/alice/end-sessions", jsonType, inJSONBody("reason", s))
	}},
	{"an admin's roles", func(s string) request {
		return request{method: "PATCH", path: "/admin/users/alice", kind: jsonType, body: inJSONBody("roles", []string{s})}
	}},
	{"an admin's confirmation", func(s string) request {
		return post("/admin/users/alice/erase", jsonType, inJSONBody("confirm", s))
	}},
}

// longestName is how long what a proxy calls a request may be and is logged: a token is
// longer.
const longestName = 64

// token is what of a text may stand in a token of HTTP's grammar.
func token(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' {
			return c
		}
		return -1
	}, s)
}
