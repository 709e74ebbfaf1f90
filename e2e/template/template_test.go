// Package template_test holds template.yaml against the code it deploys: the tables'
// shape, the routes, and what must never change about the authorizer and the policies.
// It needs no tool; SAM's own checks are make template's.
package template_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.yaml.in/yaml/v3"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/memory"
)

type properties = map[string]any

// resource is one of the template. CloudFormation's short functions (!Ref x) read as
// their argument.
type resource struct {
	Type                string
	DeletionPolicy      string `yaml:"DeletionPolicy"`
	UpdateReplacePolicy string `yaml:"UpdateReplacePolicy"`
	Properties          properties
}

func readTemplate(t *testing.T) map[string]resource {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	if len(template.Resources) == 0 {
		t.Fatal("the template has no resources")
	}
	return template.Resources
}

// UnmarshalYAML reads the members by the names that CloudFormation gives them.
func (r *resource) UnmarshalYAML(node *yaml.Node) error {
	var raw struct {
		Type                string     `yaml:"Type"`
		DeletionPolicy      string     `yaml:"DeletionPolicy"`
		UpdateReplacePolicy string     `yaml:"UpdateReplacePolicy"`
		Properties          properties `yaml:"Properties"`
	}
	err := node.Decode(&raw)
	*r = resource(raw)
	return err
}

// The tables' shape stands once, in core/store/dynamo.
func TestTables(t *testing.T) {
	resources := readTemplate(t)
	for name, want := range map[string]*dynamodb.CreateTableInput{
		"SessionsTable": dynamo.SessionsTable("x"), "AccountsTable": dynamo.AccountsTable("x"),
	} {
		table := resources[name]
		if table.Type != "AWS::DynamoDB::Table" || table.DeletionPolicy != "Retain" || table.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s: %s, deletion %q, replacement %q: want both Retain", name, table.Type, table.DeletionPolicy, table.UpdateReplacePolicy)
		}
		for property, value := range shapeOf(want) {
			if got := table.Properties[property]; !reflect.DeepEqual(got, value) {
				t.Errorf("%s: %s is\n%v\nwant\n%v", name, property, got, value)
			}
		}
	}
}

// shapeOf writes a table as the template does.
func shapeOf(in *dynamodb.CreateTableInput) properties {
	shape := properties{
		"BillingMode": string(in.BillingMode), "KeySchema": keySchema(in.KeySchema), "DeletionProtectionEnabled": true,
		"TimeToLiveSpecification":          properties{"AttributeName": dynamo.TTLAttribute, "Enabled": true},
		"PointInTimeRecoverySpecification": properties{"PointInTimeRecoveryEnabled": true},
	}
	var attributes, indexes []any
	for _, a := range in.AttributeDefinitions {
		attributes = append(attributes, properties{"AttributeName": *a.AttributeName, "AttributeType": string(a.AttributeType)})
	}
	for _, i := range in.GlobalSecondaryIndexes {
		indexes = append(indexes, properties{
			"IndexName": *i.IndexName, "KeySchema": keySchema(i.KeySchema),
			"Projection": properties{"ProjectionType": string(i.Projection.ProjectionType)},
		})
	}
	shape["AttributeDefinitions"], shape["GlobalSecondaryIndexes"] = attributes, indexes
	return shape
}

func keySchema(keys []types.KeySchemaElement) (out []any) {
	for _, k := range keys {
		out = append(out, properties{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
	}
	return out
}

// A cached yes would outlive an end; a second caller's answer would not be his own.
func TestAuthorizerCachesNothing(t *testing.T) {
	authorizers := 0
	for name, r := range readTemplate(t) {
		if r.Type != "AWS::ApiGatewayV2::Authorizer" {
			continue
		}
		authorizers++
		want := properties{
			"AuthorizerResultTtlInSeconds": 0, "EnableSimpleResponses": true,
			"AuthorizerPayloadFormatVersion": "2.0", "IdentitySource": []any{},
		}
		for property, want := range want {
			if got, there := r.Properties[property]; !there || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is %v: want %v, said in so many words", name, property, got, want)
			}
		}
	}
	if authorizers == 0 {
		t.Error("there is no authorizer")
	}
}

// What each function may do with the tables, and nothing else.
func TestPolicies(t *testing.T) {
	allowed := map[string][]string{
		"LoginRole": {
			"SessionsTable.Arn: BatchGetItem GetItem PutItem Query UpdateItem", "AccountsTable.Arn: GetItem UpdateItem",
		},
		"AuthorizeRole": {"SessionsTable.Arn: BatchGetItem GetItem UpdateItem"},
		"AdminRole": {
			"SessionsTable.Arn: BatchGetItem GetItem PutItem Query UpdateItem", "${SessionsTable.Arn}/index/status: Query",
			"AccountsTable.Arn: BatchGetItem GetItem PutItem UpdateItem", "${AccountsTable.Arn}/index/accounts: Query",
		},
	}
	for name, r := range readTemplate(t) {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		var got []string
		for _, s := range statements(r) {
			if strings.Contains(s, "*") {
				t.Errorf("%s: a star in %q", name, s)
			}
			if !strings.Contains(s, "PutLogEvents") {
				got = append(got, s)
			}
		}
		if !reflect.DeepEqual(got, allowed[name]) {
			t.Errorf("%s may\n%q\nwant\n%q", name, got, allowed[name])
		}
	}
}

// statements returns a role's statements as "resource: actions".
func statements(r resource) (all []string) {
	for _, policy := range r.Properties["Policies"].([]any) {
		for _, s := range policy.(properties)["PolicyDocument"].(properties)["Statement"].([]any) {
			var actions []string
			switch action := s.(properties)["Action"].(type) {
			case string:
				actions = append(actions, action)
			case []any:
				for _, one := range action {
					actions = append(actions, one.(string))
				}
			}
			slices.Sort(actions)
			text := strings.ReplaceAll(strings.Join(actions, " "), "dynamodb:", "")
			all = append(all, s.(properties)["Resource"].(string)+": "+text)
		}
	}
	return all
}

// Every route of the template is one that the handlers serve, and none of the handlers'
// is missing but what is of the local program alone.
func TestRoutes(t *testing.T) {
	handler := surface(t)
	var keys []string
	for _, r := range readTemplate(t) {
		if r.Type == "AWS::ApiGatewayV2::Route" {
			keys = append(keys, r.Properties["RouteKey"].(string))
		}
	}
	slices.Sort(keys)
	want := []string{
		"DELETE /account/sessions/{id}",
		"DELETE /admin/sessions/{id}",
		"GET /account",
		"GET /account/sessions",
		"GET /admin/sessions",
		"GET /admin/sessions/count",
		"GET /admin/sessions/{id}",
		"GET /admin/users",
		"GET /admin/users/{user}",
		"GET /admin/users/{user}/sessions",
		"GET /authorize",
		"GET /healthz",
		"GET /login",
		"GET /login/reauth",
		"GET /session",
		"PATCH /admin/users/{user}",
		"POST /account/password",
		"POST /account/sessions/end-others",
		"POST /account/sessions/{id}/end",
		"POST /admin/end-everyone",
		"POST /admin/end-sessions",
		"POST /admin/sessions/{id}/end-others",
		"POST /admin/sweep",
		"POST /admin/users",
		"POST /admin/users/{user}/end-sessions",
		"POST /admin/users/{user}/impersonate",
		"POST /login",
		"POST /login/reauth",
		"POST /logout",
	}
	if !slices.Equal(keys, want) {
		t.Errorf("routes\n%q\nwant\n%q", keys, want)
	}
	for _, key := range keys {
		method, path, _ := strings.Cut(key, " ")
		path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, strings.Repeat("A", session.IDLength))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		if w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s: the handlers answer %d", key, w.Code)
		}
	}
}

func surface(t *testing.T) http.Handler {
	t.Helper()
	keys, err := session.NewKeys(make([]byte, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.New(memory.New(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := password.NewHasher(nil)
	if err != nil {
		t.Fatal(err)
	}
	accounts := memory.NewAccounts()
	api, err := httpapi.New(manager, &httpapi.Options{
		Authenticator: password.NewAuthenticator(accounts, hasher, nil), Directory: signin.NewDirectory(accounts, hasher, nil),
		Origins: []string{"https://app.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return api.Handler()
}

// What is for a trial on one machine is not deployed.
func TestNoDemo(t *testing.T) {
	for name, r := range readTemplate(t) {
		if strings.Contains(strings.ToLower(name), "demo") {
			t.Errorf("%s (%s) is in the deployed template", name, r.Type)
		}
	}
}
