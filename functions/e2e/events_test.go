package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/functions/internal/lambdatest"
)

// bus stands in for EventBridge: it keeps what is put, or refuses it.
type bus struct {
	t      *testing.T
	mu     sync.Mutex
	refuse func() bool // one entry; nil: none
	put    []entry
}

// entry is one of PutEvents (Amazon EventBridge API Reference).
type entry struct {
	Source, DetailType, Detail, EventBusName string
	Time                                     float64 // seconds
}

// ServeHTTP implements [http.Handler].
func (b *bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Entries []entry }
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &in) != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" || len(in.Entries) > 10 {
		b.t.Errorf("%s %v of %d entries: not understood", r.Header.Get("X-Amz-Target"), err, len(in.Entries))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	type result map[string]string
	var results []result
	failed := 0
	for _, e := range in.Entries {
		if b.refuse != nil && b.refuse() {
			failed++
			results = append(results, result{"ErrorCode": "ThrottlingException", "ErrorMessage": "later"})
			continue
		}
		b.put = append(b.put, e)
		results = append(results, result{"EventId": "x"})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": failed, "Entries": results})
}

// eventing is a deployment with an event bus.
type eventing struct {
	*deployment
	bus                *bus
	events             *lambdatest.Function
	manager            *session.Manager
	now                time.Time
	client             *dynamodb.Client
	names              dynamo.Names
	sessions, accounts *stream
}

func newEventing(t *testing.T) *eventing {
	t.Helper()
	d := &eventing{deployment: &deployment{t: t}, bus: &bus{t: t}, now: time.Now().UTC().Truncate(time.Millisecond)}
	d.client = clientOf(address())
	d.names = namesOf(t, d.client)
	d.sessions = openStream(t, d.client, d.names.Sessions, "SessionsEvents")
	d.accounts = openStream(t, d.client, d.names.Accounts, "AccountsEvents")
	keys, err := session.NewKeys([]byte(strings.Repeat("k", session.MinKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return d.now }
	d.manager, err = session.New(dynamo.NewSessions(d.client, d.names.Sessions), keys, &session.Options{Now: clock, Policy: session.Policy{PerUser: 2, Idle: 4 * time.Hour, RotateEvery: 10 * time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	d.directory = signin.NewDirectory(dynamo.NewAccounts(d.client, d.names.Accounts), nil, &signin.DirectoryOptions{Sessions: d.manager, Now: clock})
	server := httptest.NewServer(d.bus)
	t.Cleanup(server.Close)
	if err := build(); err != nil {
		t.Fatal(err)
	}
	d.events, err = lambdatest.Start(bootstraps["events"], "COATCHECK_EVENT_BUS=apps", "AWS_ENDPOINT_URL_EVENTBRIDGE="+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.events.Close)
	return d
}

// opened signs a user in, a second after what was done before.
func (d *eventing) opened(subject string) (token string, id session.ID) {
	d.t.Helper()
	return d.signsIn(session.SignIn{Subject: subject})
}

func (d *eventing) signsIn(s session.SignIn) (token string, id session.ID) {
	d.t.Helper()
	d.after(time.Second)
	s.Check = func(context.Context) (session.Grant, error) { return session.Grant{Roles: []string{"clerk"}}, nil }
	made, r, err := d.manager.SignIn(d.t.Context(), s)
	if err != nil {
		d.t.Fatal(err)
	}
	return made.Reveal(), r.ID
}

func (d *eventing) after(passes time.Duration) { d.now = d.now.Add(passes) }

// looksUp wants an outcome of a look-up.
func (d *eventing) looksUp(token string, want session.Outcome) {
	d.t.Helper()
	if _, err := d.manager.Lookup(d.t.Context(), session.Presented{Token: token}); session.OutcomeOf(err) != want {
		d.t.Fatalf("look-up: %v, want %s", err, want)
	}
}

func (d *eventing) done(_ any, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// told delivers what the streams have, and returns what the bus took since it was last
// asked, of each user what and in which order.
func (d *eventing) told() map[string][]string {
	d.t.Helper()
	d.deliver(d.accounts.read())
	d.deliver(d.sessions.read())
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	all := map[string][]string{}
	for _, e := range d.bus.put {
		var detail struct {
			ID, Type string
			Data     struct{ Subject, Reason, What string }
		}
		if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil || e.Source != "coatcheck" || e.EventBusName != "apps" || e.Time < 1e9 {
			d.t.Errorf("put %+v: %v", e, err)
		}
		all[detail.Data.Subject] = append(all[detail.Data.Subject], e.DetailType+" "+detail.Data.Reason+detail.Data.What)
	}
	d.bus.put = nil
	return all
}

func (d *eventing) wantTold(want map[string][]string) {
	d.t.Helper()
	if got := d.told(); fmt.Sprint(got) != fmt.Sprint(want) {
		d.t.Errorf("told\n%q\nwant\n%q\n%s", got, want, d.events.Output())
	}
}

// TestEvents: what DynamoDB's streams say of every kind of end and change becomes one
// event each; sign-ins, uses, rotations and removals become none, and cost no call.
func TestEvents(t *testing.T) {
	d := newEventing(t)
	ctx := t.Context()
	alice, err := d.directory.Add(ctx, signin.NewUser{Name: "alice", Roles: []string{"clerk"}}, "operator")
	d.done(nil, err)
	token, _ := d.opened(alice.Subject)
	d.after(20 * time.Minute)
	_, renewed, err := d.manager.Renew(ctx, session.Presented{Token: token}) // hands a new token out
	d.done(nil, err)
	d.looksUp(renewed.Reveal(), session.Allowed) // confirms it
	for range 3 {
		d.after(30 * time.Minute)
		d.looksUp(renewed.Reveal(), session.Allowed) // touches
	}
	d.wantTold(map[string][]string{alice.Subject: {"User Changed added"}})
	if d.sessions.records < 5 || d.sessions.passed != 0 {
		t.Errorf("of %d records %d pass the filter: want 5 or more, and none", d.sessions.records, d.sessions.passed)
	}

	d.looksUp(token, session.Reused)
	token, _ = d.opened(alice.Subject)
	d.done(d.manager.SignOut(ctx, session.Presented{Token: token}))
	d.opened(alice.Subject)
	first, _ := d.opened(alice.Subject)
	d.opened(alice.Subject) // over the limit
	d.signsIn(session.SignIn{Subject: alice.Subject, Replace: session.Presented{Token: first}, StepUp: true})
	d.done(d.manager.EndAll(ctx, alice.Subject, session.EndedByAdmin, session.ByOperator))
	_, last := d.opened(alice.Subject)
	roles, disabled := []string{"boss"}, true
	d.done(d.directory.Change(ctx, alice.Subject, signin.UserChange{Roles: &roles}, session.ByOperator))
	_, ofBob := d.opened("bob")
	d.after(time.Second)
	d.done(d.manager.EndEveryone(ctx))
	d.done(d.manager.Sweep(ctx, session.ByRule, ""))
	d.done(d.directory.Change(ctx, alice.Subject, signin.UserChange{Disabled: &disabled}, session.ByOperator))
	d.wantTold(map[string][]string{
		alice.Subject: {
			"User Changed roles: boss", "User Changed disabled", // another stream, read first
			"Session Ended token_reuse", "Session Ended signed_out", "Session Ended session_limit", "Session Ended replaced",
			"Session Ended ended_by_admin", "Session Ended ended_by_admin", "Session Ended roles_changed",
		},
		"bob": {"Session Ended ended_everywhere"},
	})

	for _, id := range []session.ID{last, ofBob} {
		d.remove(id)
	}
	d.wantTold(map[string][]string{})
}

// remove takes a session out of the table, as the TTL does in the end.
func (d *eventing) remove(id session.ID) {
	d.t.Helper()
	out, err := d.client.Query(d.t.Context(), &dynamodb.QueryInput{
		TableName: &d.names.Sessions, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :s)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": &types.AttributeValueMemberS{Value: id.String()[:20]}, ":s": &types.AttributeValueMemberS{Value: "s#"},
		},
	})
	if err != nil || len(out.Items) == 0 {
		d.t.Fatalf("%d items, %v", len(out.Items), err)
	}
	for _, i := range out.Items {
		key := map[string]types.AttributeValue{"pk": i["pk"], "sk": i["sk"]}
		if _, err := d.client.DeleteItem(d.t.Context(), &dynamodb.DeleteItemInput{TableName: &d.names.Sessions, Key: key}); err != nil {
			d.t.Fatal(err)
		}
	}
}

// TestEventsAreTriedAgain: a bus that refuses one entry in four gets every end at last,
// those of a user in their order.
func TestEventsAreTriedAgain(t *testing.T) {
	d := newEventing(t)
	fate := rand.New(rand.NewPCG(1, 2))
	d.bus.refuse = func() bool { return fate.IntN(4) == 0 }
	var ends []string
	for i := range 30 {
		user := string(rune('a' + i*7%5))
		_, id := d.opened(user)
		d.done(d.manager.End(t.Context(), id, session.EndedByAdmin, session.ByOperator))
		ends = append(ends, user+" "+id.String())
	}
	d.deliver(d.sessions.read())
	for _, user := range []string{"a", "b", "c", "d", "e"} {
		var want, got []string
		for _, e := range ends {
			if of, id, _ := strings.Cut(e, " "); of == user {
				want = append(want, id)
			}
		}
		for _, e := range d.bus.put {
			var detail struct {
				Data struct{ Subject, SessionID string }
			}
			if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
				t.Error(err)
			}
			if detail.Data.Subject == user && !slices.Contains(got, detail.Data.SessionID) {
				got = append(got, detail.Data.SessionID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %s came %q, want %q", user, got, want)
		}
	}
}
