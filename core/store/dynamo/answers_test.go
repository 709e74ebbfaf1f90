package dynamo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/storetest"
)

// script is an HTTP client that gives prepared answers, the last one for ever: what
// DynamoDB answers only when it is in trouble.
type script struct {
	mu      sync.Mutex
	answers []string
	sent    []string
}

const sessionToken = "IQoJb3JpZ2luX2VjEXAMPLE"

// Do implements dynamodb.HTTPClient. An answer is a status and a body; "hang" is none.
func (s *script) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	now := s.next(string(body))
	if now == "hang" {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	code, text, _ := strings.Cut(now, " ")
	status := map[string]int{"200": 200, "400": 400, "500": 500, "503": 503}[code]
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(bytes.NewReader([]byte(text))), Request: req,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, ContentLength: int64(len(text)),
	}, nil
}

func (s *script) next(sent string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, sent)
	now := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return now
}

func options(s *script) dynamo.ClientOptions {
	return dynamo.ClientOptions{
		Region: "eu-central-1", HTTPClient: s,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local", SessionToken: sessionToken}, nil
		}),
	}
}

func answering(answers ...string) (*dynamo.Sessions, *script) {
	s := &script{answers: answers}
	return dynamo.NewSessions(dynamo.NewClient(options(s)), "sessions"), s
}

func refusal(kind, message string) string {
	return `400 {"__type":"com.amazonaws.dynamodb.v20120810#` + kind + `","message":"` + message + `"}`
}

// troubles are what DynamoDB says when it gives no answer, and how often it is asked.
var troubles = map[string]struct {
	answer string
	asked  int
}{
	"throttled table":   {refusal("ProvisionedThroughputExceededException", "Too much"), 3},
	"throttled account": {refusal("RequestLimitExceeded", "Too much"), 3},
	"throttling":        {refusal("ThrottlingException", "Rate exceeded"), 3},
	"internal error":    {`500 {"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`, 3},
	"unavailable":       {`503 <html>`, 3},
	"no JSON":           {`200 <html>`, 1},
	"missing table":     {refusal("ResourceNotFoundException", "Requested resource not found"), 1},
	"not allowed":       {refusal("AccessDeniedException", "User: arn:aws:sts::1:assumed-role/x is not authorized"), 1},
	"expired":           {refusal("ExpiredTokenException", "The security token included in the request is expired"), 1},
	"wrong region":      {refusal("UnrecognizedClientException", "The security token included in the request is invalid."), 1},
	"signature": {refusal("InvalidSignatureException",
		`The request signature we calculated does not match.\n\nThe Canonical String should have been\n'POST\nx-amz-security-token:`+sessionToken+`'`), 1},
	"hang": {"hang", 1},
}

// Nothing of this is taken for a missing session, and nothing is let in.
func TestNoAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	id := storetest.Record("ann", time.Now()).ID
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, script := answering(trouble.answer)
			manager, err := session.New(store, keys(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			_, err = manager.Get(t.Context(), id)
			if !errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNotFound) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			if strings.Contains(err.Error(), sessionToken) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error tells too much: %v", err)
			}
			if took := time.Since(begun); took > 1500*time.Millisecond {
				t.Errorf("took %v", took)
			}
			if len(script.sent) != trouble.asked && name != "no JSON" {
				t.Errorf("asked %d times, want %d", len(script.sent), trouble.asked)
			}
		})
	}
}

func keys(t *testing.T) session.Keys {
	t.Helper()
	k, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Every call fails with no sentinel.
func TestNoAnswerIsNoSentinel(t *testing.T) {
	t.Parallel()
	r := storetest.Record("ann", time.Now())
	for name, trouble := range troubles {
		if trouble.asked > 1 || name == "hang" {
			continue // as any other, and slower
		}
		s, _ := answering(trouble.answer)
		_, createErr := s.Create(t.Context(), r)
		_, updateErr := s.Update(t.Context(), r.ID, session.Change{End: &session.End{At: time.Now(), Reason: session.SignedOut}})
		_, listErr := s.List(t.Context(), session.Range{Partition: r.ID.Partition()})
		_, pageErr := s.Page(t.Context(), session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusLive}, Limit: 3})
		_, countErr := s.Count(t.Context(), session.StatusRange{Status: session.StatusLive})
		for call, err := range map[string]error{
			"Create": createErr, "Update": updateErr, "List": listErr, "Page": pageErr, "Count": countErr,
			"SetFence":         s.SetFence(t.Context(), r.ID.Partition(), session.Fence{1}),
			"RaiseEndedBefore": s.RaiseEndedBefore(t.Context(), time.Now()),
		} {
			for _, sentinel := range []error{
				nil, session.ErrNotFound, session.ErrExists, session.ErrConflict, session.ErrDamaged, session.ErrCursor,
			} {
				if errors.Is(err, sentinel) {
					t.Errorf("%s, %s: got %v", name, call, err)
				}
			}
		}
	}
}

// A fence is sent once, whatever becomes of it: sent again it could undo that of an end
// in between. Everything else is.
func TestAFenceIsSentOnce(t *testing.T) {
	t.Parallel()
	for name, trouble := range troubles {
		if name == "hang" {
			continue // as any other, and slower
		}
		s, script := answering(trouble.answer)
		if err := s.SetFence(t.Context(), session.Partition{1}, session.Fence{1}); err == nil {
			t.Errorf("%s: set", name)
		}
		if n := len(script.sent); n != 1 {
			t.Errorf("%s: sent %d times", name, n)
		}
	}
}

// What decides over a session is read consistently. DynamoDB Local reads so whether or
// not it is asked to, so the requests are looked at.
func TestReadsAreConsistent(t *testing.T) {
	t.Parallel()
	id := storetest.Record("ann", time.Now()).ID
	for name, read := range map[string]func(*dynamo.Sessions) error{
		"one": func(s *dynamo.Sessions) error {
			_, err := s.Read(t.Context(), session.Query{Sessions: []session.ID{id}})
			return err
		},
		"many": func(s *dynamo.Sessions) error {
			_, err := s.Read(t.Context(), session.Query{Sessions: []session.ID{id}, Control: true})
			return err
		},
		"list": func(s *dynamo.Sessions) error {
			_, err := s.List(t.Context(), session.Range{Partition: id.Partition()})
			return err
		},
	} {
		s, script := answering(`200 {}`)
		if err := read(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(script.sent) != 1 || !strings.Contains(script.sent[0], `"ConsistentRead":true`) {
			t.Errorf("%s: asked %q", name, script.sent)
		}
	}
}

const (
	controlItem = `{"pk":{"S":"control"},"sk":{"S":"control"},"endedBefore":{"N":"1700000000000"}}`
	allLeft     = `200 {"Responses":{"sessions":[]},"UnprocessedKeys":{"sessions":{"Keys":[{"pk":{"S":"control"},"sk":{"S":"control"}}]}}}`
)

// Keys that a batch left unprocessed are asked for again, and are never missing.
func TestUnprocessedKeys(t *testing.T) {
	t.Parallel()
	q := session.Query{Sessions: []session.ID{storetest.Record("ann", time.Now()).ID}, Control: true}
	s, script := answering(allLeft, `200 {"Responses":{"sessions":[`+controlItem+`]}}`)
	got, err := s.Read(t.Context(), q)
	if err != nil || got.EndedBefore.UnixMilli() != 1700000000000 {
		t.Errorf("got %v, %v", got.EndedBefore, err)
	}
	if len(script.sent) != 2 || !strings.Contains(script.sent[1], `"ConsistentRead":true`) || strings.Contains(script.sent[1], "s#") {
		t.Errorf("the second request is not the consistent rest: %q", script.sent[1:])
	}
	s, script = answering(allLeft)
	if got, err := s.Read(t.Context(), q); err == nil || len(script.sent) != 3 {
		t.Errorf("always unprocessed: got %v, %v after %d requests", got, err, len(script.sent))
	}
}

// A transaction that met another one is no answer, and repeated.
func TestTransactionConflict(t *testing.T) {
	t.Parallel()
	const conflict = `400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"cancelled",` +
		`"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}`
	a := signin.Account{Subject: "usr_1", Name: "anne", Version: 1, CreatedAt: time.Now()}
	script := &script{answers: []string{conflict, conflict, `200 {}`}}
	if err := dynamo.NewAccounts(dynamo.NewClient(options(script)), "accounts").Create(t.Context(), a); err != nil {
		t.Error(err)
	}
	if len(script.sent) != 3 || script.sent[0] == script.sent[1] {
		t.Errorf("sent %d requests; a repeated one must be a transaction of its own", len(script.sent))
	}
	script.answers = []string{conflict}
	err := dynamo.NewAccounts(dynamo.NewClient(options(script)), "accounts").Create(t.Context(), a)
	if err == nil || errors.Is(err, signin.ErrNameTaken) || errors.Is(err, signin.ErrSubjectTaken) {
		t.Errorf("always in conflict: got %v", err)
	}
}

// A condition that failed for no reason that can be is no success.
func TestRaiseOverADamagedControl(t *testing.T) {
	t.Parallel()
	s, _ := answering(`400 {"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed",` +
		`"Item":{"pk":{"S":"control"},"sk":{"S":"control"},"endedBefore":{"S":"never"}}}`)
	if err := s.RaiseEndedBefore(t.Context(), time.Now()); err == nil {
		t.Error("no error")
	}
}

// Text that no key can be is nobody's, rather than somebody else's.
func TestKeysOfNobody(t *testing.T) {
	t.Parallel()
	script := &script{answers: []string{"hang"}}
	accounts := dynamo.NewAccounts(dynamo.NewClient(options(script)), "accounts")
	for _, text := range []string{"\xff", strings.Repeat("x", 5000)} {
		_, getErr := accounts.Get(t.Context(), text)
		_, subjectErr := accounts.Subject(t.Context(), text)
		updateErr := accounts.Update(t.Context(), signin.Account{Subject: text})
		for _, err := range []error{getErr, subjectErr, updateErr} {
			if !errors.Is(err, signin.ErrNotFound) {
				t.Errorf("%.5q: got %v, want ErrNotFound", text, err)
			}
		}
		if err := accounts.Create(t.Context(), signin.Account{Subject: "usr_1", Name: text}); err == nil {
			t.Errorf("%.5q: created", text)
		}
	}
	if len(script.sent) > 0 {
		t.Errorf("%d requests, want none", len(script.sent))
	}
}
