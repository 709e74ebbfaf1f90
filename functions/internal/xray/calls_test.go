package xray_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/xray"
)

// client is a DynamoDB client's way to the network.
type client func(*http.Request) (*http.Response, error)

// Do implements dynamodb.HTTPClient.
func (c client) Do(req *http.Request) (*http.Response, error) { return c(req) }

// through are a traced client's options, whose requests go this way.
func through(c client, at netip.AddrPort) dynamo.ClientOptions {
	o := options(database{})
	o.HTTPClient = c
	return xray.Trace(o, at)
}

// A call that nobody answered says why: time that ran out is a fault, a caller who went
// away is none.
func TestNobodyAnswered(t *testing.T) {
	silent := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	for name, c := range map[string]struct {
		ends func(context.Context) (context.Context, context.CancelFunc)
		want string
	}{
		"time ran out": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		}, "GetItem fault Timeout"},
		"the caller went away": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Millisecond, cancel)
			return ctx, cancel
		}, "GetItem error Canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t)
			ctx, cancel := c.ends(traced(t.Context(), sampled))
			defer cancel()
			store := dynamo.NewSessions(dynamo.NewClient(through(silent, d.at)), "sessions-table")
			if _, err := store.Read(ctx, session.Query{Sessions: []session.ID{{1}}}); err == nil {
				t.Fatal("it was answered")
			}
			if got := summary(d.next()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A refusal that an attempt later was none counts as a retry, and nothing else.
func TestTriedAgain(t *testing.T) {
	d, tries := newDaemon(t), 0
	once := func(req *http.Request) (*http.Response, error) {
		if tries++; tries == 1 {
			return database{400, refusal("ThrottlingException")}.Do(req)
		}
		return database{200, `{}`}.Do(req)
	}
	store := dynamo.NewSessions(dynamo.NewClient(through(once, d.at)), "sessions-table")
	_, _ = store.Read(traced(t.Context(), sampled), session.Query{Sessions: []session.ID{{1}}})
	got := d.next()
	if summary(got) != "GetItem 200" || got["aws"].(map[string]any)["retries"] != 1.0 {
		t.Errorf("got %v", got)
	}
}

// A transaction has one table, as ours do, and is throttled if one of its items was.
func TestTransaction(t *testing.T) {
	for name, c := range map[string]struct{ codes, want string }{
		"throttled": {`{"Code":"None"},{"Code":"ThrottlingError"}`, "TransactWriteItems 400 error throttle TransactionCanceledException"},
		"refused":   {`{"Code":"ConditionalCheckFailed"},{"Code":"None"}`, "TransactWriteItems 400 error TransactionCanceledException"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t)
			body := `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[` + c.codes + `]}`
			accounts := dynamo.NewAccounts(dynamo.NewClient(through(database{400, body}.Do, d.at)), "accounts-table")
			_ = accounts.Create(traced(t.Context(), sampled), signin.Account{Subject: "SECRET-VALUE", Name: "SECRET-VALUE"})
			got := d.next()
			if summary(got) != c.want || got["aws"].(map[string]any)["table_name"] != "accounts-table" {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// Calls side by side are each told once, each in the trace of its own invocation.
func TestSideBySide(t *testing.T) {
	d := newDaemon(t)
	store := dynamo.NewSessions(dynamo.NewClient(through(database{200, `{}`}.Do, d.at)), "sessions-table")
	const callers = 32
	parents, all := map[any]bool{}, sync.WaitGroup{}
	for i := range callers {
		parent := strings.Repeat("0", 14) + string("0123456789abcdef"[i/16]) + string("0123456789abcdef"[i%16])
		parents[parent] = true
		all.Go(func() {
			ctx := traced(t.Context(), "Root="+trace+";Parent="+parent+";Sampled=1")
			_, _ = store.Read(ctx, session.Query{Sessions: []session.ID{{1}}})
		})
	}
	all.Wait()
	told, ids := map[any]bool{}, map[any]bool{}
	for range callers {
		document := d.next()
		told[document["parent_id"]], ids[document["id"]] = true, true
	}
	if !maps.Equal(told, parents) || len(ids) != callers {
		t.Errorf("told of %d callers with %d IDs, want %d of each", len(told), len(ids), callers)
	}
}

// Nothing that a request carries of an item, its keys and its values, is in a document,
// whatever DynamoDB answers.
func TestNothingOfAnItem(t *testing.T) {
	for name, answer := range map[string]database{
		"done": {200, `{}`}, "refused": {400, refusal("ConditionalCheckFailedException")}, "failed": {500, refusal("InternalServerError")},
	} {
		t.Run(name, func(t *testing.T) {
			d, carried := newDaemon(t), []string{}
			keep := func(req *http.Request) (*http.Response, error) {
				var body any
				text, err := io.ReadAll(req.Body)
				if err != nil || json.Unmarshal(text, &body) != nil {
					t.Errorf("a request of %q, %v", text, err)
				}
				carried = append(carried, leaves(body, "")...)
				return answer.Do(req)
			}
			store := dynamo.NewSessions(dynamo.NewClient(through(keep, d.at)), "sessions-table")
			for _, call := range calls(store) {
				carried = carried[:0]
				call(traced(t.Context(), sampled))
				document, _ := json.Marshal(d.next())
				if len(carried) == 0 {
					t.Errorf("nothing was carried for %s", document)
				}
				for _, value := range carried {
					if strings.Contains(string(document), value) {
						t.Errorf("%q is in %s", value, document)
					}
				}
			}
		})
	}
}

// calls are one of each kind, of a user and a session.
func calls(store *dynamo.Sessions) []func(context.Context) {
	id, partition := session.ID{1, 2, 3, 4, 5, 6, 7, 8}, session.PartitionOf("the-subject")
	return []func(context.Context){
		func(ctx context.Context) { _, _ = store.Read(ctx, session.Query{Sessions: []session.ID{id}}) },
		func(ctx context.Context) {
			_, _ = store.Read(ctx, session.Query{Sessions: []session.ID{id}, Control: true})
		},
		func(ctx context.Context) { _, _ = store.List(ctx, session.Range{Partition: partition}) },
		func(ctx context.Context) {
			end := &session.End{At: time.Unix(1, 0), Reason: session.SignedOut, By: "the-subject"}
			_, _ = store.Update(ctx, id, session.Change{End: end})
		},
	}
}

// leaves are the texts of a request's body that are values of attributes, by their types
// S and B, which short ones are not told apart from anything by.
func leaves(v any, under string) (texts []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			texts = append(texts, leaves(one, name)...)
		}
	case []any:
		for _, one := range v {
			texts = append(texts, leaves(one, under)...)
		}
	case string:
		if slices.Contains([]string{"S", "B"}, under) && len(v) > 3 {
			texts = append(texts, v)
		}
	}
	return texts
}

// BenchmarkSampled is what telling of a call costs it.
func BenchmarkSampled(b *testing.B) {
	conn := netip.MustParseAddrPort("127.0.0.1:9")
	for name, o := range map[string]dynamo.ClientOptions{"off": options(database{200, `{}`}), "on": through(database{200, `{}`}.Do, conn)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			store := dynamo.NewSessions(dynamo.NewClient(o), "sessions-table")
			for b.Loop() {
				_, _ = store.Read(traced(b.Context(), sampled), session.Query{Sessions: []session.ID{{1}}})
			}
		})
	}
}
