package xray

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"coatcheck/core/store/dynamo"
)

const (
	idLength = 16  // of a segment's ID, in hexadecimal digits
	maxText  = 250 // bytes of a text, unless the guide says otherwise
)

// subsegment is a document as the guide has it. Times are seconds of the Unix epoch.
type subsegment struct {
	Name      string    `json:"name"`
	ID        string    `json:"id"`
	TraceID   string    `json:"trace_id"`
	ParentID  string    `json:"parent_id"`
	Type      string    `json:"type"`
	Start     float64   `json:"start_time"`
	End       float64   `json:"end_time"`
	Namespace string    `json:"namespace"`
	AWS       resource  `json:"aws"`
	HTTP      *exchange `json:"http,omitempty"`
	Error     bool      `json:"error,omitempty"`    // 4xx, or the caller went away
	Throttle  bool      `json:"throttle,omitempty"` // 4xx for the traffic
	Fault     bool      `json:"fault,omitempty"`    // 5xx, or no answer
	Cause     *cause    `json:"cause,omitempty"`
}

type resource struct {
	Operation string `json:"operation"`
	Table     string `json:"table_name,omitempty"`
	Region    string `json:"region"`
	RequestID string `json:"request_id,omitempty"`
	Retries   int    `json:"retries"`
}

type exchange struct {
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

// cause has an exception's type, and no message: DynamoDB's may repeat what was sent.
// What is remote is DynamoDB's own word.
type cause struct {
	Exceptions [1]exception `json:"exceptions"`
}

type exception struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Remote bool   `json:"remote"`
}

// call is one operation of the client that is over.
type call struct {
	ctx          context.Context
	region       string
	input        any
	meta         middleware.Metadata
	err          error
	began, ended time.Time
}

// document is what is sent of a call.
func document(parent segment, c call) []byte {
	s := subsegment{
		Name: "DynamoDB", ID: newID(), TraceID: parent.trace, ParentID: parent.id, Type: "subsegment",
		Start: seconds(c.began), End: seconds(c.ended), Namespace: "aws",
		AWS: resource{
			Operation: awsmiddleware.GetOperationName(c.ctx), Table: tableOf(c.input), Region: c.region, Retries: retriesOf(c.meta),
		},
	}
	s.AWS.RequestID, _ = awsmiddleware.GetRequestIDMetadata(c.meta)
	s.judge(c.err)
	text, _ := json.Marshal(s) // texts, numbers and truths: it cannot fail
	return text
}

// judge says how a call went.
func (s *subsegment) judge(err error) {
	status := http.StatusOK
	if err != nil {
		status = 0
		if answered, ok := errors.AsType[*awshttp.ResponseError](err); ok {
			status, s.AWS.RequestID = answered.HTTPStatusCode(), answered.ServiceRequestID()
		}
		s.Error = status >= 400 && status < 500 || errors.Is(err, context.Canceled)
		s.Fault = !s.Error
		s.blame(err, status != 0)
	}
	if status != 0 {
		s.HTTP = &exchange{}
		s.HTTP.Response.Status = status
	}
}

func (s *subsegment) blame(err error, answered bool) {
	s.Throttle = dynamo.Throttled(err)
	e := exception{ID: newID()}
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		e.Type, e.Remote = refused.ErrorCode(), true
	} else {
		e.Type = silence(err, answered)
	}
	if e.Type != "" && len(e.Type) <= maxText {
		s.Cause = &cause{[1]exception{e}}
	}
}

// silence is why no answer came, or none that was understood.
func silence(err error, answered bool) string {
	waited, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "Canceled"
	case errors.Is(err, context.DeadlineExceeded) || ok && waited.Timeout():
		return "Timeout"
	case answered:
		return "NotUnderstood"
	}
	return "NoAnswer"
}

// retriesOf is how many attempts there were after the first.
func retriesOf(meta middleware.Metadata) int {
	attempts, _ := retry.GetAttemptResults(meta)
	return max(0, len(attempts.Results)-1)
}

// seconds has microseconds, as finely as the guide asks for.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func newID() string {
	var id [idLength / 2]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
