package inbound

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"coatcheck/core/session"
)

// Rule is what a deployment asks of the requests on a route.
type Rule struct {
	// Demand is what the session must fulfil.
	Demand session.Demand
	// Passive says that the requests are no use of the session: pages send them by
	// themselves.
	Passive bool
	// Optional says that a request without a session goes on as nobody's. It asks for
	// nothing else.
	Optional bool
}

// Routes says what is asked of requests by their route. The zero value asks nothing of
// any. It is safe for concurrent use.
//
// A route is named as API Gateway's HTTP APIs name theirs: "GET /orders/{id}", "ANY
// /reports/{proxy+}", "$default" for all others, and "$connect" for what opens a
// WebSocket. The most specific route that matches decides, as it does there: text
// before a variable, a variable before a greedy one, a method before ANY, $default
// last. Where that leaves a doubt, more requests match and not fewer: a slash at the
// end makes no difference, {proxy+} stands for nothing at all, too, and GET means HEAD
// unless that has a rule of its own.
type Routes struct {
	rules []routeRule
	// byRoute says that answers differ by route.
	byRoute bool
}

// routeRule is one entry.
type routeRule struct {
	route
	Rule
}

// Bounds of a table, so that what a look-up in it costs is known.
const (
	maxRoutes   = 100
	maxRoute    = 512 // bytes of an entry
	maxSegments = 64
)

// ErrPath says that a path can be read in several ways (an encoded slash, dot segments,
// empty ones), so that it is open which route is meant. Only tables that ask something
// of some routes refuse such requests.
var ErrPath = errors.New("ambiguous path")

// ParseRoutes reads entries, each a route and what is asked: "passive", "optional",
// "role=clerk|manager" (one of these), "max-age=15m" (how long ago the credential may
// have been checked). Its error names every entry that is none.
func ParseRoutes(entries []string) (Routes, error) {
	var (
		r      Routes
		faults []error
		seen   = map[string]bool{}
	)
	for _, entry := range entries {
		one, err := parseEntry(entry)
		if err == nil && seen[one.identity()] {
			err = errors.New("want each route once")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("route %.100q: %w", entry, err))
			continue
		}
		seen[one.identity()] = true
		r.rules = append(r.rules, one)
		r.byRoute = r.byRoute || one.Optional || one.asks()
	}
	if len(entries) > maxRoutes {
		faults = append(faults, fmt.Errorf("%d routes: want at most %d", len(entries), maxRoutes))
	}
	if err := errors.Join(faults...); err != nil {
		return Routes{}, err
	}
	return r, nil
}

// ByRoute reports whether what is answered differs from route to route: an answer for
// one is none for another, and a gateway must not reuse it.
func (r Routes) ByRoute() bool { return r.byRoute }

// Match returns the rule for a request, the zero one if there is none, or [ErrPath].
// key is the route that a gateway says it chose, "" where there is none: a rule for that
// very route holds even if the path were read differently here.
func (r Routes) Match(method, path, key string) (Rule, error) {
	if len(r.rules) == 0 {
		return Rule{}, nil
	}
	connects := key == connectRoute // which has no path
	segments, plain := split(path)
	if !plain && r.byRoute && !connects {
		return Rule{}, ErrPath
	}
	chosen, _ := parseRoute(key) // the key of no rule's route matches none
	var best *routeRule
	for i := range r.rules {
		one := &r.rules[i]
		if one.identity() != chosen.identity() && (connects && one.key == "" || !one.matches(method, segments)) {
			continue
		}
		if best == nil || one.moreSpecific(&best.route) {
			best = one
		}
	}
	if best == nil {
		return Rule{}, nil
	}
	return best.Rule, nil
}

func (r *Rule) asks() bool { return len(r.Demand.AnyRole) > 0 || r.Demand.MaxAuthAge > 0 }

// parseEntry reads a route and what is asked of it.
func parseEntry(entry string) (routeRule, error) {
	if len(entry) > maxRoute {
		return routeRule{}, fmt.Errorf("want at most %d bytes", maxRoute)
	}
	words := strings.Fields(entry)
	named := 2
	if len(words) > 0 && strings.HasPrefix(words[0], "$") {
		named = 1
	}
	if len(words) < named {
		return routeRule{}, errRoute
	}
	at, err := parseRoute(strings.Join(words[:named], " "))
	if err != nil {
		return routeRule{}, err
	}
	one := routeRule{route: at}
	for _, word := range words[named:] {
		if err := one.ask(word); err != nil {
			return routeRule{}, err
		}
	}
	switch {
	case len(words) == named:
		return routeRule{}, errWord
	case one.Optional && (one.asks() || one.Passive):
		return routeRule{}, errors.New("want optional alone: it asks for no session")
	}
	return one, nil
}

var errWord = errors.New("want what is asked after the route: passive, optional, role=NAME|NAME, max-age=15m")

// ask adds one word of an entry.
func (r *Rule) ask(word string) error {
	name, value, _ := strings.Cut(word, "=")
	switch {
	case word == "passive":
		r.Passive = true
	case word == "optional":
		r.Optional = true
	case name == "role" && value != "" && r.Demand.AnyRole == nil:
		r.Demand.AnyRole = strings.Split(value, "|")
		return session.ValidateRoles(r.Demand.AnyRole)
	case name == "max-age" && r.Demand.MaxAuthAge == 0:
		age, err := time.ParseDuration(value)
		if err != nil || age < time.Second {
			return fmt.Errorf("%q: want a duration from 1s, such as max-age=15m", word)
		}
		r.Demand.MaxAuthAge = age
	default:
		return fmt.Errorf("%q: %w", word, errWord)
	}
	return nil
}

// matchesMethod reports whether a rule's method covers a request's.
func (r *route) matchesMethod(method string) bool {
	return r.method == anyMethod || r.method == method || r.method == http.MethodGet && method == http.MethodHead
}
