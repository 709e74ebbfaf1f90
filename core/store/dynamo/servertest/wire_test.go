package servertest_test

import (
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/storetest"
)

// What makes a write safe is its condition, and what makes it repeatable that a
// refusal brings the item along.
func TestLocalConditions(t *testing.T) {
	t.Parallel()
	store, sent := local.measured(t)
	r := storetest.Record("ann", time.Now())
	if _, err := store.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	wants(t, sent, "create", "attribute_not_exists(pk)", "")
	const lives = "attribute_exists(#pk) AND attribute_not_exists(#endedAt)"
	for name, c := range map[string]struct {
		change            session.Change
		condition, update string
	}{
		"touch": {
			session.Change{
				If:    session.Condition{ExpiresAfter: r.CreatedAt, LastSeenAt: r.LastSeenAt},
				Touch: &session.Touch{LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt},
			},
			lives + " AND #expiresAt > :if_expiresAt AND #lastSeenAt = :if_lastSeenAt",
			"SET #lastSeenAt = :lastSeenAt, #expiresAt = :expiresAt, #statusAt = :statusAt",
		},
		"rotate": {
			session.Change{If: session.Condition{Secrets: &r.Secrets}, Secrets: &r.Secrets},
			lives + " AND #secretHash = :if_secretHash AND attribute_not_exists(#nextHash)",
			"SET #secretHash = :secretHash, #confirmedAt = :confirmedAt REMOVE #nextHash, #nextAt, #previousHash, #supersededHash, #rotations",
		},
		"end": {
			session.Change{End: &session.End{At: r.CreatedAt, Reason: session.SignedOut, By: session.ByRule}},
			"attribute_exists(#pk) AND (attribute_not_exists(#endedAt) OR NOT attribute_type(#endedAt, :number))",
			"SET #endedAt = :endedAt, #endReason = :endReason, #endedBy = :endedBy, " +
				"#statusShard = :statusShard, #statusAt = :statusAt REMOVE #endedFrom, #replacedBy",
		},
	} {
		_, _ = store.Update(t.Context(), r.ID, c.change)
		wants(t, sent, name, c.condition, c.update)
	}
	if err := store.Delete(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, sent, "delete", onlyEnded, "")
	if err := store.RaiseEndedBefore(t.Context(), r.CreatedAt); err != nil {
		t.Fatal(err)
	}
	wants(t, sent, "end everybody", "attribute_not_exists(#endedBefore) OR #endedBefore < :endedBefore", "SET #endedBefore = :endedBefore")
}

func wants(t *testing.T, sent *recorder, name, condition, update string) {
	t.Helper()
	requests := sent.take()
	if len(requests) != 1 {
		t.Fatalf("%s: %d requests, want 1", name, len(requests))
	}
	body := requests[0].Body
	for field, want := range map[string]string{
		"ConditionExpression": condition, "UpdateExpression": update, "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
	} {
		if got, _ := body[field].(string); got != want {
			t.Errorf("%s: %s is %q, want %q", name, field, got, want)
		}
	}
}

// The judge of all requests bites.
func TestLocalJudge(t *testing.T) {
	for name, c := range map[string]struct{ operation, body, want string }{
		"scan":       {"Scan", `{"ConsistentRead":true}`, "Scan"},
		"describe":   {"DescribeTable", `{}`, "DescribeTable"},
		"read":       {"GetItem", `{"ConsistentRead":true}`, ""},
		"lax read":   {"GetItem", `{}`, "GetItem without ConsistentRead"},
		"lax query":  {"Query", `{"ConsistentRead":false}`, "Query without ConsistentRead"},
		"index":      {"Query", `{"IndexName":"status"}`, ""},
		"lax batch":  {"BatchGetItem", `{"RequestItems":{"t":{}}}`, "BatchGetItem without ConsistentRead"},
		"batch":      {"BatchGetItem", `{"RequestItems":{"t":{"ConsistentRead":true}}}`, ""},
		"update":     {"UpdateItem", `{}`, ""},
		"delete":     {"DeleteItem", `{"ConditionExpression":"attribute_type(#endedAt, :number)"}`, ""},
		"lax delete": {"DeleteItem", `{}`, `DeleteItem if ""`},
	} {
		if got := judge(c.operation, []byte(c.body)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
