// Package samlocal_test drives the deployment and the examples as they are served by
// tools/sam-local test: built by SAM CLI, behind sam local start-api or SAM's emulator.
// Without its variables the tests here are left out.
package samlocal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/e2e/program"
)

// What tools/sam-local says.
const (
	addressVariable  = "COATCHECK_TEST_SAM_LOCAL" // NAME=ADDRESS, separated by spaces
	gatewayVariable  = "COATCHECK_TEST_GATEWAY"   // sam, or ours: tools/gateway
	passwordVariable = "COATCHECK_TEST_PASSWORD"  // of demo, clerk, operator and owner
	keysVariable     = "COATCHECK_TEST_TAG_KEYS"
	databaseVariable = "COATCHECK_TEST_DYNAMODB"
	chromiumVariable = "COATCHECK_TEST_CHROMIUM"
)

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, addressVariable, "the deployment and the examples by sam local (tools/sam-local test)"))
}

// api is one of what is served.
type api struct {
	t       *testing.T
	name    string // of its sessions' table, too
	address string
	client  *http.Client
}

// in is the same for a part of a test.
func (a *api) in(t *testing.T) *api { return &api{t, a.name, a.address, a.client} }

func served(t *testing.T, name string) *api {
	t.Helper()
	for _, pair := range strings.Fields(os.Getenv(addressVariable)) {
		if address, is := strings.CutPrefix(pair, name+"="); is {
			return &api{t: t, name: name, address: address, client: &http.Client{
				Timeout:       time.Minute,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}}
		}
	}
	t.Fatalf("tools/sam-local does not serve %s", name)
	return nil
}

// password is that of all users.
func password() string { return os.Getenv(passwordVariable) }

// imitates reports whether the gateway is ours, which imitates what sam local does not.
func imitates() bool { return os.Getenv(gatewayVariable) == "ours" }

// holder is who calls: with a cookie, a bearer token or nothing.
type holder struct {
	*api
	cookie, bearer string
	id             string // of the session
}

func (a *api) nobody() *holder { return &holder{api: a} }

// reply is an answer.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any // where it is JSON
}

// request is a request but for whose it is.
type request struct {
	route  string // such as "GET /orders"
	body   string // JSON
	header map[string]string
}

// ours is the header that a browser adds to what a page of this origin does.
func (a *api) ours() map[string]string { return map[string]string{"Origin": a.address} }

// ask makes a request. An answer that decides nothing (500 to 503: the store took too
// long, or a container to start) is asked for again.
func (h *holder) ask(r request) reply {
	h.t.Helper()
	pause := time.NewTicker(time.Second)
	defer pause.Stop()
	for try := 1; ; try++ {
		got := h.send(r)
		if got.status < http.StatusInternalServerError || try == 5 {
			return got
		}
		h.t.Logf("again, after %d at try %d: %s: %s", got.status, try, r.route, got.text)
		<-pause.C
	}
}

func (h *holder) send(r request) reply {
	h.t.Helper()
	method, path, _ := strings.Cut(r.route, " ")
	q, err := http.NewRequestWithContext(h.t.Context(), method, h.address+path, strings.NewReader(r.body))
	if err != nil {
		h.t.Fatal(err)
	}
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if h.cookie != "" {
		q.Header.Set("Cookie", h.cookie)
	}
	if h.bearer != "" {
		q.Header.Set("Authorization", "Bearer "+h.bearer)
	}
	w, err := h.client.Do(q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	got := reply{status: w.StatusCode, header: w.Header, text: string(text)}
	_ = json.NewDecoder(bytes.NewReader(text)).Decode(&got.body)
	return got
}

// want makes a request and wants its status, and members of its body by their paths.
func (h *holder) want(status int, r request, members map[string]string) reply {
	h.t.Helper()
	got := h.ask(r)
	if got.status != status {
		h.t.Fatalf("%s: %d %s, want %d", r.route, got.status, got.text, status)
	}
	for path, value := range members {
		if text := member(got.body, path); text != value {
			h.t.Errorf("%s: %s is %q, want %q: %s", r.route, path, text, value, got.text)
		}
	}
	return got
}

// get is want for GET.
func (h *holder) get(status int, path string, members map[string]string) reply {
	h.t.Helper()
	return h.want(status, request{route: "GET " + path}, members)
}

// post is want for what a page of this origin posts; the cookie that is set is taken.
func (h *holder) post(status int, path, body string, members map[string]string) reply {
	h.t.Helper()
	got := h.want(status, request{route: "POST " + path, body: body, header: h.ours()}, members)
	h.take(got)
	return got
}

// take keeps the session that an answer hands out.
func (h *holder) take(got reply) {
	for _, line := range got.header["Set-Cookie"] {
		if pair, _, _ := strings.Cut(line, ";"); strings.HasPrefix(pair, "__Host-sid=") {
			h.cookie = pair
		}
	}
	if id := member(got.body, "session.id"); id != "" {
		h.id = id
	}
}

// member returns what stands in a body at a path of names, "" if nothing does.
func member(body any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		m, _ := body.(map[string]any)
		body = m[name]
	}
	switch v := body.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	text, _ := json.Marshal(body)
	return string(text)
}

// signIn signs a user in: with a cookie, or for a token where more says so.
func (a *api) signIn(user string, more ...string) *holder {
	a.t.Helper()
	credentials := map[string]string{"username": user, "password": password()}
	for _, transport := range more {
		credentials["transport"] = transport
	}
	body, err := json.Marshal(credentials)
	if err != nil {
		a.t.Fatal(err)
	}
	h := a.nobody()
	got := h.want(http.StatusOK, request{route: "POST /login", body: string(body)}, nil)
	h.take(got)
	h.bearer = member(got.body, "token")
	if h.id == "" || (h.cookie == "") == (h.bearer == "") {
		a.t.Fatalf("sign-in as %s: %s", user, got.text)
	}
	return h
}

// endedBy ends a session as an operator does.
func (h *holder) endedBy(operator *holder) {
	h.t.Helper()
	operator.want(http.StatusOK, request{route: "DELETE /admin/sessions/" + h.id, header: h.ours()}, nil)
}

// before signs the holder's user in as if it had been done some time ago. It ends the
// user's other sessions: of too many the oldest would go first.
func (h *holder) before(ago time.Duration) *holder {
	h.t.Helper()
	h.post(http.StatusOK, "/account/sessions/end-others", "", nil)
	keys, err := session.ParseKeys(os.Getenv(keysVariable))
	if err != nil {
		h.t.Fatal(err)
	}
	then := time.Now().Add(-ago)
	client := dynamo.NewClient(dynamo.ClientOptions{
		Region: "eu-central-1", Endpoint: os.Getenv(databaseVariable),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	old, err := session.New(dynamo.NewSessions(client, h.name), keys,
		&session.Options{Now: func() time.Time { return then }, Timeout: 10 * time.Second})
	if err != nil {
		h.t.Fatal(err)
	}
	token, record, err := old.SignIn(h.t.Context(), session.SignIn{
		Subject: member(h.get(http.StatusOK, "/session", nil).body, "session.subject"), Bearer: h.bearer != "",
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"clerk"}, Methods: []string{"pwd"}}, nil
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	earlier := &holder{api: h.api, id: record.ID.String()}
	if h.bearer != "" {
		earlier.bearer = token.Reveal()
	} else {
		earlier.cookie = "__Host-sid=" + token.Reveal()
	}
	return earlier
}
