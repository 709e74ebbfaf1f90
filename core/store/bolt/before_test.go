package bolt

import (
	"encoding/json"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/storetest"
)

// A file that was written before ends and changes said where they came from is read, and
// goes on from there.
func TestFilesOfBefore(t *testing.T) {
	db := openTest(t)
	ended, live := storetest.Record("alice", created, storetest.Full, storetest.EndedAt(created)), storetest.Record("alice", created)
	ended.End.From = ""
	for _, r := range []session.Record{ended, live} {
		if _, err := db.Sessions().Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		value, err := encodeRecord(&r)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(value, &fields); err != nil || fields["endedFrom"] != nil {
			t.Errorf("stored as %s, %v", value, err)
		}
	}
	got, err := db.Sessions().Read(t.Context(), session.Query{Sessions: []session.ID{ended.ID}})
	if err != nil || len(got.Records) != 1 || storetest.Diff(got.Records[0], ended) != nil {
		t.Errorf("read %+v, %v", got, err)
	}
	end := session.End{At: created, Reason: session.SignedOut, By: session.ByOperator, From: "192.0.2.7"}
	if is, err := db.Sessions().Update(t.Context(), live.ID, session.Change{End: &end}); err != nil || is.End != end {
		t.Errorf("ended: %+v, %v", is.End, err)
	}
	db.plant(t, bucketAccounts, []byte("usr_x"), []byte(`{"name":"x","version":1,"createdAt":1,"changes":[{"at":1,"by":"operator","what":"added"}]}`))
	a, err := db.Accounts().Get(t.Context(), "usr_x")
	if err != nil || len(a.Changes) != 1 || a.Changes[0].From != "" {
		t.Fatalf("account %+v, %v", a, err)
	}
	a.Record(signin.Change{At: created, By: "operator", What: "disabled", From: "192.0.2.7"})
	if err := db.Accounts().Update(t.Context(), a); err != nil {
		t.Error(err)
	}
}
