package main

import (
	"encoding/json"
	"testing"
)

func TestWhoCallsIsTheAuthorizersWordAlone(t *testing.T) {
	for _, c := range []struct {
		name, event string
		status      int
		body        string
	}{
		{
			"context", `{"httpMethod":"GET","resource":"/orders","headers":{"coatcheck-subject":"mallory"},"requestContext":{"authorizer":{"subject":"alice","roles":"clerk"}}}`,
			200, `{"route":"GET /orders","subject":"alice","sessionId":"","roles":"clerk","authTime":"","expiresAt":"","actor":""}`,
		},
		{"no authorizer", `{"headers":{"coatcheck-subject":"mallory"},"requestContext":{}}`, 500, `{"error":"no authorizer stands before this route"}`},
		{"nobody", `{"requestContext":{"authorizer":{"subject":""}}}`, 500, `{"error":"no authorizer stands before this route"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r request
			if err := json.Unmarshal([]byte(c.event), &r); err != nil {
				t.Fatal(err)
			}
			got, err := handle(t.Context(), r)
			if err != nil || got.StatusCode != c.status || got.Body != c.body {
				t.Errorf("got %d %s, %v; want %d %s", got.StatusCode, got.Body, err, c.status, c.body)
			}
		})
	}
}
