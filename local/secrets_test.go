package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"coatcheck/e2e/secrets"
)

// scanOperations is how many requests are made before what came of them is scanned: a
// sample, and all that COATCHECK_TEST_SCAN says in make test.
func scanOperations(t *testing.T) int {
	t.Helper()
	text := os.Getenv("COATCHECK_TEST_SCAN")
	if text == "" {
		return 5000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		t.Fatalf("COATCHECK_TEST_SCAN is %q: want a number of at least 1000", text)
	}
	return n
}

// shed is a program with everything turned on that puts something out, and all that it
// did.
type shed struct {
	*program
	tagKey  []byte
	scanner secrets.Scanner

	mu      sync.Mutex
	out     bytes.Buffer // what others may see: answers and their headers, deliveries
	tokens  []string     // ever handed out
	secrets int
}

// know tells the scanner of a secret.
func (s *shed) know(name, secret string) {
	s.scanner.Text(name, secret)
	s.secrets++
}

// visit sends a request and keeps what its answer says. Where the answer hands a token to
// its holder, that is known from then on, and not kept.
func (s *shed) visit(method, path, cookie, body string, headers ...string) int {
	r, err := http.NewRequest(method, s.origin, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	r.Header.Set("Origin", s.origin)
	r.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		r.Header.Set("Cookie", "__Host-sid="+cookie)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w, err := s.http.Do(r)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	defer w.Body.Close()
	text, _ := io.ReadAll(w.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range w.Cookies() {
		s.handedOut(c.Value)
	}
	if _, token, ok := bytes.Cut(text, []byte(`"token":"`)); ok {
		token, _, _ = bytes.Cut(token, []byte(`"`))
		s.handedOut(string(token))
		text = nil
	}
	w.Header.Del("Set-Cookie")
	fmt.Fprintln(&s.out, w.Header)
	s.out.Write(text)
	return w.StatusCode
}

func (s *shed) handedOut(token string) {
	if token == "" {
		return
	}
	s.scanner.Token(fmt.Sprintf("token %d", len(s.tokens)), token)
	s.tokens = append(s.tokens, token)
	s.secrets++
}

// anyToken is one that was handed out, to whomever, over or not.
func (s *shed) anyToken(draw *rand.Rand) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[draw.IntN(len(s.tokens))]
}

// newShed starts the program with logs of everything, metrics, and a receiver of events.
func newShed(t *testing.T) (s *shed, metrics string) {
	t.Helper()
	s = &shed{tagKey: []byte("the tag key of this test, 32 bytes or more")}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintln(&s.out, r.Header, string(body))
	}))
	t.Cleanup(receiver.Close)
	webhook := []byte("signs what the webhook delivers.")
	t.Setenv("COATCHECK_TAG_KEYS", hex.EncodeToString(s.tagKey))
	t.Setenv("COATCHECK_WEBHOOK_SECRETS", "whsec_"+base64.StdEncoding.EncodeToString(webhook))
	s.know("tag key", string(s.tagKey))
	s.know("webhook's secret", string(webhook))
	s.know("password", testPassword)
	s.program = start(t, dataFolder(t), "--metrics-addr", "127.0.0.1:0", "--webhook", receiver.URL, "--log-level", "debug", "--log-format", "json", "--per-user", "5")
	_, setup, ok := strings.Cut(s.readLine(), "/setup?token=")
	if !ok {
		t.Fatal("no first start")
	}
	s.know("secret of the first start", setup)
	return s, strings.TrimPrefix(s.readLine(), "Metrics for Prometheus: ")
}

// deed is one of what visitors do, with how often it is done in a thousand.
type deed struct {
	often int
	do    func(s *shed, draw *rand.Rand)
}

// wrongPassword is one that is never right, and a secret all the same: people mistype, and
// type in the password of something else.
const wrongPassword = `hunter2's "other" <password> & more`

var deeds = []deed{
	{2, func(s *shed, draw *rand.Rand) { s.visit("POST", "/login", "", signInBody(anyone(draw))) }},
	{1, func(s *shed, draw *rand.Rand) { s.visit("POST", "/login", s.anyToken(draw), signInBody(anyone(draw))) }},
	{1, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/login", "", strings.TrimSuffix(signInBody(anyone(draw)), "}")+`,"transport":"bearer"}`)
	}},
	{1, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/login", "", fmt.Sprintf(`{"username":%q,"password":%q}`, anyone(draw), wrongPassword))
	}},
	{1, func(s *shed, _ *rand.Rand) {
		s.visit("POST", "/login", "", fmt.Sprintf(`{"username":%q,"password":%q}`, wrongPassword, testPassword))
	}},
	{1, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/login", "", "username="+anyone(draw)+"&password="+url.QueryEscape(wrongPassword), "Content-Type: application/x-www-form-urlencoded", "Accept: text/html")
	}},
	{1, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/login/reauth", s.anyToken(draw), fmt.Sprintf(`{"password":%q}`, testPassword))
	}},
	{5, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/login", "", `{"password":"`+testPassword+`","token":`+s.anyToken(draw))
	}},
	{5, func(s *shed, draw *rand.Rand) {
		s.visit("POST", "/logout", s.anyToken(draw), "", "Origin: https://elsewhere.example")
	}},
	{1, func(s *shed, draw *rand.Rand) { s.visit("POST", "/logout", s.anyToken(draw), "") }},
	{20, func(s *shed, draw *rand.Rand) { s.visit("GET", "/session?token="+s.anyToken(draw), "", "") }},
	{20, func(s *shed, draw *rand.Rand) { s.visit("GET", "/"+s.anyToken(draw), "", "", "Accept: text/html") }},
	{20, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/session", s.anyToken(draw)+"; __Host-sid="+s.anyToken(draw), "", "User-Agent: "+s.anyToken(draw), "Referer: https://app.example.com/"+s.anyToken(draw))
	}},
	{20, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/session", s.anyToken(draw)[:70], "", "X-Request-Id: "+s.anyToken(draw))
	}},
	{20, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/session", "", "", "Authorization: Bearer "+s.anyToken(draw))
	}},
	{10, func(s *shed, draw *rand.Rand) { s.visit("PUT", "/session/"+s.anyToken(draw), s.anyToken(draw), "{}") }},
	{20, func(s *shed, draw *rand.Rand) { s.visit("GET", "/account", s.anyToken(draw), "", "Accept: text/html") }},
	{20, func(s *shed, draw *rand.Rand) { s.visit("GET", "/account/sessions?limit=5", s.anyToken(draw), "") }},
	{5, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/admin/sessions?limit=5&cursor="+s.anyToken(draw), s.anyToken(draw), "")
	}},
	{5, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/admin/users/"+anyone(draw)+"/export", s.anyToken(draw), "")
	}},
	{5, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/admin/sessions/"+s.anyToken(draw), s.anyToken(draw), "")
	}},
	{10, func(s *shed, draw *rand.Rand) {
		s.visit("GET", "/authorize", s.anyToken(draw), "", "X-Forwarded-Uri: /"+s.anyToken(draw))
	}},
	{800, func(s *shed, draw *rand.Rand) { s.visit("GET", "/session", s.anyToken(draw), "") }},
}

func anyone(draw *rand.Rand) string {
	return []string{"alice", "bob", "olga"}[draw.IntN(3)]
}

// visitors does so many deeds, side by side.
func (s *shed) visitors(n int) {
	var wg sync.WaitGroup
	const side = 8
	for i := range side {
		wg.Go(func() {
			draw := rand.New(rand.NewPCG(7, uint64(i)))
			for range n / side {
				at := draw.IntN(1000)
				for _, d := range deeds {
					if at -= d.often; at < 0 {
						d.do(s, draw)
						break
					}
				}
			}
		})
	}
	wg.Wait()
}

// After many operations of all kinds (100,000 in make test) no secret stands in what anybody but its holder may
// come to see: the log at its most talkative, metrics, answers and pages, deliveries of
// events, what commands print, the file, and a copy of it as a backup.
func TestSecretsStayWithTheirHolders(t *testing.T) {
	s, metrics := newShed(t)
	s.know("wrong password", wrongPassword)
	for name, role := range map[string]string{"alice": "clerk", "bob": "clerk", "olga": "coatcheck:owner"} {
		addUser(t, s.data, name, role)
		s.visit("POST", "/login", "", signInBody(name))
	}
	n := scanOperations(t)
	s.visitors(n)
	commands := ""
	for _, line := range []string{"user list", "user show alice", "user export alice", "session list", "session list --all", "audit", "audit --user bob --format csv", "session end-all bob"} {
		out, errs, _ := operate(t, s.data, "", strings.Fields(line)...)
		commands += out + errs
	}
	places := map[string][]byte{
		"metrics": []byte(metricsPage(t, metrics)), "commands": []byte(commands),
		"backup while serving": s.file(),
	}
	s.stop()
	places["log"], places["file"] = []byte(s.log.String()), s.file()
	places["answers and deliveries"] = s.out.Bytes()
	total := 0
	for place, text := range places {
		total += len(text)
		if len(text) < 1000 {
			t.Errorf("%s: %d bytes are too few to have been kept", place, len(text))
		}
		if found := s.scanner.Find(text); len(found) > 0 {
			t.Errorf("%s: found %d, among them %s", place, len(found), found[0])
		}
		// The scan can fail: one planted token is found there.
		if found := s.scanner.Find(append(text[:len(text):len(text)], s.tokens[0]...)); len(found) == 0 {
			t.Errorf("%s: a token that was planted is not found", place)
		}
	}
	t.Logf("%d operations, %d tokens handed out, %d secrets in all, %d MB in %d places",
		n, len(s.tokens), s.secrets, total>>20, len(places))
}

// file is the data as it is on disk.
func (s *shed) file() []byte {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "coatcheck.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// What the file has of a secret, its hash, opens nothing: not as a cookie in any form, and
// not in the place of the secret in a token with a right tag.
func TestHashesOpenNothing(t *testing.T) {
	s, _ := newShed(t)
	addUser(t, s.data, "alice", "clerk")
	s.visit("POST", "/login", "", signInBody("alice"))
	token := s.tokens[0]
	if status := s.visit("GET", "/session", token, ""); status != http.StatusOK {
		t.Fatalf("the token itself: %d", status)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(raw[28:52])
	if !bytes.Contains(s.file(), hash[:]) && !bytes.Contains(s.file(), []byte(base64.StdEncoding.EncodeToString(hash[:]))) {
		t.Error("the file does not have the hash: this test looks for what is not there")
	}
	forged := bytes.Clone(raw)
	copy(forged[28:52], hash[:])
	copy(forged[52:], tagOf(s.tagKey, forged[:52]))
	if again := bytes.Clone(raw); !bytes.Equal(tagOf(s.tagKey, again[:52]), again[52:]) {
		t.Error("the tag is not made as this test makes it")
	}
	for name, cookie := range map[string]string{
		"base64url": base64.RawURLEncoding.EncodeToString(hash[:]), "hexadecimal": hex.EncodeToString(hash[:]),
		"in the secret's place, tagged": base64.RawURLEncoding.EncodeToString(forged),
	} {
		if status := s.visit("GET", "/session", cookie, ""); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := s.visit("GET", "/session", token, ""); status != http.StatusOK {
		t.Errorf("the token itself, after it: %d", status)
	}
}

// tagOf is what the deployment's key makes of a token's first bytes.
func tagOf(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)[:8]
}
