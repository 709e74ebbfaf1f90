package dynamodb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/store/dynamo"
	"coatcheck/e2e/secrets"
)

// dump is every item of both tables, each value as it is.
func (d *deployment) dump() (text []byte, items int) {
	d.t.Helper()
	client := dynamo.NewClient(dynamo.ClientOptions{
		Region: "us-east-1", Endpoint: d.flags[3], Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	for _, table := range []string{d.flags[5], d.flags[7]} {
		pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String(table), ConsistentRead: aws.Bool(true)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(d.t.Context())
			if err != nil {
				d.t.Fatal(err)
			}
			for _, item := range page.Items {
				items++
				for name, value := range item {
					if raw, ok := value.(*types.AttributeValueMemberB); ok {
						text = append(append(text, raw.Value...), '\n') // bytes, not what JSON makes of them
					}
					shown, err := json.Marshal(value)
					if err != nil {
						d.t.Fatal(err)
					}
					text = fmt.Appendf(text, "%s %s\n", name, shown)
				}
			}
		}
	}
	return text, items
}

// A stolen table has no token and no password: after sign-ins, changes of privilege and
// ends of all kinds neither stands in any item, in any form.
func TestTablesHoldNoSecret(t *testing.T) {
	d := newDeployment(t)
	origin := d.serve()
	d.addUser("alice")
	var scanner secrets.Scanner
	if err := errors.Join(scanner.Add("password", password), scanner.Add("tag key", d.keys)); err != nil {
		t.Fatal(err)
	}
	var tokens []string
	keep := func(token string) {
		if token != "" {
			if err := scanner.AddToken(fmt.Sprint("token ", len(tokens)), token); err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, token)
		}
	}
	login := fmt.Sprintf(`{"username":"alice","password":%q}`, password)
	for i := range 10 {
		_, token, _ := d.request("POST", origin+"/login", "", login)
		keep(token)
		_, _, answer := d.request("POST", origin+"/login", "", strings.TrimSuffix(login, "}")+`,"transport":"bearer"}`)
		bearer, _ := answer["token"].(string)
		keep(bearer)
		d.request("GET", origin+"/session", token, "")
		if i%3 == 0 {
			d.request("POST", origin+"/logout", token, "")
		}
	}
	if len(tokens) < 14 {
		t.Fatalf("%d tokens of 20 were handed out: too few", len(tokens))
	}
	text, items := d.dump()
	if items < len(tokens) {
		t.Errorf("%d items for %d tokens: the dump is not whole", items, len(tokens))
	}
	if found := scanner.Find(text); len(found) > 0 {
		t.Errorf("found %d, among them %s", len(found), found[0])
	}
	if found := scanner.Find(append(text, tokens[0]...)); len(found) == 0 {
		t.Error("a token that was planted is not found")
	}
	t.Logf("%d items, %d bytes, %d tokens: none found", items, len(text), len(tokens))
}
