package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"coatcheck/core/settings"
	"coatcheck/e2e/template/stack"
)

// bus is an event bus that takes what it likes.
type bus struct {
	calls [][]types.PutEventsRequestEntry
	taken []string // subject and version, in the order of their coming
	// refuse answers for an entry: "" takes it.
	refuse func(n int) (code string)
	fail   func() error // of a whole call; nil: none fails
}

func (b *bus) put(_ context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	b.calls = append(b.calls, in.Entries)
	if b.fail != nil {
		if err := b.fail(); err != nil {
			return nil, err
		}
	}
	out := &eventbridge.PutEventsOutput{}
	for i, e := range in.Entries {
		if code := b.code(i); code != "" {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: aws.String("later")})
			continue
		}
		b.taken = append(b.taken, nameIn(*e.Detail))
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: aws.String("x")})
	}
	return out, nil
}

func (b *bus) code(i int) string {
	if b.refuse == nil {
		return ""
	}
	return b.refuse(i)
}

// nameIn is what tells a change from others: usr_1/2.
func nameIn(detail string) string {
	var d struct {
		Data struct {
			Subject string
			Version int
		}
	}
	_ = json.Unmarshal([]byte(detail), &d)
	return fmt.Sprint(d.Data.Subject, "/", d.Data.Version)
}

func tellerTo(b *bus, log io.Writer) *teller {
	return &teller{"arn:aws:events:eu-central-1:123456789012:event-bus/apps", b.put, slog.New(slog.NewTextHandler(log, nil))}
}

// change is the n-th record of a stream: one user's account in a version.
func change(t *testing.T, n int, user string, version int) lambdaevents.DynamoDBEventRecord {
	t.Helper()
	image := strings.NewReplacer("usr_1", user, "alice", user).Replace(account(version, "x"))
	r := record(t, "INSERT", "", image)
	r.Change.SequenceNumber = fmt.Sprint(n)
	return r
}

// stream is changes of users, each named "a", in their order.
func stream(t *testing.T, users ...string) (all []lambdaevents.DynamoDBEventRecord) {
	t.Helper()
	versions := map[string]int{}
	for n, user := range users {
		versions[user]++
		all = append(all, change(t, n, user, versions[user]))
	}
	return all
}

// One call holds at most ten events, and no two of a user.
func TestCalls(t *testing.T) {
	b := &bus{}
	users := strings.Fields("a b c a b d d e f g h i j k l m n o")
	got, err := tellerTo(b, io.Discard).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: stream(t, users...)})
	if err != nil || len(got.BatchItemFailures) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	var sizes []int
	for _, call := range b.calls {
		sizes = append(sizes, len(call))
	}
	if want := []int{3, 3, 10, 2}; !slices.Equal(sizes, want) {
		t.Errorf("calls of %v, want %v", sizes, want)
	}
	want := "a/1 b/1 c/1 a/2 b/2 d/1 d/2 e/1 f/1 g/1 h/1 i/1 j/1 k/1 l/1 m/1 n/1 o/1"
	if taken := strings.Join(b.taken, " "); taken != want {
		t.Errorf("taken %s, want %s", taken, want)
	}
}

// An entry is what rules match.
func TestEntry(t *testing.T) {
	b := &bus{}
	if _, err := tellerTo(b, io.Discard).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: stream(t, "a")}); err != nil {
		t.Fatal(err)
	}
	e := b.calls[0][0]
	got := fmt.Sprint(*e.EventBusName, " ", *e.Source, " ", *e.DetailType, " ", e.Time.Format(time.RFC3339Nano), " ", e.Resources, " ", *e.Detail)
	want := "arn:aws:events:eu-central-1:123456789012:event-bus/apps coatcheck User Changed 2026-11-01T12:00:00.125Z [] {"
	if !strings.HasPrefix(got, want) || !json.Valid([]byte(*e.Detail)) || strings.Contains(got, "marked") {
		t.Errorf("got %s, want it to begin with %s", got, want)
	}
	key, _ := keyOf(t, "usr_1", 1)
	r := record(t, "MODIFY", live(key, "usr_1"), endedAt(live(key, "usr_1")))
	if _, err := tellerTo(b, io.Discard).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: []lambdaevents.DynamoDBEventRecord{r}}); err != nil {
		t.Fatal(err)
	}
	if e := b.calls[1][0]; *e.DetailType != "Session Ended" || strings.Contains(*e.Detail, "203.0.113.7") || strings.Contains(*e.Detail, "bWFya2Vk") {
		t.Errorf("got %s %s", *e.DetailType, *e.Detail)
	}
}

// The first record whose event was not taken is named, and nothing after its call is
// sent.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		bus         *bus
		want, taken string
	}{
		"one entry":   {&bus{refuse: func(i int) string { return map[int]string{1: "ThrottlingException"}[i] }}, "2", "a/1 c/1"},
		"the call":    {&bus{fail: func() error { return errors.New("no route") }}, "0", ""},
		"odd answers": {&bus{refuse: func(int) string { return "InternalFailure" }}, "0", ""},
	} {
		var log strings.Builder
		records := stream(t, "a", "b", "c", "a", "d")
		for i := range records {
			records[i].Change.SequenceNumber = fmt.Sprint(i * 2)
		}
		got, err := tellerTo(c.bus, &log).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: records})
		if err != nil || len(got.BatchItemFailures) != 1 || got.BatchItemFailures[0].ItemIdentifier != c.want {
			t.Errorf("%s: got %+v, %v, want %s", name, got, err, c.want)
		}
		if taken := strings.Join(c.bus.taken, " "); taken != c.taken || len(c.bus.calls) != 1 {
			t.Errorf("%s: taken %q in %d calls, want %q in one", name, taken, len(c.bus.calls), c.taken)
		}
		if !strings.Contains(log.String(), "event_not_put") {
			t.Errorf("%s: the log says %s", name, log.String())
		}
	}
	short := &teller{"apps", func(context.Context, *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
		return &eventbridge.PutEventsOutput{}, nil
	}, slog.New(slog.DiscardHandler)}
	if got, _ := short.handle(t.Context(), lambdaevents.DynamoDBEvent{Records: stream(t, "a")}); len(got.BatchItemFailures) != 1 {
		t.Errorf("an answer for nothing: %+v", got)
	}
}

// However the bus refuses, with Lambda handing over again what is named and all after
// it, each event is taken, and each user's in order.
func TestAtLeastOnceInOrder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := &bus{
			refuse: func(int) string { return []string{"", "", "", "ThrottlingException"}[r.IntN(4)] },
			fail:   func() error { return []error{nil, nil, nil, errors.New("no route")}[r.IntN(4)] },
		}
		versions := map[string]int{}
		var users []string
		for range 1 + r.IntN(60) {
			user := string(rune('a' + r.IntN(1+r.IntN(12))))
			users = append(users, user)
			versions[user]++
		}
		left := stream(t, users...)
		for len(left) > 0 {
			got, err := tellerTo(b, io.Discard).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: left})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.BatchItemFailures) == 0 {
				break
			}
			left = left[slices.IndexFunc(left, func(r lambdaevents.DynamoDBEventRecord) bool {
				return r.Change.SequenceNumber == got.BatchItemFailures[0].ItemIdentifier
			}):]
		}
		for user, n := range versions {
			next := 1
			for _, name := range b.taken {
				var version int
				if of, _ := fmt.Sscanf(name, user+"/%d", &version); of == 1 && version == next {
					next++
				} else if of == 1 && version > next {
					t.Errorf("seed %d: %s came before %s/%d", seed, name, user, next)
				}
			}
			if next != n+1 {
				t.Errorf("seed %d: of %s %d of %d came", seed, user, next-1, n)
			}
		}
	}
}

// What is damaged holds up nobody.
func TestDamagedAccount(t *testing.T) {
	records := stream(t, "a", "b", "c")
	records[1] = record(t, "MODIFY", "", strings.Replace(account(2, "x"), "alice", "Alice", 1))
	b, log := &bus{}, &strings.Builder{}
	got, err := tellerTo(b, log).handle(t.Context(), lambdaevents.DynamoDBEvent{Records: records})
	if err != nil || len(got.BatchItemFailures) > 0 || !slices.Equal(b.taken, []string{"a/1", "c/1"}) || !strings.Contains(log.String(), "account_damaged") {
		t.Errorf("got %+v, %v, taken %q\n%s", got, err, b.taken, log)
	}
}

// The function answers before its time is over.
func TestTimeIsLeft(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), margin)
	defer cancel()
	waits := &teller{"apps", func(ctx context.Context, _ *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, slog.New(slog.DiscardHandler)}
	got, err := waits.handle(ctx, lambdaevents.DynamoDBEvent{Records: stream(t, "a")})
	if err != nil || len(got.BatchItemFailures) != 1 || ctx.Err() != nil {
		t.Errorf("got %+v, %v; its time: %v", got, err, ctx.Err())
	}
}

func TestSettings(t *testing.T) {
	var asked []string
	_, err := read(func(name string) string {
		asked = append(asked, name)
		return map[string]string{"COATCHECK_LOG_LEVEL": "loud"}[name]
	})
	for _, want := range []string{"COATCHECK_EVENT_BUS is \"\": want the name", "AWS_REGION is \"\"", "COATCHECK_LOG_LEVEL is \"loud\""} {
		if !errors.Is(err, settings.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %s", err, want)
		}
	}
	for _, fault := range stack.Read(t, "template.yaml").VariableFaults("Events", asked) {
		t.Error(fault)
	}
}
