package servertest_test

import (
	"encoding/base32"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/dynamo"
	"coatcheck/core/store/storetest"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// keyOf spells a session's key as the format does.
func keyOf(id session.ID) item {
	return item{
		"pk": text(base64.RawURLEncoding.EncodeToString(id[:15])),
		"sk": text("s#" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[15:])),
	}
}

// plant changes a stored item past the adapter.
func plant(t *testing.T, table string, key item, change func(item)) {
	t.Helper()
	client := local.client()
	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	i := got.Item
	if i == nil {
		i = key
	}
	change(i)
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: i}); err != nil {
		t.Fatal(err)
	}
}

var damages = map[string]func(item){
	"unknown attribute":   func(i item) { i["admin"] = &types.AttributeValueMemberBOOL{Value: true} },
	"subject is a number": func(i item) { i["subject"] = &types.AttributeValueMemberN{Value: "3"} },
	"subject is null":     func(i item) { i["subject"] = &types.AttributeValueMemberNULL{Value: true} },
	"short hash":          func(i item) { i["secretHash"] = &types.AttributeValueMemberB{Value: make([]byte, 31)} },
	"hash as text":        func(i item) { i["secretHash"] = text("AAAA") },
	"ID cut":              func(i item) { i["replaces"] = text("AAAA") },
	"time as text":        func(i item) { i["createdAt"] = text("now") },
	"time not whole":      func(i item) { i["expiresAt"] = &types.AttributeValueMemberN{Value: "1772366400123.5"} },
	"time far off":        func(i item) { i["absoluteExpiry"] = &types.AttributeValueMemberN{Value: "1e37"} },
	"roles as a set":      func(i item) { i["roles"] = &types.AttributeValueMemberSS{Value: []string{"admin"}} },
}

// A stored item that is no record is named as damaged, and the others are read.
func TestLocalDamagedRecords(t *testing.T) {
	t.Parallel()
	for name, change := range damages {
		t.Run(name, func(t *testing.T) {
			names := local.tables(t)
			s := dynamo.NewSessions(local.client(), names.Sessions)
			bad, fine := storetest.Record("alice", time.Now()), storetest.Record("alice", time.Now())
			for _, r := range []session.Record{bad, fine} {
				if _, err := s.Create(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			plant(t, names.Sessions, keyOf(bad.ID), change)
			readsDamaged(t, s, bad.ID, fine.ID)
			if _, err := s.Create(t.Context(), bad); !errors.Is(err, session.ErrDamaged) {
				t.Errorf("create over it: %v", err)
			}
			endsDamaged(t, s, names.Sessions, bad.ID)
		})
	}
}

func readsDamaged(t *testing.T, s *dynamo.Sessions, bad, fine session.ID) {
	t.Helper()
	is := func(call string, records []session.Record, damaged []session.ID, err error) {
		if err != nil || len(damaged) != 1 || damaged[0] != bad || len(records) != 1 || records[0].ID != fine {
			t.Errorf("%s: %d records, damaged %v, %v", call, len(records), damaged, err)
		}
	}
	got, err := s.Read(t.Context(), session.Query{Sessions: []session.ID{bad, fine}})
	is("read of two", got.Records, got.Damaged, err)
	list, err := s.List(t.Context(), session.Range{Partition: bad.Partition()})
	is("list", list.Records, list.Damaged, err)
	page, err := s.Page(t.Context(), session.PageQuery{StatusRange: session.StatusRange{Status: session.StatusLive}, Limit: 10})
	is("page", page.Records, page.Damaged, err)
	got, err = s.Read(t.Context(), session.Query{Sessions: []session.ID{bad}})
	if err != nil || len(got.Records) != 0 || len(got.Damaged) != 1 {
		t.Errorf("read of one: %d records, damaged %v, %v", len(got.Records), got.Damaged, err)
	}
}

// endsDamaged wants an end to be written, though it is answered with ErrDamaged.
func endsDamaged(t *testing.T, s *dynamo.Sessions, table string, id session.ID) {
	t.Helper()
	end := session.Change{End: &session.End{At: time.Now(), Reason: session.SignedOut, By: session.ByOperator}}
	for range 2 {
		if _, err := s.Update(t.Context(), id, end); !errors.Is(err, session.ErrDamaged) {
			t.Errorf("end: got %v, want ErrDamaged", err)
		}
	}
	plant(t, table, keyOf(id), func(i item) {
		if i["endedAt"] == nil {
			t.Error("the end was not written")
		}
	})
}

// What is damaged keeps the contract, an end of it above all.
func TestLocalDamagedItems(t *testing.T) {
	t.Parallel()
	local.runDamaged(t)
}

func TestMotoDamagedItems(t *testing.T) {
	t.Parallel()
	moto.runDamaged(t)
}

func (s server) runDamaged(t *testing.T) {
	storetest.RunDamaged(t, func(t *testing.T) (session.Store, func(session.ID) error) {
		names := s.tables(t)
		return dynamo.NewSessions(s.client(), names.Sessions), func(id session.ID) error {
			_, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &names.Sessions, Key: keyOf(id), UpdateExpression: aws.String("SET subject = :three"),
				ExpressionAttributeValues: item{":three": &types.AttributeValueMemberN{Value: "3"}},
			})
			return err
		}
	})
}

// An end takes hold where even what the item says of its end is odd, with one request.
func TestLocalOddEnds(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]func(item){
		"time is a text": func(i item) { i["endedAt"] = text("long ago") },
		"time is null":   func(i item) { i["endedAt"] = &types.AttributeValueMemberNULL{Value: true} },
		"reason is odd": func(i item) {
			i["endedAt"], i["endReason"] = &types.AttributeValueMemberN{Value: "1772366400123"}, text("boredom")
		},
		"by is a number": func(i item) {
			i["endedAt"], i["endedBy"] = &types.AttributeValueMemberN{Value: "1772366400123"}, &types.AttributeValueMemberN{Value: "3"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			names := local.tables(t)
			s := dynamo.NewSessions(local.client(), names.Sessions)
			r := storetest.Record("alice", time.Now())
			if _, err := s.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			plant(t, names.Sessions, keyOf(r.ID), odd)
			m, err := session.New(s, tagKeys(t), &session.Options{Timeout: 10 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.End(t.Context(), r.ID, session.EndedByAdmin, session.ByOperator)
			if err != nil || !got.Ended() || got.ID != r.ID {
				t.Errorf("end: %+v, %v", got.End, err)
			}
			if n, err := m.EndAll(t.Context(), "alice", session.EndedByAdmin, session.ByOperator); err != nil {
				t.Errorf("end all: %d, %v", n, err)
			}
		})
	}
}

// A damaged fence or control is no answer; read as missing it would let in.
func TestLocalDamagedFenceAndControl(t *testing.T) {
	t.Parallel()
	names := local.tables(t)
	s := dynamo.NewSessions(local.client(), names.Sessions)
	p := session.PartitionOf("alice")
	fence := item{"pk": text(base64.RawURLEncoding.EncodeToString(p[:])), "sk": text("subject")}
	plant(t, names.Sessions, fence, func(i item) { i["fence"] = &types.AttributeValueMemberB{Value: []byte("short")} })
	plant(t, names.Sessions, item{"pk": text("control"), "sk": text("control")}, func(i item) { i["endedBefore"] = text("never") })
	_, fenceErr := s.Read(t.Context(), session.Query{Subject: p})
	_, listErr := s.List(t.Context(), session.Range{Partition: p})
	_, controlErr := s.Read(t.Context(), session.Query{Control: true})
	for call, err := range map[string]error{
		"fence": fenceErr, "list": listErr, "control": controlErr, "raise": s.RaiseEndedBefore(t.Context(), time.Now()),
	} {
		if err == nil {
			t.Errorf("%s: no error", call)
		}
	}
	if err := s.SetFence(t.Context(), p, session.Fence{1}); err != nil {
		t.Errorf("replacing a damaged fence: %v", err)
	}
	if got, err := s.Read(t.Context(), session.Query{Subject: p}); err != nil || got.Fence != (session.Fence{1}) {
		t.Errorf("the fence replaced: %v, %v", got.Fence, err)
	}
}

func TestLocalDamagedAccounts(t *testing.T) {
	t.Parallel()
	names := local.tables(t)
	s := dynamo.NewAccounts(local.client(), names.Accounts)
	a := signin.Account{Subject: "usr_1", Name: "anne", Version: 1, CreatedAt: time.Now()}
	if err := s.Create(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	plant(t, names.Accounts, item{"pk": text("account#usr_1")}, func(i item) { i["admin"] = text("yes") })
	plant(t, names.Accounts, item{"pk": text("name#anne")}, func(i item) { delete(i, "subject") })
	_, getErr := s.Get(t.Context(), "usr_1")
	_, nameErr := s.Subject(t.Context(), "anne")
	_, listErr := s.List(t.Context(), "", 10)
	for call, err := range map[string]error{"get": getErr, "subject": nameErr, "list": listErr} {
		if !errors.Is(err, signin.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", call, err)
		}
	}
}
