package truthtest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
	"coatcheck/core/telemetry/prom"
)

// BenchmarkLookup is one look-up in memory, not observed and with each adapter.
func BenchmarkLookup(b *testing.B) {
	lines := emf.New(io.Discard, "Coatcheck/bench", nil)
	b.Cleanup(lines.Close)
	for name, sink := range map[string]telemetry.Sink{"not observed": nil, "emf": lines, "prom": prom.New()} {
		b.Run(name, func(b *testing.B) {
			look := lookingUp(b, sink)
			b.ReportAllocs()
			for b.Loop() {
				look()
			}
		})
	}
}

func lookingUp(b *testing.B, sink telemetry.Sink) func() {
	b.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{7}, session.MinKeySize))
	if err != nil {
		b.Fatal(err)
	}
	var store session.Store = memory.New()
	opts := &session.Options{}
	if sink != nil {
		store, opts.Observe = telemetry.Sessions(store, sink, nil), telemetry.Observe(sink)
	}
	m, err := session.New(store, keys, opts)
	if err != nil {
		b.Fatal(err)
	}
	token, _, err := m.SignIn(context.Background(), session.SignIn{Subject: "ann", Check: grant})
	if err != nil {
		b.Fatal(err)
	}
	p := session.Presented{Token: token.Reveal()}
	return func() {
		if _, err := m.Lookup(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
}
