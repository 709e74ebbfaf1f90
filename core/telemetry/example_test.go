package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
)

// counter is a sink of one's own: it adds counters up by their first label.
type counter map[string]float64

func (c counter) Record(m *telemetry.Metric, value float64, labels ...string) {
	if m.Kind == telemetry.Counter && len(labels) > 0 {
		c[m.Name+" "+labels[0]] += value
	}
}

// Closed is for what the monitor finds.
func (c counter) Closed(*telemetry.Metric, time.Time, float64, ...string) {}

// A program's sinks are a prom.Sink or an emf.Sink; anything that implements the port does.
func Example() {
	count := counter{}
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		panic(err)
	}
	store := telemetry.Sessions(memory.New(), count, nil)
	sessions, err := session.New(store, keys, &session.Options{Observe: telemetry.Observe(count)})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = sessions.Lookup(ctx, session.Presented{Token: "made up"})
	fmt.Println(session.OutcomeOf(err))
	_, _, err = sessions.SignIn(ctx, session.SignIn{Subject: "ann", Check: func(context.Context) (session.Grant, error) {
		return session.Grant{Methods: []string{"pwd"}}, nil
	}})
	fmt.Println(err)
	fmt.Println(count["lookups malformed"], "look-up,", count["sign_ins pwd"], "sign-in,", count["store_calls sessions"], "calls of the store")
	// Output:
	// malformed
	// <nil>
	// 1 look-up, 1 sign-in, 3 calls of the store
}
