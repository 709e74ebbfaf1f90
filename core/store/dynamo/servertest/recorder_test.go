package servertest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"coatcheck/core/store/dynamo"
)

// request is one request as it went over the wire, and the units it consumed.
type request struct {
	Operation string
	Body      map[string]any
	Units     units
}

// units are consumed capacity. DynamoDB Local tells them for the table and its index.
type units struct{ Table, Index float64 }

// recorder is an HTTP client that keeps what it sends and asks for the units that it
// cost. The stand-ins do not verify signatures, so a signed body may still change.
type recorder struct {
	mu       sync.Mutex
	requests []request
}

// Do implements dynamodb.HTTPClient.
func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	sent := request{Operation: operation(req)}
	if err := json.Unmarshal(raw, &sent.Body); err != nil {
		return nil, err
	}
	sent.Body["ReturnConsumedCapacity"] = "INDEXES"
	if raw, err = json.Marshal(sent.Body); err != nil {
		return nil, err
	}
	req.ContentLength, req.Body = int64(len(raw)), io.NopCloser(bytes.NewReader(raw))
	resp, err := everything.Do(req)
	if err == nil {
		sent.Units, err = consumed(resp)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, sent)
	return resp, err
}

func operation(req *http.Request) string {
	_, name, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	return name
}

// consumed reads the units of an answer and leaves it as it was.
func consumed(resp *http.Response) (u units, err error) {
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	if err != nil {
		return u, err
	}
	type capacity struct{ CapacityUnits float64 }
	type consumed struct {
		Table                  capacity
		GlobalSecondaryIndexes map[string]capacity
	}
	var one struct{ ConsumedCapacity consumed }
	if err := json.Unmarshal(raw, &one); err == nil {
		u.Table = one.ConsumedCapacity.Table.CapacityUnits
		for _, c := range one.ConsumedCapacity.GlobalSecondaryIndexes {
			u.Index += c.CapacityUnits
		}
		return u, nil
	}
	var many struct{ ConsumedCapacity []consumed }
	if err := json.Unmarshal(raw, &many); err != nil {
		return u, err
	}
	for _, one := range many.ConsumedCapacity {
		u.Table += one.Table.CapacityUnits
		for _, c := range one.GlobalSecondaryIndexes {
			u.Index += c.CapacityUnits
		}
	}
	return u, nil
}

// take returns what was recorded since the last take.
func (r *recorder) take() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.requests
	r.requests = nil
	return out
}

// operations are how often each operation was sent.
func operations(requests []request) map[string]int {
	out := map[string]int{}
	for _, r := range requests {
		out[r.Operation]++
	}
	return out
}

func sum(requests []request) (u units) {
	for _, r := range requests {
		u.Table += r.Units.Table
		u.Index += r.Units.Index
	}
	return u
}

// measured returns sessions of a new table whose requests are recorded and measured.
func (s server) measured(t testing.TB) (*dynamo.Sessions, *recorder) {
	t.Helper()
	r := &recorder{}
	o := s.options()
	o.HTTPClient = r
	return dynamo.NewSessions(dynamo.NewClient(o), s.tables(t).Sessions), r
}
