// Package dynamodb_test runs the local program on DynamoDB: several servers on the same
// tables, and the operators' commands beside them. It needs DynamoDB Local: make test
// starts it and sets COATCHECK_TEST_DYNAMODB to its address. Without that, the tests
// here are left out.
package dynamodb_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

const variable = "COATCHECK_TEST_DYNAMODB"

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, variable, "the local program on DynamoDB")) //nolint:forbidigo // a test's main
}

const password = "correct horse battery staple"

// deployment is servers and commands that share tables.
type deployment struct {
	t     *testing.T
	exe   string
	flags []string
	keys  string
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{t: t, exe: program.Build(t), keys: random(32)}
	endpoint := os.Getenv(variable)
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	name := random(4)
	d.flags = []string{
		"--store", "dynamodb", "--endpoint", endpoint,
		"--sessions-table", "sessions-" + name, "--accounts-table", "accounts-" + name,
	}
	return d
}

func random(size int) string {
	raw := make([]byte, size)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)
}

// serve starts a server and returns its origin.
func (d *deployment) serve() string {
	d.t.Helper()
	cmd := exec.Command(d.exe, append([]string{"serve", "--addr", "127.0.0.1:0"}, d.flags...)...)
	cmd.Env = append(os.Environ(), "COATCHECK_TAG_KEYS="+d.keys)
	cmd.Dir = d.t.TempDir()
	cmd.Stderr = os.Stderr
	return program.Serve(d.t, cmd).Origin
}

func (d *deployment) operate(stdin string, args ...string) (string, error) {
	cmd := exec.Command(d.exe, append(args, d.flags...)...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Dir = d.t.TempDir()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *deployment) must(stdin string, args ...string) string {
	d.t.Helper()
	out, err := d.operate(stdin, args...)
	if err != nil {
		d.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (d *deployment) request(method, url, cookie, body string) (status int, set string, answer map[string]any) {
	d.t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-sid="+cookie)
	}
	w, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = json.Unmarshal(text, &answer)
	for _, c := range w.Cookies() {
		set = c.Value
	}
	return w.StatusCode, set, answer
}

// addUser adds a user. DynamoDB Local's first calls can take longer than the product
// waits; what did not answer is asked again, as an operator would.
func (d *deployment) addUser(name string) {
	d.t.Helper()
	for try := 0; ; try++ {
		out, err := d.operate(password, "user", "add", name, "--password-stdin")
		if err == nil || strings.Contains(out, "taken") {
			return
		}
		if try == 5 {
			d.t.Fatalf("user add: %s", out)
		}
	}
}

// Two servers share the tables: a session made at one holds at the other, and an
// operator's command, which needs neither, ends it at both on the next request.
func TestTwoServersOneStore(t *testing.T) {
	d := newDeployment(t)
	d.addUser("alice")
	one, two := d.serve(), d.serve()
	status, cookie, answer := d.request("POST", one+"/login", "", fmt.Sprintf(`{"username":"alice","password":%q}`, password))
	if status != 200 || cookie == "" {
		t.Fatalf("sign in: %d %v", status, answer)
	}
	for _, server := range []string{one, two} {
		if status, _, answer := d.request("GET", server+"/session", cookie, ""); status != 200 {
			t.Errorf("%s: %d %v", server, status, answer)
		}
	}
	if list := d.must("", "session", "list", "alice"); strings.Count(list, "active") != 1 {
		t.Errorf("list: %s", list)
	}
	if out := d.must("", "session", "end-all", "alice"); !strings.HasPrefix(out, "Dry run: would end 1 session of alice") {
		t.Errorf("dry run: %s", out)
	}
	if out := d.must("", "session", "end-all", "alice", "--yes"); !strings.HasPrefix(out, "Ended 1 session of alice") {
		t.Errorf("end all: %s", out)
	}
	for _, server := range []string{two, one} {
		status, _, answer := d.request("GET", server+"/session", cookie, "")
		if status != 401 || answer["reason"] != "ended_by_admin" {
			t.Errorf("%s after the end: %d %v", server, status, answer)
		}
	}
}

// Servers that share tables must share a key: without one each would refuse the
// other's tokens.
func TestKeysAreNeeded(t *testing.T) {
	d := newDeployment(t)
	out, err := d.operate("", "serve", "--addr", "127.0.0.1:0")
	if err == nil || !strings.Contains(out, "--tag-keys (COATCHECK_TAG_KEYS)") {
		t.Errorf("%v %s", err, out)
	}
}

// A stand-in that is not there is said so.
func TestNoDatabase(t *testing.T) {
	d := newDeployment(t)
	d.flags[3] = "http://127.0.0.1:1"
	if out, err := d.operate("", "session", "list", "alice"); err == nil || !strings.Contains(out, "http://127.0.0.1:1") {
		t.Errorf("%v %s", err, out)
	}
}

// What was done is told from the tables alone, and who is erased is gone from them, for
// the servers that go on.
func TestAuditAndErasure(t *testing.T) {
	d := newDeployment(t)
	d.addUser("alice")
	server := d.serve()
	status, cookie, answer := d.request("POST", server+"/login", "", fmt.Sprintf(`{"username":"alice","password":%q}`, password))
	if status != 200 {
		t.Fatalf("sign in: %d %v", status, answer)
	}
	d.must("", "session", "end-all", "alice", "--reason", "roles_changed", "--yes")
	for _, flags := range [][]string{{"--user", "alice"}, {"--since", "1h"}} {
		out := d.must("", append([]string{"audit"}, flags...)...)
		for _, want := range []string{"user_changed", "session_created", "127.0.0.1", "session_ended", "operator", "roles_changed"} {
			if !strings.Contains(out, want) {
				t.Errorf("audit %v: %q is missing in\n%s", flags, want, out)
			}
		}
	}
	if out := d.must("", "user", "export", "alice"); !strings.Contains(out, `"clientAddress": "127.0.0.1"`) {
		t.Errorf("export: %s", out)
	}
	if out := d.must("", "user", "erase", "alice", "--yes"); !strings.Contains(out, "the account and 1 record of a session") {
		t.Errorf("erase: %s", out)
	}
	if status, _, answer := d.request("GET", server+"/session", cookie, ""); status != 401 || answer["reason"] != nil {
		t.Errorf("afterwards: %d %v", status, answer)
	}
	if out := d.must("", "audit"); strings.Contains(out, "usr_") {
		t.Errorf("left:\n%s", out)
	}
}
