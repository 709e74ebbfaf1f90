package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"coatcheck/core/store/dynamo"
	"coatcheck/e2e/template/stack"
)

// gate stands between a function and the database, and refuses what the function's role
// in template.yaml does not allow, as AWS would: a policy that is too narrow fails the
// test. It is our reading of the policies; only AWS can show its own.
type gate struct {
	url    string
	t      *testing.T
	role   string
	tables map[string]string
	next   http.Handler
	mu     sync.Mutex
	list   []string
}

func gateOf(t *testing.T, role string, names dynamo.Names, database *url.URL) *gate {
	t.Helper()
	deployed = stack.Read(t, "template.yaml")
	proxy := httputil.NewSingleHostReverseProxy(database)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64} // as many as a function has calls under way
	t.Cleanup(proxy.Transport.(*http.Transport).CloseIdleConnections)
	g := &gate{
		t: t, role: role, next: proxy,
		tables: map[string]string{names.Sessions: "SessionsTable", names.Accounts: "AccountsTable"},
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// ServeHTTP implements [http.Handler].
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	g.mu.Lock()
	g.list = append(g.list, operation)
	g.mu.Unlock()
	uses, faulty := stack.Uses(operation, raw)
	if err != nil || faulty != nil || slices.ContainsFunc(uses, g.forbids) {
		g.t.Errorf("%s may not: %s %v, %v", g.role, operation, uses, faulty)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not authorized"}`)
		return
	}
	g.note(uses)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	g.next.ServeHTTP(w, r)
}

// deployed is the template, and used every permission of it that was used in this run:
// role, action and resource.
var (
	deployed *stack.Template
	used     sync.Map
)

func (g *gate) note(uses []stack.Use) {
	for _, u := range uses {
		used.Store([3]string{g.role, u.Action, u.Resource(g.tables)}, true)
	}
}

// leftOver returns the permissions that no test used. What the authorizer writes it
// writes after minutes; e2e/template has its clock.
func leftOver() (names []string) {
	for _, role := range []string{"LoginRole", "AdminRole", "MonitorRole"} {
		for _, s := range deployed.Statements(role) {
			for _, action := range s.Actions {
				for _, resource := range s.Resources {
					if _, was := used.Load([3]string{role, action, resource}); !was && strings.HasPrefix(action, "dynamodb:") {
						names = append(names, role+": "+action+" on "+resource)
					}
				}
			}
		}
	}
	return names
}

func (g *gate) forbids(u stack.Use) bool { return !deployed.Allows(g.role, u, g.tables) }

// take returns the operations since it was last asked.
func (g *gate) take() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.list
	g.list = nil
	return list
}
