// Package servertest_test holds the adapter against servers that stand in for
// DynamoDB: DynamoDB Local and moto. tools/dynamodb-local and tools/moto start them;
// COATCHECK_TEST_DYNAMODB and COATCHECK_TEST_MOTO say where they listen, as host:port
// or URL. Without its variable a server's tests are left out.
package servertest_test

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/store/dynamo"
)

// The tests of a server that is not there are deselected, so that go test says "no
// tests to run" rather than "ok" where none is. After the run the requests of all of
// them are judged.
func TestMain(m *testing.M) {
	flag.Parse()
	var out []string
	for _, s := range []server{local, moto} {
		if os.Getenv(s.variable) == "" {
			fmt.Printf("left out: the tests against %s; %s starts it, and %s says where it listens\n", s.name, s.tool, s.variable)
			out = append(out, s.tests)
		}
	}
	switch len(out) {
	case 1:
		_ = flag.Set("test.skip", out[0])
	case 2:
		_ = flag.Set("test.run", "^$")
		_ = flag.Set("test.bench", "")
	}
	code := m.Run()
	for _, fault := range everything.faults() {
		fmt.Println("FAIL: sent", fault)
		code = 1
	}
	os.Exit(code)
}

// server is a stand-in for DynamoDB.
type server struct{ name, tool, variable, tests string }

var (
	local = server{"DynamoDB Local", "tools/dynamodb-local", "COATCHECK_TEST_DYNAMODB", "^(TestLocal|Benchmark)"}
	moto  = server{"moto", "tools/moto", "COATCHECK_TEST_MOTO", "^TestMoto"}
)

func (s server) url() string {
	address := os.Getenv(s.variable)
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	return address
}

// credentials are letters and digits: DynamoDB Local takes no others.
var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
})

// options are a client's, its requests recorded.
func (s server) options() dynamo.ClientOptions {
	return dynamo.ClientOptions{Region: "eu-central-1", Endpoint: s.url(), Credentials: credentials, HTTPClient: everything}
}

func (s server) client() *dynamodb.Client { return dynamo.NewClient(s.options()) }

// tables makes both tables under new names.
func (s server) tables(t testing.TB) dynamo.Names {
	t.Helper()
	tail := rand.Text()
	names := dynamo.Names{Sessions: "sessions-" + tail, Accounts: "accounts-" + tail}
	if err := dynamo.CreateTables(t.Context(), s.client(), names); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, name := range []string{names.Sessions, names.Accounts} {
			if _, err := s.client().DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
				t.Error(err)
			}
		}
	})
	return names
}

func (s server) sessions(t testing.TB) *dynamo.Sessions {
	t.Helper()
	return dynamo.NewSessions(s.client(), s.tables(t).Sessions)
}

func (s server) accounts(t testing.TB) *dynamo.Accounts {
	t.Helper()
	return dynamo.NewAccounts(s.client(), s.tables(t).Accounts)
}
