package servertest_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/lifetest"
)

// dump is every item of both tables and of their indexes, each as JSON, read past the
// adapter.
func dump(t *testing.T, client *dynamodb.Client, names dynamo.Names) (items []map[string]types.AttributeValue, text string) {
	t.Helper()
	for table, index := range map[string]string{names.Sessions: "status", names.Accounts: "accounts"} {
		for _, in := range []*dynamodb.ScanInput{{TableName: &table}, {TableName: &table, IndexName: &index}} {
			pages := dynamodb.NewScanPaginator(client, in)
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				items = append(items, page.Items...)
			}
		}
	}
	raw, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	return items, string(raw)
}

// After an erasure no item of either table tells the user, and under his key is nothing but
// the fence, the indexes included.
func TestLocalErasureLeavesNothing(t *testing.T) {
	t.Parallel()
	names := local.tables(t)
	e, err := lifetest.NewErasure(t.Context(), lifetest.Stores{
		Sessions: dynamo.NewSessions(local.client(), names.Sessions), Accounts: dynamo.NewAccounts(local.client(), names.Accounts),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := local.options()
	o.HTTPClient = nil // the judge of all requests forbids Scan
	client := dynamo.NewClient(o)
	_, before := dump(t, client, names)
	if err := e.Erase(); err != nil {
		t.Fatal(err)
	}
	items, after := dump(t, client, names)
	for what, trace := range e.Traces() {
		if !strings.Contains(before, trace) {
			t.Errorf("the %s was not found before: the search would find nothing", what)
		}
		if strings.Contains(after, trace) {
			t.Errorf("the %s is left in\n%s", what, after)
		}
	}
	p := e.Partition()
	wantFenceAlone(t, items, base64.RawURLEncoding.EncodeToString(p[:]))
}

func wantFenceAlone(t *testing.T, items []map[string]types.AttributeValue, partition string) {
	t.Helper()
	fences := 0
	for _, i := range items {
		raw, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		names := slices.Sorted(maps.Keys(i))
		switch {
		case !strings.Contains(string(raw), partition):
		case slices.Equal(names, []string{"fence", "pk", "sk"}):
			fences++
		default:
			t.Errorf("left under the user's key: %s", raw)
		}
	}
	if fences != 1 {
		t.Errorf("%d fences are left: want the user's", fences)
	}
}
