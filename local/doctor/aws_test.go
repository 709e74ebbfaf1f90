package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// today is the time of the answers in testdata, on both sides.
var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeAWS answers the calls of an examination as AWS does, from files of the shapes
// that AWS documents, changed as a test wants them.
type fakeAWS struct {
	tb      testing.TB
	answers map[string]answer
	now     time.Time

	mu    sync.Mutex
	calls map[string]int
}

// answer is one of AWS, by the call's name: service, operation, what it is about, and
// after an @ the page.
type answer struct {
	status int
	kind   string // of an error, in the header that REST services use
	body   string
	times  int    // how often it is given; 0: always
	then   string // after that
}

// healthy are the answers for a stack in order.
func healthy(tb testing.TB) *fakeAWS {
	tb.Helper()
	f := &fakeAWS{tb: tb, answers: map[string]answer{}, calls: map[string]int{}, now: today}
	files, err := filepath.Glob(filepath.Join("testdata", "healthy", "*"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no answers in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".json"), ".xml")
		f.answers[name] = answer{status: http.StatusOK, body: string(text)}
	}
	return f
}

// match finds the one call whose name begins so.
func (f *fakeAWS) match(prefix string) string {
	f.tb.Helper()
	var found []string
	for name := range f.answers {
		if name == prefix {
			return name
		}
		if strings.HasPrefix(name, prefix) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		f.tb.Fatalf("calls that begin with %s: %v", prefix, found)
	}
	return found[0]
}

// edit changes a text of an answer; it must be there.
func (f *fakeAWS) edit(call, from, to string) {
	f.tb.Helper()
	name := f.match(call)
	a := f.answers[name]
	if strings.Count(a.body, from) == 0 {
		f.tb.Fatalf("%s has no %q", name, from)
	}
	a.body = strings.ReplaceAll(a.body, from, to)
	f.answers[name] = a
}

// drop takes members out of a JSON answer, wherever they are.
func (f *fakeAWS) drop(call, member string) {
	f.tb.Helper()
	name := f.match(call)
	a := f.answers[name]
	body := regexp.MustCompile(`"`+member+`": [^\n]*?,?\n`).ReplaceAllString(a.body, "")
	body = regexp.MustCompile(`,(\s*[}\]])`).ReplaceAllString(body, "$1")
	if body == a.body || !json.Valid([]byte(body)) {
		f.tb.Fatalf("%s without %s: %s", name, member, body)
	}
	a.body = body
	f.answers[name] = a
}

// fail makes a call fail as its service says so; the message is one that must not be
// repeated.
func (f *fakeAWS) fail(call string, status int, code string) {
	f.tb.Helper()
	name := f.match(call)
	f.answers[name] = failure(name, status, code)
}

const secretMessage = "the canonical string was x-amz-security-token:SECRET-SESSION-TOKEN"

func failure(name string, status int, code string) answer {
	if strings.HasPrefix(name, "iam.") || strings.HasPrefix(name, "cloudformation.") {
		return answer{status: status, body: fmt.Sprintf(
			"<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", code, secretMessage)}
	}
	return answer{status: status, kind: code, body: fmt.Sprintf(`{"__type":"com.amazonaws.x#%s","message":%q,"Message":%[2]q}`, code, secretMessage)}
}

// ServeHTTP answers one call.
func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := nameOf(r)
	f.mu.Lock()
	f.calls[name]++
	a, known := f.answers[name]
	if a.times > 0 && f.calls[name] > a.times {
		a = answer{status: http.StatusOK, body: a.then}
	}
	f.mu.Unlock()
	if !known {
		f.tb.Errorf("a call that no test knows: %s %s %s", name, r.Method, r.URL)
		a.status = http.StatusNotFound
	}
	w.Header().Set("Date", f.now.Format(http.TimeFormat))
	if a.kind != "" {
		w.Header().Set("X-Amzn-Errortype", a.kind)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// Do implements [aws.HTTPClient] without a connection.
func (f *fakeAWS) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result(), nil
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request`)

// nameOf names a call by the service that its signature is for.
func nameOf(r *http.Request) string {
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		body = string(text)
	}
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return "unsigned"
	}
	service := m[1]
	switch service {
	case "cloudformation", "iam":
		form, _ := url.ParseQuery(body)
		return named3(service, form.Get("Action"), []string{form.Get("StackName"), form.Get("RoleName"), form.Get("PolicyName"), path.Base(form.Get("PolicyArn"))},
			form.Get("NextToken")+form.Get("Marker"))
	case "dynamodb", "secretsmanager":
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		var in struct{ TableName, SecretId string }
		_ = json.Unmarshal([]byte(body), &in)
		return named3(service, operation, []string{in.TableName, in.SecretId[strings.LastIndex(in.SecretId, ":")+1:]}, "")
	case "lambda":
		parts := strings.Split(r.URL.Path, "/") // "", date, functions, name, what
		operation := map[string]string{"configuration": "GetFunctionConfiguration", "policy": "GetPolicy", "concurrency": "GetFunctionConcurrency"}[parts[4]]
		return named3(service, operation, []string{parts[3]}, r.URL.Query().Get("Qualifier"))
	}
	return nameOfAPI(service, r.URL)
}

func nameOfAPI(service string, u *url.URL) string {
	parts := strings.Split(u.Path, "/") // "", version, apis, id, authorizers; or "", restapis, id, authorizers
	token := u.Query().Get("nextToken") + u.Query().Get("position")
	switch {
	case service == "appsync" && parts[1] == "v1":
		return named3(service, "ListGraphqlApis", nil, token)
	case service == "appsync":
		return named3(service, "ListApis", nil, token)
	case u.Path == "/v2/apis":
		return named3("apigatewayv2", "GetApis", nil, token)
	case parts[1] == "v2":
		return named3("apigatewayv2", "GetAuthorizers", parts[3:4], token)
	case u.Path == "/restapis":
		return named3("apigateway", "GetRestApis", nil, token)
	}
	return named3("apigateway", "GetAuthorizers", parts[2:3], token)
}

func named3(service, operation string, about []string, page string) string {
	name := service + "." + operation
	for _, a := range about {
		if a != "" && a != "." {
			name += "." + a
		}
	}
	if page != "" {
		name += "@" + page
	}
	return name
}

// config is that of the SDK, with a server's address.
func config(endpoint string) aws.Config {
	return aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		BaseEndpoint: &endpoint, HTTPClient: http.DefaultClient,
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}
}

// examine examines the stack as these answers tell it.
func (f *fakeAWS) examine(t *testing.T) Report {
	t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	return Examine(t.Context(), config(server.URL), Options{Stack: "coatcheck", Now: func() time.Time { return today }})
}

// line is a finding in one line, as the tests compare it.
func (f Finding) line() string {
	return fmt.Sprintf("%s %s %s: %s", f.Status, f.Check, f.Subject, f.Found)
}
