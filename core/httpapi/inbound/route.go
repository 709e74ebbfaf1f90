package inbound

import (
	"errors"
	"net/url"
	"strings"
)

// route is one route as API Gateway names it.
type route struct {
	key      string // "$default" or "$connect"; "" for a method and a path
	method   string
	segments []segment
}

// segment is one part of a path between slashes.
type segment struct {
	kind kind
	text string // of a literal
}

// kind orders segments from the least specific on.
type kind int

const (
	greedy   kind = iota // {name+}: all that follows
	variable             // {name}
	literal
)

const (
	anyMethod    = "ANY"
	defaultRoute = "$default"
	connectRoute = "$connect"
)

var errRoute = errors.New(`want "METHOD /path/{name}", "ANY /path/{proxy+}", $default or $connect`)

// parseRoute reads a route's name.
func parseRoute(text string) (route, error) {
	if text == defaultRoute || text == connectRoute {
		return route{key: text}, nil
	}
	method, path, ok := strings.Cut(text, " ")
	if !ok || !isMethod(method) || !strings.HasPrefix(path, "/") {
		return route{}, errRoute
	}
	r := route{method: method}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		if part == "" && len(parts) == 1 {
			break // the path is "/"
		}
		one, err := parseSegment(part)
		if err != nil || one.kind == greedy && i < len(parts)-1 || i >= maxSegments {
			return route{}, errRoute
		}
		r.segments = append(r.segments, one)
	}
	return r, nil
}

func isMethod(text string) bool {
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

func parseSegment(text string) (segment, error) {
	inner, opened := strings.CutPrefix(text, "{")
	name, closed := strings.CutSuffix(inner, "}")
	switch {
	case opened && closed:
		name, isGreedy := strings.CutSuffix(name, "+")
		if name == "" || strings.ContainsAny(name, "{}+") {
			return segment{}, errRoute
		}
		if isGreedy {
			return segment{kind: greedy}, nil
		}
		return segment{kind: variable}, nil
	case !isPlain(text) || strings.ContainsAny(text, "{}%*?#"):
		return segment{}, errRoute
	}
	return segment{literal, text}, nil
}

// identity tells routes apart: the names of variables do not.
func (r *route) identity() string {
	var b strings.Builder
	b.WriteString(r.key + r.method)
	for _, s := range r.segments {
		b.WriteString("/" + s.text)
		switch s.kind {
		case greedy:
			b.WriteString("{+}")
		case variable:
			b.WriteString("{}")
		case literal:
		}
	}
	return b.String()
}

// matches reports whether a request is on the route.
func (r *route) matches(method string, path []string) bool {
	if r.key != "" {
		return r.key == defaultRoute
	}
	if !r.matchesMethod(method) {
		return false
	}
	for i, s := range r.segments {
		switch {
		case s.kind == greedy:
			return true
		case i >= len(path), s.kind == literal && s.text != path[i]:
			return false
		}
	}
	return len(r.segments) == len(path)
}

// moreSpecific reports whether the route is the better match of two that match.
func (r *route) moreSpecific(than *route) bool {
	if r.key != "" || than.key != "" {
		return r.key == connectRoute || than.key == defaultRoute && r.key == ""
	}
	for i := range min(len(r.segments), len(than.segments)) {
		if a, b := r.segments[i].kind, than.segments[i].kind; a != b {
			return a > b
		}
	}
	if len(r.segments) != len(than.segments) {
		return len(r.segments) < len(than.segments) // the other one goes on with {name+}
	}
	return rank(r.method) > rank(than.method)
}

func rank(method string) int {
	switch method {
	case anyMethod:
		return 0
	case "GET": // beside HEAD
		return 1
	}
	return 2
}

// split returns a path's segments, decoded, and whether there is no other way to read
// them. A slash at the end is no segment.
func split(path string) (segments []string, plain bool) {
	path, rooted := strings.CutPrefix(path, "/")
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return nil, rooted
	}
	plain = rooted
	for part := range strings.SplitSeq(path, "/") {
		text, err := url.PathUnescape(part)
		plain = plain && err == nil && isPlain(text) && len(segments) < maxSegments
		segments = append(segments, text)
	}
	return segments, plain
}

// isPlain reports whether a decoded segment is one to every reader.
func isPlain(text string) bool {
	if text == "" || text == "." || text == ".." {
		return false
	}
	for _, c := range []byte(text) {
		if c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == ';' {
			return false
		}
	}
	return true
}
