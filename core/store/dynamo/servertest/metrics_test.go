package servertest_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/truthtest"
)

func TestLocalMetricsAreTrue(t *testing.T) {
	load := truthtest.Load{Operations: 20_000, Clients: 8, Seed: 1, Timeout: 10 * time.Second}
	if os.Getenv("COATCHECK_TEST_PROVE") != "" {
		load.Operations = 100_000
	}
	truthtest.Run(t, local.sessions(t), load)
}

// unitsTold is a sink that adds the units up.
type unitsTold struct {
	mu          sync.Mutex
	read, write float64
	odd         int
}

func (u *unitsTold) Record(m *telemetry.Metric, value float64, labels ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := m.Series(labels...)
	switch {
	case m != telemetry.StoreUnits || s.Value("store") != telemetry.StoreSessions || s.Value("operation") == telemetry.Other:
		u.odd++
	case s.Value("kind") == "read":
		u.read += value
	default:
		u.write += value
	}
}

func (u *unitsTold) Closed(*telemetry.Metric, time.Time, float64, ...string) {}

// What a client tells of its units is what DynamoDB says that they are, the index
// included: of a sign-in, a look-up, a touch and an end, to the half unit.
func TestLocalUnitsAreTold(t *testing.T) {
	var told unitsTold
	names := local.tables(t)
	o := local.options()
	o.Consumed = telemetry.Consumed(&told, map[string]string{names.Sessions: telemetry.StoreSessions})
	now := time.Now()
	store := dynamo.NewSessions(dynamo.NewClient(o), names.Sessions)
	m, err := session.New(store, tagKeys(t), &session.Options{
		Now: func() time.Time { return now }, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	// DynamoDB Local does not charge for what a batch does not find.
	if err := store.RaiseEndedBefore(t.Context(), now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := store.SetFence(t.Context(), session.PartitionOf("ann"), session.Fence{1}); err != nil {
		t.Fatal(err)
	}
	token, r, err := m.SignIn(t.Context(), session.SignIn{Subject: "ann", Check: func(context.Context) (session.Grant, error) {
		return session.Grant{Methods: []string{"pwd"}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, read, write float64) {
		t.Helper()
		if told.read != read || told.write != write || told.odd != 0 {
			t.Errorf("%s: told %v read, %v write, %d odd: want %v and %v", what, told.read, told.write, told.odd, read, write)
		}
		told.read, told.write = 0, 0
	}
	// docs/design.md, section 5.
	want("end everybody, fence, sign in", 3, 2+2)
	p := session.Presented{Token: token.Reveal()}
	look := func() {
		t.Helper()
		if _, err := m.Lookup(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	look()
	want("look-up", 1, 0)
	now = now.Add(4 * time.Second)
	look()
	want("look-up again", 1, 0)
	now = now.Add(3 * time.Minute)
	look()
	want("look-up with the control and a touch", 2, 3)
	if _, err := m.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		t.Fatal(err)
	}
	want("end", 0, 3)
}
