package dynamo_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
)

// told is what a client told of its requests.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (o *told) add(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
}

// measured is a client that answers as prepared and tells.
func measured(answers ...string) (dynamo.ClientOptions, *script, *told) {
	s, o := &script{answers: answers}, &told{}
	opts := options(s)
	opts.Consumed = func(operation, table string, read, write float64) {
		o.add("%s %s read %v write %v", operation, table, read, write)
	}
	opts.Throttled = func(operation, reason string) { o.add("%s throttled: %s", operation, reason) }
	return opts, s, o
}

// Every throttled attempt is told by its reason, the repeated ones too, and nothing else
// that goes wrong.
func TestThrottled(t *testing.T) {
	reasoned := func(kind string, reasons ...string) string {
		member := "ThrottlingReasons"
		if kind == "ThrottlingException" {
			member = "throttlingReasons" // so DynamoDB's model spells it
		}
		var list []string
		for _, r := range reasons {
			list = append(list, `{"reason":"`+r+`","resource":"arn:aws:dynamodb:eu-central-1:123456789012:table/sessions"}`)
		}
		return `400 {"__type":"com.amazonaws.dynamodb.v20120810#` + kind + `","message":"slow down","` + member + `":[` + strings.Join(list, ",") + `]}`
	}
	for name, c := range map[string]struct {
		answers []string
		want    []string
	}{
		"a key is hot, once": {
			[]string{reasoned("ProvisionedThroughputExceededException", "TableReadKeyRangeThroughputExceeded"), `200 {}`},
			[]string{"GetItem throttled: TableReadKeyRangeThroughputExceeded"},
		},
		"all three attempts": {
			[]string{reasoned("ThrottlingException", "TableReadMaxOnDemandThroughputExceeded")},
			slices.Repeat([]string{"GetItem throttled: TableReadMaxOnDemandThroughputExceeded"}, 3),
		},
		"two reasons": {
			[]string{reasoned("RequestLimitExceeded", "TableReadAccountLimitExceeded", "IndexReadAccountLimitExceeded"), `200 {}`},
			[]string{"GetItem throttled: TableReadAccountLimitExceeded", "GetItem throttled: IndexReadAccountLimitExceeded"},
		},
		"no reason given": {
			[]string{refusal("ProvisionedThroughputExceededException", "slow down"), `200 {}`},
			[]string{"GetItem throttled: ProvisionedThroughputExceededException"},
		},
		"another fault": {[]string{refusal("InternalServerError", "oops"), `200 {}`}, nil},
		"denied":        {[]string{refusal("AccessDeniedException", "no")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			opts, _, o := measured(c.answers...)
			store := dynamo.NewSessions(dynamo.NewClient(opts), "sessions")
			_, _ = store.Read(t.Context(), session.Query{Sessions: []session.ID{{1}}})
			if !slices.Equal(o.lines, c.want) {
				t.Errorf("got %q, want %q", o.lines, c.want)
			}
		})
	}
}

// A transaction is throttled by the item.
func TestThrottledTransaction(t *testing.T) {
	opts, _, o := measured(`400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"no",` +
		`"CancellationReasons":[{"Code":"None"},{"Code":"ThrottlingError","Message":"slow down"}]}`)
	accounts := dynamo.NewAccounts(dynamo.NewClient(opts), "accounts")
	err := accounts.Create(t.Context(), signin.Account{Subject: "s", Name: "ann"})
	if want := "TransactWriteItems throttled: ThrottlingError"; err == nil || len(o.lines) == 0 || o.lines[0] != want {
		t.Errorf("got %v, %q, want %q", err, o.lines, want)
	}
}

// The units of an answer are told; who does not ask is not told, and asks for nothing.
func TestConsumed(t *testing.T) {
	const answer = `200 {"ConsumedCapacity":{"TableName":"sessions","CapacityUnits":1.5}}`
	opts, sent, o := measured(answer)
	store := dynamo.NewSessions(dynamo.NewClient(opts), "sessions")
	if _, err := store.Read(t.Context(), session.Query{Sessions: []session.ID{{1}}}); err != nil {
		t.Fatal(err)
	}
	if err := store.RaiseEndedBefore(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	want := []string{"GetItem sessions read 1.5 write 0", "UpdateItem sessions read 0 write 1.5"}
	if !slices.Contains(o.lines, want[0]) || !slices.Contains(o.lines, want[1]) {
		t.Errorf("got %q, want %q among them", o.lines, want)
	}
	for _, body := range sent.sent {
		if !strings.Contains(body, `"ReturnConsumedCapacity":"TOTAL"`) {
			t.Errorf("sent %s", body)
		}
	}
	plain, sent := answering(answer)
	_, _ = plain.Read(t.Context(), session.Query{Sessions: []session.ID{{1}}})
	if strings.Contains(sent.sent[0], "ConsumedCapacity") {
		t.Errorf("sent %s though nobody asks", sent.sent[0])
	}
}
