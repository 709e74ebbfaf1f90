package inbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Routes are patterns that requests are matched with, in the syntax of net/http's
// ServeMux, without a host: "/poll/{id}", "GET /notifications/". The zero value
// matches none.
type Routes struct{ mux *http.ServeMux }

// ParseRoutes reads patterns. Its error names every one that is none, or that no
// request tells from another.
func ParseRoutes(patterns []string) (Routes, error) {
	if len(patterns) == 0 {
		return Routes{}, nil
	}
	r := Routes{http.NewServeMux()}
	var faults []error
	for _, pattern := range patterns {
		faults = append(faults, r.add(pattern))
	}
	return r, errors.Join(faults...)
}

// add turns ServeMux's panic about a pattern into an error.
func (r Routes) add(pattern string) (err error) {
	const want = `want "/path/{name}", with a method before it if need be: "GET /path/{name}"`
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("route %.100q: %.200v; %s", pattern, cause, want)
		}
	}()
	if method, path, ok := strings.Cut(pattern, " "); !strings.HasPrefix(pattern, "/") && (!ok || method == "" || !strings.HasPrefix(path, "/")) {
		return fmt.Errorf("route %.100q: %s", pattern, want)
	}
	r.mux.HandleFunc(pattern, http.NotFound)
	return nil
}

// Match reports whether a request is on one of the routes.
func (r Routes) Match(method, path string) bool {
	if r.mux == nil {
		return false
	}
	_, pattern := r.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
	return pattern != ""
}
