package main

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"coatcheck/core/session"
	"coatcheck/core/store/bolt"
	"coatcheck/core/store/storetest"
)

// The main job from end to end: a user is added, signs in, is checked, is ended by an
// operator's command while the server runs, and is refused on the next request.
func TestChain(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	addUser(t, data, "alice", "coatcheck:viewer")
	if w := p.must("GET", "/healthz", "", ""); w.status != 200 {
		t.Errorf("health: %d", w.status)
	}
	in := p.must("POST", "/login", "", signInBody("alice"))
	if in.status != 200 || len(in.cookie) != 80 {
		t.Fatalf("sign in: %d %s", in.status, in.text)
	}
	if w := p.must("GET", "/session", in.cookie, ""); w.status != 200 {
		t.Fatalf("session: %d %s", w.status, w.text)
	}
	if w := p.must("GET", "/authorize", in.cookie, ""); w.status != 204 {
		t.Errorf("authorize: %d %s", w.status, w.text)
	}
	list, _, code := operate(t, data, "", "session", "list", "alice")
	id := sessionID.FindString(list)
	if code != 0 || !strings.Contains(list, "active") || id == "" {
		t.Fatalf("list: %d %s", code, list)
	}
	if out, _, code := operate(t, data, "", "session", "end", id); code != 0 || !strings.HasPrefix(out, "Dry run: would end session "+id) {
		t.Errorf("dry run: %d %s", code, out)
	}
	if w := p.must("GET", "/session", in.cookie, ""); w.status != 200 {
		t.Errorf("after the dry run: %d", w.status)
	}
	if out, _, code := operate(t, data, "", "session", "end", id, "--yes"); code != 0 || !strings.HasPrefix(out, "Ended session "+id) {
		t.Errorf("end: %d %s", code, out)
	}
	if w := p.must("GET", "/session", in.cookie, ""); w.status != 401 || w.body["reason"] != "ended_by_admin" {
		t.Errorf("after the end: %d %s", w.status, w.text)
	}
	if out, _, code := operate(t, data, "", "session", "end", id, "--yes"); code != 0 || !strings.Contains(out, "had ended already") {
		t.Errorf("a second end: %d %s", code, out)
	}
	if out, _, code := operate(t, data, "", "session", "show", id); code != 0 || !strings.Contains(out, "by operator") {
		t.Errorf("show: %d %s", code, out)
	}
	for _, secret := range []string{in.cookie, testPassword} {
		if strings.Contains(p.log.String(), secret) {
			t.Error("the log shows a secret")
		}
	}
}

// The same commands without a server, on the same data; and sessions outlive a restart.
func TestOperatorWithoutServer(t *testing.T) {
	data := dataFolder(t)
	if _, stderr, code := operate(t, data, "", "session", "list", "alice"); code != 1 || !strings.Contains(stderr, "start the server once") {
		t.Errorf("no data: %d %s", code, stderr)
	}
	p := start(t, data)
	addUser(t, data, "alice")
	one := p.must("POST", "/login", "", signInBody("alice"))
	two := p.must("POST", "/login", "", signInBody("alice"))
	p.stop()

	addUser(t, data, "bob")
	list, _, _ := operate(t, data, "", "session", "list", "alice", "--json")
	if strings.Count(list, `"status": "active"`) != 2 {
		t.Errorf("list: %s", list)
	}
	if out, _, code := operate(t, data, "", "session", "end-all", "alice"); code != 0 || !strings.Contains(out, "would end 2 sessions") {
		t.Errorf("dry run: %s", out)
	}
	p = start(t, data)
	if w := p.must("GET", "/session", one.cookie, ""); w.status != 200 {
		t.Errorf("after a restart: %d %s", w.status, w.text)
	}
	p.stop()
	if out, _, code := operate(t, data, "", "session", "end-all", "alice", "--yes"); code != 0 || !strings.Contains(out, "Ended 2 sessions") {
		t.Errorf("end all: %s", out)
	}
	p = start(t, data)
	for _, cookie := range []string{one.cookie, two.cookie} {
		if w := p.must("GET", "/session", cookie, ""); w.status != 401 || w.body["reason"] != "ended_by_admin" {
			t.Errorf("after end-all: %d %s", w.status, w.text)
		}
	}
	if w := p.must("POST", "/login", "", signInBody("bob")); w.status != 200 {
		t.Errorf("the user added without a server: %d %s", w.status, w.text)
	}
}

// What an operator is shown follows the deployment's policy, with and without a server.
func TestOperatorSeesThePolicy(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data, "--idle", "2h")
	addUser(t, data, "alice")
	p.must("POST", "/login", "", signInBody("alice"))
	with, _, _ := operate(t, data, "", "session", "list", "alice", "--json")
	p.stop()
	without, _, _ := operate(t, data, "", "session", "list", "alice", "--json", "--idle", "2h")
	if with != without || !strings.Contains(with, `"expiresAt"`) || strings.Contains(with, "0001-01-01") {
		t.Errorf("with a server:\n%s\nwithout:\n%s", with, without)
	}
}

// What a client once sent does not act on the operator's terminal.
func TestTerminalIsLeftAlone(t *testing.T) {
	if got := printable("a\x1b[31mb\u202ec\nd"); got != "a\ufffd[31mb\ufffdc\ufffdd" {
		t.Errorf("got %q", got)
	}
	data := dataFolder(t)
	p := start(t, data)
	addUser(t, data, "alice")
	r, err := http.NewRequest("POST", p.origin+"/login", strings.NewReader(signInBody("alice")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "evil\u202e\u2066agent")
	w, err := p.http.Do(r)
	if err != nil || w.StatusCode != 200 {
		t.Fatal(err, w)
	}
	defer w.Body.Close()
	if out, _, _ := operate(t, data, "", "session", "list", "alice"); strings.ContainsAny(out, "\u202e\u2066\x1b") || !strings.Contains(out, "evil") {
		t.Errorf("printed %q", out)
	}
}

// An account that is damaged keeps nobody else out: the server starts.
func TestDamagedAccountDoesNotStopTheServer(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	addUser(t, data, "alice", "coatcheck:owner")
	p.stop()
	file, err := bbolt.Open(filepath.Join(data, "coatcheck.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = file.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("accounts")).Put([]byte("usr_0"), []byte("{")) })
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	p = start(t, data)
	if w := p.must("POST", "/login", "", signInBody("alice")); w.status != 200 {
		t.Errorf("%d %s", w.status, w.text)
	}
	if !strings.Contains(p.log.String(), "owner_unknown") {
		t.Error("nothing was logged")
	}
}

// What is due for purging is forgotten at the start, and nothing else.
func TestSweepAtStart(t *testing.T) {
	data := dataFolder(t)
	db, err := bolt.Open(filepath.Join(data, "coatcheck.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	due := storetest.Record("alice", time.Now().AddDate(-1, 0, 0), storetest.Purgeable)
	kept := storetest.Record("alice", time.Now(), storetest.Purgeable)
	for _, r := range []session.Record{due, kept} {
		if _, err := db.Sessions().Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p := start(t, data)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(p.log.String(), "event=swept records=1"); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was swept: %s", p.log)
		}
	}
	if _, stderr, code := operate(t, data, "", "session", "show", due.ID.String()); code != exitFailed || !strings.Contains(stderr, "No such session") {
		t.Errorf("due: %d %s", code, stderr)
	}
	if _, stderr, code := operate(t, data, "", "session", "show", kept.ID.String()); code != exitOK {
		t.Errorf("kept: %d %s", code, stderr)
	}
}

// The operators' client goes where it was sent and nowhere else: an end that was led
// elsewhere would be another end.
func TestOperatorFollowsNoRedirect(t *testing.T) {
	data := filepath.Dir(dataFolder(t))
	l, err := listenOperators(data)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := false
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = elsewhere || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})}
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	var body struct{}
	if err := newOperators(data, session.Policy{}).call(t.Context(), http.MethodDelete, "/admin/sessions/x", nil, &body); err == nil || elsewhere {
		t.Errorf("followed: %t, %v", elsewhere, err)
	}
}

// A command does not make the data that it looks for.
func TestOperatorMakesNoData(t *testing.T) {
	data := t.TempDir()
	if _, _, code := operate(t, data, "", "session", "list", "alice"); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Two servers on one folder: the second says so, and the first goes on.
func TestDataInUse(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	_, stderr, code := operate(t, data, "", "serve", "--addr", "127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "in use by another process") {
		t.Errorf("second server: %d %s", code, stderr)
	}
	addUser(t, data, "alice") // the first one's socket is still there
	if w := p.must("POST", "/login", "", signInBody("alice")); w.status != 200 {
		t.Errorf("first server: %d", w.status)
	}
}

func TestFilesAreForTheirUserAlone(t *testing.T) {
	data := dataFolder(t)
	start(t, data)
	for name, want := range map[string]fs.FileMode{"": 0o700, "coatcheck.db": 0o600, "operator.sock": 0o600} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o: want %o", name, got, want)
		}
	}
}

// Every setting that is wrong is named, with what it is and what it needs to be.
func TestSettingsFaults(t *testing.T) {
	cmd := asProgram(t.Context(), "--addr", "nowhere", "--idle", "soon", "--per-user", "none", "--same-site=no", "--log-level", "loud")
	cmd.Env = append(cmd.Env, "COATCHECK_TAG_KEYS=secret", "COATCHECK_ABSOLUTE=-3h", "COATCHECK_LOG_FORMAT=xml", "COATCHECK_DEMO=maybe")
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != exitUsage {
		t.Errorf("exit: %v", err)
	}
	for _, want := range []string{
		`--addr (COATCHECK_ADDR) is "nowhere": want HOST:PORT`,
		`--idle (COATCHECK_IDLE) is "soon": want a duration`,
		`--absolute (COATCHECK_ABSOLUTE) is "-3h": want a duration`,
		`--per-user (COATCHECK_PER_USER) is "none": want a number`,
		`--same-site (COATCHECK_SAME_SITE) is "no": want lax or strict`,
		`--log-level (COATCHECK_LOG_LEVEL) is "loud": want debug`,
		`--log-format (COATCHECK_LOG_FORMAT) is "xml": want json or text`,
		`--demo (COATCHECK_DEMO) is "maybe": want`,
		`--tag-keys (COATCHECK_TAG_KEYS) is "[redacted]": want 1 to 8 keys`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

func TestPolicyFaultsCarryTheirFlags(t *testing.T) {
	_, stderr, code := operate(t, dataFolder(t), "", "serve", "--idle", "9h", "--touch-every", "5h", "--remembered-idle", "1m")
	if code != exitUsage {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{
		`--idle (COATCHECK_IDLE) is "9h0m0s": want 2s to 8h0m0s`, `--touch-every (COATCHECK_TOUCH_EVERY) is "5h0m0s": want`,
		`--remembered-absolute (COATCHECK_REMEMBERED_ABSOLUTE) is "0s": want`, `--remembered-idle`,
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing in:\n%s", want, stderr)
		}
	}
}

func TestOffLoopback(t *testing.T) {
	_, stderr, code := operate(t, dataFolder(t), "", "serve", "--addr", "0.0.0.0:0", "--demo")
	if code != exitUsage || !strings.Contains(stderr, "--demo") || !strings.Contains(stderr, "--origin") {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestUsageFaults(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"bogus"}, exitUsage, "unexpected argument bogus"},
		{[]string{"session", "end"}, exitUsage, "<id>"},
		{[]string{"--bogus"}, exitUsage, "unknown flag --bogus"},
		{[]string{"session", "show", "x"}, exitFailed, "no data in"},
		{[]string{"session", "list", "..", "--idle", "x"}, exitUsage, "--idle (COATCHECK_IDLE)"},
		{[]string{"session", "list", "x", "--store", "paper"}, exitUsage, `--store (COATCHECK_STORE) is "paper": want bolt or dynamodb`},
		{[]string{"user", "add", "x"}, exitFailed, "use --password-stdin"},
		{[]string{"user", "add", "x", "--password-stdin"}, exitFailed, "the password in one line"},
	} {
		if _, stderr, code := operate(t, dataFolder(t), "", c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: got %d %s, want %d and %q", c.args, code, stderr, c.code, c.says)
		}
	}
}

func TestOperatorFaults(t *testing.T) {
	data := dataFolder(t)
	start(t, data)
	addUser(t, data, "alice")
	for _, c := range []struct {
		args  []string
		stdin string
		says  string
	}{
		{[]string{"session", "list", "nobody"}, "", "No such user"},
		{[]string{"session", "list", ".."}, "", "no user name and no subject"},
		{[]string{"session", "end-all", ".", "--yes"}, "", "no user name and no subject"},
		{[]string{"user", "add", "bob", "--password-stdin"}, testPassword + "\nsecond line\n", "in one line"},
		{[]string{"session", "show", "x"}, "", "not a session ID"},
		{[]string{"session", "show", strings.Repeat("A", 36)}, "", "No such session"},
		{[]string{"session", "end", "-" + strings.Repeat("A", 35), "--yes"}, "", "No such session"}, // an ID that looks like a flag
		{[]string{"user", "add", "alice", "--password-stdin"}, testPassword, "taken"},
		{[]string{"user", "add", "bob", "--password-stdin"}, "short", "15 characters"},
		{[]string{"user", "add", "b b", "--password-stdin"}, testPassword, "user name"},
		{[]string{"user", "add", "bob", "--password-stdin", "--role", "coatcheck:king"}, testPassword, "coatcheck:king"},
	} {
		if _, stderr, code := operate(t, data, c.stdin, c.args...); code != exitFailed || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: got %d %s, want %q", c.args, code, stderr, c.says)
		}
	}
}

func TestHelp(t *testing.T) {
	for args, want := range map[string]string{
		"--help": "session end-all", "serve --help": "COATCHECK_IDLE", "session end --help": "--yes", "user add --help": "--password-stdin",
	} {
		out, _, code := operate(t, dataFolder(t), "", strings.Fields(args)...)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d, %q is missing in:\n%s", args, code, want, out)
		}
	}
}

func TestFrontDoor(t *testing.T) {
	p := start(t, dataFolder(t))
	w, err := p.http.Get(p.origin + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusSeeOther || w.Header.Get("Location") != "/login" {
		t.Errorf("%d %v", w.StatusCode, w.Header)
	}
}
