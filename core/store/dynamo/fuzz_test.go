package dynamo

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/storetest"
)

// fuzzValue makes a value of any type.
func fuzzValue(kind byte, text string, depth int) types.AttributeValue {
	switch kind % 10 {
	case 0:
		return textOf(text)
	case 1:
		return &types.AttributeValueMemberN{Value: text}
	case 2:
		return &types.AttributeValueMemberB{Value: []byte(text)}
	case 3:
		return &types.AttributeValueMemberBOOL{Value: len(text)%2 == 0}
	case 4:
		return &types.AttributeValueMemberNULL{Value: true}
	case 5:
		return &types.AttributeValueMemberSS{Value: []string{text}}
	case 6:
		return nil
	case 7:
		return &types.UnknownUnionMember{Tag: text}
	}
	if depth > 3 || text == "" {
		return textOf(text)
	}
	inner := fuzzValue(text[0], text[1:], depth+1)
	if kind%10 == 8 {
		return &types.AttributeValueMemberL{Value: []types.AttributeValue{inner}}
	}
	return &types.AttributeValueMemberM{Value: item{text[1:]: inner}}
}

// Whatever stands in a table is a record that comes back, or damaged.
func FuzzDecodeRecord(f *testing.F) {
	good := storetest.Record("ann", noon, storetest.Full, storetest.EndedAt(noon))
	for name := range encodeRecord(&good) {
		f.Add(name, byte(0), "x")
		f.Add(name, byte(1), "1772366400123")
	}
	f.Add(attrRoles, byte(8), "\x00role")
	f.Add(attrAttributes, byte(9), "\x00key")
	f.Fuzz(func(t *testing.T, name string, kind byte, text string) {
		i := encodeRecord(&good)
		i[name] = fuzzValue(kind, text, 0)
		r, err := decodeRecord(i)
		if err != nil {
			if !errors.Is(err, session.ErrDamaged) {
				t.Fatalf("got %v", err)
			}
			return
		}
		again, err := decodeRecord(encodeRecord(&r))
		if err != nil {
			t.Fatalf("written again it is %v", err)
		}
		if err := storetest.Diff(again, r); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeAccount(f *testing.F) {
	good := encodedAccount(fullAccount())
	for name := range good {
		f.Add(name, byte(0), "x")
	}
	f.Fuzz(func(t *testing.T, name string, kind byte, text string) {
		i := encodedAccount(fullAccount())
		i[name] = fuzzValue(kind, text, 0)
		a, err := decodeAccount(i)
		if err != nil && !errors.Is(err, signin.ErrDamaged) || err == nil && a.Validate() != nil {
			t.Fatalf("got %v, %v", a, err)
		}
	})
}

// A key spells one ID, and an ID has one key.
func FuzzKeys(f *testing.F) {
	id := storetest.Record("ann", noon).ID
	key := sessionKey(id)
	f.Add(textIn(key, attrPartition), textIn(key, attrSort))
	f.Add("control", "control")
	f.Fuzz(func(t *testing.T, partition, sort string) {
		id, ok := idOf(keyOf(partition, sort))
		if !ok {
			return
		}
		if key := sessionKey(id); textIn(key, attrPartition) != partition || textIn(key, attrSort) != sort {
			t.Fatalf("%q, %q is another spelling of %v", partition, sort, id)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(sealCursor(session.StatusLive, entry{noon.UnixMilli(), storetest.Record("ann", noon).ID}))
	f.Add("live.AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		q := session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusLive}, Cursor: cursor}
		switch e, err := openCursor(q); {
		case err == nil && e != nil && sealCursor(session.StatusLive, *e) != cursor:
			t.Fatalf("%q is another spelling", cursor)
		case err != nil && !errors.Is(err, session.ErrCursor):
			t.Fatalf("got %v", err)
		}
	})
}
