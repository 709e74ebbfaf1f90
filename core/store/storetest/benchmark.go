package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"coatcheck/core/session"
)

// BenchmarkLookup measures what a request pays: a Manager's look-up of a token over
// the store, with some thousand sessions in it, one request at a time and many at
// once; and of a token that this deployment did not make.
func BenchmarkLookup(b *testing.B, open func(b *testing.B) session.Store) {
	b.Helper()
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		b.Fatal(err)
	}
	manager, err := session.New(open(b), keys, nil)
	if err != nil {
		b.Fatal(err)
	}
	tokens := benchmarkTokens(b, manager, 2000)
	forged := session.Presented{Token: tokens[0].Token[:session.TokenLength-1] + "_"}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := manager.Lookup(b.Context(), tokens[i%len(tokens)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("many", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, err := manager.Lookup(context.Background(), tokens[i%len(tokens)]); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("forged", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := manager.Lookup(b.Context(), forged); session.OutcomeOf(err) == session.Allowed {
				b.Fatal("allowed")
			}
		}
	})
}

func benchmarkTokens(b *testing.B, m *session.Manager, n int) []session.Presented {
	b.Helper()
	tokens := make([]session.Presented, n)
	for i := range tokens {
		token, _, err := m.SignIn(b.Context(), session.SignIn{
			Subject: fmt.Sprintf("user-%d", i/2),
			Client:  session.Client{Address: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
			Check: func(context.Context) (session.Grant, error) {
				return session.Grant{Roles: []string{"editor", "reader"}, Methods: []string{"pwd"}}, nil
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		tokens[i] = session.Presented{Token: token.Reveal()}
	}
	return tokens
}
