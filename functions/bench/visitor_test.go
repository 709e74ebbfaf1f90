package bench_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/memory"
	"coatcheck/functions/internal/lambdatest"
)

const (
	tableName = "sessions"
	region    = "eu-central-1"
	userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
)

var tagKey = bytes.Repeat([]byte{9}, session.MinKeySize)

// policy puts the first touch, which would be a write, past the end of any benchmark.
var policy = session.Policy{Idle: 4 * time.Hour}

// visitor is somebody who is signed in: the token, and the item that the adapter writes
// for the session.
type visitor struct {
	token string
	keys  session.Keys
	item  json.RawMessage
}

func newVisitor(tb testing.TB) *visitor {
	tb.Helper()
	keys, err := session.NewKeys(tagKey)
	if err != nil {
		tb.Fatal(err)
	}
	manager, err := session.New(memory.New(), keys, &session.Options{Policy: policy})
	if err != nil {
		tb.Fatal(err)
	}
	token, record, err := manager.SignIn(tb.Context(), session.SignIn{
		Subject: "usr_01JD3M9QK7W2X8Y4Z6", Client: session.Client{Address: "203.0.113.7", UserAgent: userAgent},
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"clerk", "coatcheck:viewer"}, Methods: []string{"pwd"}}, nil
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	v := &visitor{token: token.Reveal(), keys: keys}
	client := dynamo.NewClient(dynamo.ClientOptions{Region: region, Credentials: credentials(), HTTPClient: v})
	if _, err := dynamo.NewSessions(client, tableName).Create(tb.Context(), record); err != nil || v.item == nil {
		tb.Fatalf("item %s, %v", v.item, err)
	}
	return v
}

// Do implements dynamodb.HTTPClient: it keeps the item that is put.
func (v *visitor) Do(r *http.Request) (*http.Response, error) {
	var put struct{ Item json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&put); err != nil {
		return nil, err
	}
	v.item = put.Item
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// forged returns the token with another tag: this deployment did not make it.
func (v *visitor) forged() string {
	last := v.token[len(v.token)-1]
	return v.token[:len(v.token)-1] + string(rune('A'+('B'-last)&1))
}

// event is a browser's request with a session cookie among others.
func (v *visitor) event(token string) []byte {
	return lambdatest.Request{
		Method: http.MethodGet, Path: "/orders?page=2", Cookies: []string{"theme=dark", "__Host-sid=" + token},
		Headers: map[string]string{
			"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "accept-encoding": "gzip, deflate, br, zstd",
			"accept-language": "en-GB,en;q=0.5", "content-length": "0", "host": "app.example.com", "priority": "u=0, i",
			"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin", "sec-fetch-user": "?1",
			"upgrade-insecure-requests": "1", "user-agent": userAgent, "x-amzn-trace-id": "Root=1-673f2c4e-0d1f7a6b2c3d4e5f60718293",
			"x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
	}.AuthorizerEvent()
}

// settings are the functions' own variables.
func (v *visitor) settings() []string {
	return []string{
		"COATCHECK_TAG_KEYS=" + hex.EncodeToString(tagKey), "COATCHECK_ORIGIN=https://app.example.com",
		"COATCHECK_SESSIONS_TABLE=" + tableName, "COATCHECK_IDLE=" + policy.Idle.String(),
	}
}

// manager is the Manager of an authorizer that asks the stand-in.
func (v *visitor) manager(tb testing.TB, s *standIn) *session.Manager {
	tb.Helper()
	client := dynamo.NewClient(dynamo.ClientOptions{Region: region, Endpoint: s.url, Credentials: credentials()})
	manager, err := session.New(dynamo.NewSessions(client, tableName), v.keys, &session.Options{Policy: policy})
	if err != nil {
		tb.Fatal(err)
	}
	return manager
}

// credentials are those that [lambdatest.Environment] tells the functions.
func credentials() aws.CredentialsProvider {
	value := map[string]string{}
	for _, line := range lambdatest.Environment() {
		name, text, _ := strings.Cut(line, "=")
		value[name] = text
	}
	c := aws.Credentials{
		AccessKeyID: value["AWS_ACCESS_KEY_ID"], SecretAccessKey: value["AWS_SECRET_ACCESS_KEY"], SessionToken: value["AWS_SESSION_TOKEN"],
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}
