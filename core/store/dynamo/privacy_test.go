package dynamo

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/store/storetest"
)

// docs/privacy.md names every attribute that is stored.
func TestPrivacyPageNamesEveryAttribute(t *testing.T) {
	page, err := os.ReadFile("../../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	record := storetest.Record("ann", noon, storetest.Full, storetest.EndedAt(noon))
	account := encodedAccount(fullAccount())
	account[attrWrite] = textOf("written by every update")
	change := account[attrChanges].(*types.AttributeValueMemberL).Value[0].(*types.AttributeValueMemberM).Value
	named := 0
	for kind, i := range map[string]item{"session": encodeRecord(&record), "account": account, "change": change} {
		for name := range i {
			if named++; !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("attribute %s of a %s is not on the page", name, kind)
			}
		}
	}
	if named < 40 {
		t.Errorf("%d attributes: too few to be all", named)
	}
}
