package servertest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"coatcheck/core/store/dynamo"
)

// auditor is the HTTP client that all tests' requests go through. It notes those that
// the adapter must never send, which no stand-in can show by its answers.
type auditor struct {
	next  dynamodb.HTTPClient
	mu    sync.Mutex
	noted map[string]bool
}

// everything waits longer than the client would: a stand-in on a busy machine takes
// its time. The tests of the client's own bounds do not use it.
var everything = &auditor{
	noted: map[string]bool{},
	next: dynamo.HTTPClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = time.Minute
	}),
}

// Do implements dynamodb.HTTPClient.
func (a *auditor) Do(req *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(raw))
	if fault := judge(operation(req), raw); fault != "" {
		a.mu.Lock()
		a.noted[fault] = true
		a.mu.Unlock()
	}
	return a.next.Do(req)
}

// known are the operations that the adapter and its tests send. Scan and
// DescribeTable are not among them.
var known = []string{
	"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems",
	"CreateTable", "UpdateTimeToLive", "DeleteTable",
}

// judge says what is wrong with a request: an operation that must not be, a read of a
// table (an index cannot) that is not strongly consistent, or a delete of what may not
// have ended.
func judge(operation string, raw []byte) string {
	var in struct {
		ConsistentRead bool
		IndexName      string
		RequestItems   map[string]struct{ ConsistentRead bool }

		ConditionExpression string
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err.Error()
	}
	consistent := true
	switch operation {
	case "GetItem":
		consistent = in.ConsistentRead
	case "Query":
		consistent = in.ConsistentRead || in.IndexName != ""
	case "BatchGetItem":
		for _, table := range in.RequestItems {
			consistent = consistent && table.ConsistentRead
		}
	}
	switch {
	case !slices.Contains(known, operation):
		return operation
	case !consistent:
		return fmt.Sprintf("%s without ConsistentRead", operation)
	case operation == "DeleteItem" && in.ConditionExpression != onlyEnded:
		return fmt.Sprintf("DeleteItem if %q", in.ConditionExpression)
	}
	return ""
}

// onlyEnded is the condition that a session has ended.
const onlyEnded = "attribute_type(#endedAt, :number)"

func (a *auditor) faults() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for fault := range a.noted {
		out = append(out, fault)
	}
	return out
}
