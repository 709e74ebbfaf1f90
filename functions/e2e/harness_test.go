// Package e2e_test runs the three functions as they are deployed, on DynamoDB Local:
// COATCHECK_TEST_DYNAMODB says where it listens. Without that, the tests here are left
// out.
package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/dynamo"
	"coatcheck/e2e/program"
	"coatcheck/functions/internal/lambdatest"
)

const (
	databaseVariable = "COATCHECK_TEST_DYNAMODB"
	origin           = "https://app.example.com"
	secret           = "correct horse battery staple"
)

func TestMain(m *testing.M) {
	code := program.Main(m, databaseVariable, "the functions on DynamoDB Local")
	if code == 0 && flag.Lookup("test.run").Value.String() == "" { // all of them ran
		for _, name := range leftOver() {
			fmt.Println("a permission that no test needs:", name)
			code = 1
		}
	}
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// build builds the functions once for all tests, under folder.
var build = sync.OnceValue(func() (err error) {
	if folder, err = os.MkdirTemp("", "functions"); err != nil {
		return err
	}
	for _, name := range []string{"login", "authorize", "admin", "monitor", "events"} {
		if bootstraps[name], err = lambdatest.Build(folder, "coatcheck/functions/"+name); err != nil {
			return err
		}
	}
	return nil
})

var (
	folder     string
	bootstraps = map[string]string{}
)

// deployment is the three functions, running, and their tables.
type deployment struct {
	t                       *testing.T
	login, authorize, admin *lambdatest.Function
	directory               *signin.Directory
	calls                   *gate // the authorizer's
}

func deploy(t *testing.T, more ...string) *deployment {
	t.Helper()
	d := &deployment{t: t}
	endpoint, err := url.Parse(address())
	if err != nil {
		t.Fatal(err)
	}
	client := clientOf(endpoint.String())
	names := namesOf(t, client)
	hasher, err := password.NewHasher(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.directory = signin.NewDirectory(dynamo.NewAccounts(client, names.Accounts), hasher, nil)
	if err := build(); err != nil {
		t.Fatal(err)
	}
	d.login = start(t, "login", names, gateOf(t, "LoginRole", names, endpoint).url, more...)
	d.admin = start(t, "admin", names, gateOf(t, "AdminRole", names, endpoint).url, more...)
	d.calls = gateOf(t, "AuthorizeRole", names, endpoint)
	d.authorize = start(t, "authorize", names, d.calls.url, more...)
	return d
}

// namesOf makes tables that are dropped when the test ends.
func namesOf(t *testing.T, client *dynamodb.Client) dynamo.Names {
	t.Helper()
	names := dynamo.Names{Sessions: "sessions-" + rand.Text(), Accounts: "accounts-" + rand.Text()}
	if err := dynamo.CreateTables(t.Context(), client, names); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, client, names) })
	return names
}

func address() string {
	text := os.Getenv(databaseVariable)
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return text
}

// clientOf returns a client with the credentials that the functions get: DynamoDB
// Local keeps tables apart by key, unless told otherwise.
func clientOf(endpoint string) *dynamodb.Client {
	given := map[string]string{}
	for _, pair := range lambdatest.Environment() {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value
	}
	return dynamo.NewClient(dynamo.ClientOptions{
		Region: given["AWS_REGION"], Endpoint: endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: given["AWS_ACCESS_KEY_ID"], SecretAccessKey: given["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	})
}

func drop(t *testing.T, client *dynamodb.Client, names dynamo.Names) {
	for _, name := range []string{names.Sessions, names.Accounts} {
		if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	}
}

func start(t *testing.T, name string, names dynamo.Names, endpoint string, more ...string) *lambdatest.Function {
	t.Helper()
	f, err := lambdatest.Start(bootstraps[name], append(more, "COATCHECK_TAG_KEYS="+strings.Repeat("ab", 32), "COATCHECK_ORIGIN="+origin,
		"COATCHECK_SESSIONS_TABLE="+names.Sessions, "COATCHECK_ACCOUNTS_TABLE="+names.Accounts, "AWS_ENDPOINT_URL_DYNAMODB="+endpoint)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// user adds a user.
func (d *deployment) user(name string, roles ...string) {
	d.t.Helper()
	if _, err := d.directory.Add(d.t.Context(), signin.NewUser{Name: name, Password: secret, Roles: roles}, "test"); err != nil {
		d.t.Fatal(err)
	}
}

// invoke hands a function one event; that the function fails is the test's failure.
func (d *deployment) invoke(f *lambdatest.Function, event []byte, answer any) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	got, err := f.Invoke(ctx, event)
	if err != nil {
		d.t.Fatal(err)
	}
	if got.Failure != nil {
		d.t.Fatalf("%.300s\nfailed: %+v\n%s", event, got.Failure, f.Output())
	}
	if err := json.Unmarshal(got.Body, answer); err != nil {
		d.t.Fatalf("answer %q: %v", got.Body, err)
	}
}

// send sends a request to the login or the admin function.
func (d *deployment) send(f *lambdatest.Function, r lambdatest.Request) (events.APIGatewayV2HTTPResponse, map[string]any) {
	d.t.Helper()
	var response events.APIGatewayV2HTTPResponse
	d.invoke(f, r.Event(), &response)
	var body map[string]any
	if response.Body != "" && json.Unmarshal([]byte(response.Body), &body) != nil {
		d.t.Fatalf("body %q", response.Body)
	}
	return response, body
}

// verdict is the authorizer's answer.
type verdict struct {
	IsAuthorized bool              `json:"isAuthorized"`
	Context      map[string]string `json:"context"`
}

// ask asks the authorizer for GET /demo with a cookie.
func (d *deployment) ask(cookies ...string) verdict {
	d.t.Helper()
	var v verdict
	d.invoke(d.authorize, lambdatest.Request{Method: "GET", Path: "/demo", Cookies: cookies}.AuthorizerEvent(), &v)
	return v
}

// signIn signs a user in through the login function and returns the cookie, as a
// browser sends it, and the session's ID.
func (d *deployment) signIn(name string) (cookie, id string) {
	d.t.Helper()
	response, body := d.send(d.login, lambdatest.Request{
		Method: "POST", Path: "/login", Body: `{"username":"` + name + `","password":"` + secret + `"}`,
		Headers: map[string]string{"content-type": "application/json", "user-agent": "test, with a comma"},
	})
	if response.StatusCode != http.StatusOK || len(response.Cookies) != 1 {
		d.t.Fatalf("sign in: %+v\n%s", response, d.login.Output())
	}
	cookie, _, _ = strings.Cut(response.Cookies[0], ";")
	return cookie, body["session"].(map[string]any)["id"].(string)
}
