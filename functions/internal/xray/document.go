package xray

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
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
	Error     bool      `json:"error,omitempty"`    // 4xx
	Throttle  bool      `json:"throttle,omitempty"` // 4xx for the traffic
	Fault     bool      `json:"fault,omitempty"`    // 5xx, or no answer
	Cause     *cause    `json:"cause,omitempty"`
}

type resource struct {
	Operation string `json:"operation"`
	Table     string `json:"table_name,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

type exchange struct {
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

// cause has an exception's type, and no message: DynamoDB's may repeat what was sent.
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
		AWS: resource{Operation: awsmiddleware.GetOperationName(c.ctx), Table: tableOf(c.input)},
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
		var answered *awshttp.ResponseError
		if errors.As(err, &answered) {
			status, s.AWS.RequestID = answered.HTTPStatusCode(), answered.ServiceRequestID()
		}
		s.Error = status >= 400 && status < 500
		s.Fault = !s.Error
		s.blame(err)
	}
	if status != 0 {
		s.HTTP = &exchange{}
		s.HTTP.Response.Status = status
	}
}

func (s *subsegment) blame(err error) {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return
	}
	_, s.Throttle = retry.DefaultThrottleErrorCodes[refused.ErrorCode()]
	if kind := refused.ErrorCode(); kind != "" && len(kind) <= maxText {
		s.Cause = &cause{[1]exception{{ID: newID(), Type: kind, Remote: true}}}
	}
}

// tableOf is the one table that an operation is about; "" where there are several.
func tableOf(input any) string {
	name := ""
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		name = aws.ToString(in.TableName)
	case *dynamodb.QueryInput:
		name = aws.ToString(in.TableName)
	case *dynamodb.PutItemInput:
		name = aws.ToString(in.TableName)
	case *dynamodb.UpdateItemInput:
		name = aws.ToString(in.TableName)
	case *dynamodb.DeleteItemInput:
		name = aws.ToString(in.TableName)
	case *dynamodb.BatchGetItemInput:
		for table := range in.RequestItems {
			name = table
		}
		if len(in.RequestItems) > 1 {
			name = ""
		}
	}
	if len(name) > maxText {
		return ""
	}
	return name
}

// seconds has microseconds, as finely as the guide asks for.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func newID() string {
	var id [idLength / 2]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
