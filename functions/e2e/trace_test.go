package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/lambdatest"
)

// xRay is what stands beside a function as X-Ray's daemon, and what it was told.
type xRay struct {
	t    *testing.T
	conn *net.UDPConn
	all  []byte
}

func newXRay(t *testing.T) *xRay {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &xRay{t: t, conn: conn}
}

// settings are what a traced function gets.
func (x *xRay) settings() []string {
	return []string{"COATCHECK_TRACING=on", "AWS_XRAY_DAEMON_ADDRESS=" + x.conn.LocalAddr().String()}
}

// told returns the calls that it was told of since it was last asked, as "operation table",
// by the segment that they belong to. A function tells before it answers, so all are here.
func (x *xRay) told() map[string][]string {
	x.t.Helper()
	calls, datagram := map[string][]string{}, make([]byte, 65536)
	for {
		_ = x.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, err := x.conn.Read(datagram)
		if err != nil {
			return calls
		}
		x.all = append(x.all, datagram[:n]...)
		var document struct {
			Parent string `json:"parent_id"`
			AWS    struct {
				Operation string `json:"operation"`
				Table     string `json:"table_name"`
			} `json:"aws"`
		}
		_, text, _ := bytes.Cut(datagram[:n], []byte("\n"))
		if err := json.Unmarshal(text, &document); err != nil {
			x.t.Fatalf("%s: %v", text, err)
		}
		kind, _, _ := strings.Cut(document.AWS.Table, "-")
		calls[document.Parent] = append(calls[document.Parent], document.AWS.Operation+" "+kind)
	}
}

// Each function tells X-Ray of the calls of DynamoDB that its sampled invocations made,
// below its own segment, and of nobody's token, password, session or name.
func TestTraces(t *testing.T) {
	x := newXRay(t)
	d := deploy(t, x.settings()...)
	d.user("alice", signin.RoleOperator)
	segment := map[string]string{"login": "00000000000000a1", "authorize": "00000000000000a2", "admin": "00000000000000a3", "monitor": "00000000000000a4"}
	for name, f := range map[string]*lambdatest.Function{"login": d.login, "authorize": d.authorize, "admin": d.admin} {
		f.Trace("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + segment[name] + ";Sampled=1")
	}
	cookie, id := d.signIn("alice")
	d.live(cookie)
	_, _ = d.as(d.admin, "GET /admin/users/alice/sessions", cookie, "", http.StatusOK)
	tracedMonitor(t, x, segment["monitor"])
	told := x.told()
	for name, want := range map[string][]string{
		"login":     {"GetItem accounts", "PutItem sessions"},
		"authorize": {"BatchGetItem sessions"},
		"admin":     {"Query sessions"},
		"monitor":   {"GetItem sessions"},
	} {
		for _, call := range want {
			if !slices.Contains(told[segment[name]], call) {
				t.Errorf("%s: told of %q, %s is missing", name, told[segment[name]], call)
			}
		}
	}
	if len(told) != len(segment) {
		t.Errorf("told of %q", told)
	}
	for _, private := range []string{strings.TrimPrefix(cookie, "__Host-sid="), id, "alice", secret} {
		if strings.Contains(string(x.all), private) {
			t.Errorf("%q is in %s", private, x.all)
		}
	}
	d.login.Trace("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + segment["login"] + ";Sampled=0")
	d.signIn("alice")
	if told := x.told(); len(told) != 0 {
		t.Errorf("not sampled, and told of %q", told)
	}
}

// tracedMonitor runs the monitor once, with a database that is gone.
func tracedMonitor(t *testing.T, x *xRay, segment string) {
	t.Helper()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	f := start(t, "monitor", dynamo.Names{Sessions: "sessions-table"}, gone.URL, append(x.settings(), "COATCHECK_METRICS_NAMESPACE=Coatcheck/test",
		"COATCHECK_TAG_KEYS_SECRET="+secretArn, "COATCHECK_MONITOR_EVERY=5m", "AWS_ENDPOINT_URL_SECRETS_MANAGER="+secretsManager(t).URL)...)
	f.Trace("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + segment + ";Sampled=1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte("{}")); err != nil {
		t.Fatal(err)
	}
}
