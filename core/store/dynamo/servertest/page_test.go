package servertest_test

import (
	"net/http"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/storetest"
)

// between is an HTTP client that does something once, before the first request of an
// operation.
type between struct {
	operation string
	do        func()
}

// Do implements dynamodb.HTTPClient.
func (b *between) Do(req *http.Request) (*http.Response, error) {
	if do := b.do; do != nil && operation(req) == b.operation {
		b.do = nil
		do()
	}
	return everything.Do(req)
}

// The index lags: what it says of a session that has ended since is not believed. The
// end comes after the index was asked and before the records are read.
func TestLocalPageBelievesTheRecords(t *testing.T) {
	t.Parallel()
	records := []session.Record{storetest.Record("ann", time.Now()), storetest.Record("bob", time.Now())}
	options, names := local.options(), local.tables(t)
	other := dynamo.NewSessions(local.client(), names.Sessions)
	for _, r := range records {
		if _, err := other.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	end := session.End{At: time.Now().UTC().Truncate(time.Millisecond), Reason: session.SignedOut, By: session.ByOperator}
	options.HTTPClient = &between{"BatchGetItem", func() {
		if _, err := other.Update(t.Context(), records[0].ID, session.Change{End: &end}); err != nil {
			t.Error(err)
		}
	}}
	lagging := dynamo.NewSessions(dynamo.NewClient(options), names.Sessions)
	page, err := lagging.Page(t.Context(), session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusLive}, Limit: 10})
	if err != nil || len(page.Records) != 1 || page.Records[0].ID != records[1].ID {
		t.Errorf("live: %+v, %v", page, err)
	}
}
