package servertest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/storetest"
)

// DynamoDB Local deletes what is past its purgeAt within some ten seconds, under the
// hands of who is just using it: no write brings such a session back.
func TestLocalPurge(t *testing.T) {
	t.Parallel()
	store := local.sessions(t)
	age := 30*24*time.Hour + 8*time.Hour - 5*time.Second
	due := storetest.Record("ann", time.Now().Add(-age), storetest.Purgeable)
	kept := storetest.Record("ann", time.Now())
	for _, r := range []session.Record{due, kept} {
		if _, err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	touch := session.Change{Touch: &session.Touch{LastSeenAt: due.LastSeenAt.Add(time.Second), ExpiresAt: due.ExpiresAt}}
	end := session.Change{End: &session.End{At: time.Now(), Reason: session.SignedOut, By: session.ByOperator}}
	if _, err := store.Update(t.Context(), due.ID, touch); err != nil {
		t.Fatalf("touch before: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for tick := time.NewTicker(250 * time.Millisecond); ; <-tick.C {
		_, err := store.Update(ctx, due.ID, touch)
		if errors.Is(err, session.ErrNotFound) {
			break
		}
		if err != nil {
			t.Fatalf("touch while waiting: %v", err)
		}
	}
	if _, err := store.Update(ctx, due.ID, end); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("end: got %v, want ErrNotFound", err)
	}
	got, err := store.Read(ctx, session.Query{Sessions: []session.ID{due.ID, kept.ID}})
	if err != nil || len(got.Records) != 1 || got.Records[0].ID != kept.ID || len(got.Damaged) > 0 {
		t.Errorf("read: %d records, damaged %v, %v", len(got.Records), got.Damaged, err)
	}
	n, err := store.Count(ctx, session.StatusRange{Status: session.StatusLive})
	if n != 1 || err != nil {
		t.Errorf("count: got %d, %v, want 1", n, err)
	}
}
