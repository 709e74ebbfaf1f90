package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/store/memory"
	"coatcheck/functions/internal/lambdatest"
)

// maxSize is the largest that the authorizer's binary may be, in bytes
// (docs/design.md, section 10).
const maxSize = 8_700_000

// build builds the binary once for all tests; TestMain removes it.
var build = sync.OnceValues(func() (bootstrap string, err error) {
	if buildFolder, err = os.MkdirTemp("", "authorize"); err != nil {
		return "", err
	}
	return lambdatest.Build(buildFolder, "coatcheck/functions/authorize")
})

var buildFolder string

func TestMain(m *testing.M) {
	code := m.Run()
	if buildFolder != "" {
		_ = os.RemoveAll(buildFolder)
	}
	os.Exit(code) //nolint:forbidigo // a test's main ends the program
}

func bootstrap(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var tagKey = bytes.Repeat([]byte{9}, session.MinKeySize)

// start runs the binary against a database, with more in its environment.
func start(t *testing.T, endpoint string, more ...string) *lambdatest.Function {
	t.Helper()
	f, err := lambdatest.Start(bootstrap(t), append(more, "COATCHECK_TAG_KEYS="+hex.EncodeToString(tagKey), "COATCHECK_ORIGIN="+origin,
		"COATCHECK_SESSIONS_TABLE=sessions", "AWS_ENDPOINT_URL_DYNAMODB="+endpoint)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// invoke hands the binary an event and reads what comes as a gateway does.
func invoke(t *testing.T, f *lambdatest.Function, event []byte) (verdict, lambdatest.Answer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := f.Invoke(ctx, event)
	if err != nil {
		t.Fatalf("%.200s: %v", event, err)
	}
	var answer said
	switch {
	case got.Failure != nil:
		return failed, got
	case json.Unmarshal(got.Body, &answer) != nil || answer.verdict() == "":
		t.Fatalf("%.200s was answered with %q", event, got.Body)
	}
	return answer.verdict(), got
}

// genuine returns a cookie that the binary's keys tag.
func genuine(t *testing.T) string {
	t.Helper()
	keys, err := session.NewKeys(tagKey)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.New(memory.New(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := manager.SignIn(t.Context(), session.SignIn{
		Subject: "usr_1", Check: func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return "__Host-sid=" + token.Reveal()
}

func TestBinarySize(t *testing.T) {
	info, err := os.Stat(bootstrap(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > maxSize {
		t.Errorf("%d bytes: want at most %d", info.Size(), maxSize)
	}
}

// broken is a DynamoDB that answers everything with 500.
func broken(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// hanging is a DynamoDB that never answers.
func hanging(t *testing.T) string {
	t.Helper()
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(done); s.Close() })
	return s.URL
}

// Whatever comes in the place of an event, the binary lets nothing in and answers the
// next invocation: every sample of aws-lambda-go, and worse.
func TestBinaryOutlivesEveryEvent(t *testing.T) {
	f := start(t, broken(t))
	event := map[string]string{}
	for _, path := range samples(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		event[filepath.Base(path)] = string(raw)
	}
	for name, payload := range noEvents(genuine(t)) {
		event[name] = payload
	}
	event["5 MB of cookie"] = string(get([]string{"__Host-sid=" + strings.Repeat("A", 5<<20)}, nil))
	event["no UTF-8"] = "\xff\xfe{"
	for name, payload := range event {
		if got, answer := invoke(t, f, []byte(payload)); got == allowed || answer.Failure != nil && answer.Failure.Message == "Unauthorized" {
			t.Errorf("%s: %s, %+v", name, got, answer)
		}
		if got, answer := invoke(t, f, get(nil, nil)); got != denied {
			t.Fatalf("after %s: %s, %+v", name, got, answer)
		}
	}
	t.Logf("%d events", len(event))
}

func samples(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "events", "testdata", "*.json"))
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d samples, %v", len(paths), err)
	}
	return paths
}

// A database that is down fails neither the start nor, ever, a session: the error is
// the gateway's 500, within the look-up's 800 ms and what a busy machine adds. A forged
// cookie needs no database.
func TestBinaryWithoutDatabase(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	cookie := genuine(t)
	for name, endpoint := range map[string]string{"broken": broken(t), "hanging": hanging(t), "refusing": refusing.URL} {
		f := start(t, endpoint)
		for range 2 {
			got, answer := invoke(t, f, get([]string{cookie}, nil))
			if got != failed || !strings.Contains(answer.Failure.Message, "store unavailable") || answer.Took > 2*time.Second {
				t.Errorf("%s: %s in %v: %+v", name, got, answer.Took, answer.Failure)
			}
		}
		if got, _ := invoke(t, f, get([]string{cookie[:len(cookie)-1] + "!"}, nil)); got != denied {
			t.Errorf("%s: a forged cookie: %s", name, got)
		}
		value := strings.TrimPrefix(cookie, "__Host-sid=")
		if out := f.Output(); strings.Contains(out, value) || !strings.Contains(out, `"event":"connect_failed"`) {
			t.Errorf("%s: output %s", name, out)
		}
		for line := range strings.Lines(f.Output()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: no line of JSON: %s", name, line)
			}
		}
		f.Close()
	}
}

// Wrong settings end the process at once, all named.
func TestBinaryWithoutSettings(t *testing.T) {
	f, err := lambdatest.Start(bootstrap(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := f.Ready(ctx); err == nil {
		t.Fatal("it started")
	}
	for _, name := range []string{"tag-keys", "origin", "sessions-table"} {
		if want := settings.Variable(name); !strings.Contains(f.Output(), want) {
			t.Errorf("%s is missing in %s", want, f.Output())
		}
	}
	if code := f.State().ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// The connection is there before the first event, and that one uses it. A stand-in on
// loopback may answer while the SDK is still closing its request, which costs the
// connection (a network's latency rules that out), so one start of several counts.
func TestBinaryConnectsAtStart(t *testing.T) {
	event := get([]string{genuine(t)}, nil)
	for range 10 {
		if connections(t, event) == 1 {
			return
		}
	}
	t.Error("the first event never used the connection of the start")
}

// connections returns how many connections a start and one event took; the calls
// must be two.
func connections(t *testing.T, event []byte) int {
	t.Helper()
	var mu sync.Mutex
	seen, calls := map[string]bool{}, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.RemoteAddr] = true
		calls++
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, `{"Responses":{}}`)
	}))
	defer s.Close()
	f := start(t, s.URL)
	defer f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := f.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	if calls != 1 {
		t.Errorf("%d calls at the start: want 1", calls)
	}
	mu.Unlock()
	if got, answer := invoke(t, f, event); got != denied {
		t.Errorf("unknown session: %s %+v", got, answer)
	}
	mu.Lock()
	defer mu.Unlock()
	if calls != 2 {
		t.Errorf("%d calls: want one each for the start and the event", calls)
	}
	return len(seen)
}
