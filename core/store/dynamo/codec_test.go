package dynamo

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func fullRecord() session.Record {
	return storetest.Record("Zoë", noon, storetest.Full, storetest.EndedAt(noon.Add(time.Hour)))
}

func TestRecordComesBack(t *testing.T) {
	for name, r := range map[string]session.Record{
		"bare": storetest.Record("ann", noon), "full": fullRecord(),
		"largest": storetest.Record(strings.Repeat("s", session.MaxSubject), noon, storetest.Largest, storetest.EndedAt(noon)),
		"1970":    storetest.Record("ann", time.Unix(0, 0)),
	} {
		got, err := decodeRecord(encodeRecord(&r))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := storetest.Diff(got, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is zero is no attribute, so that conditions and the index stay sparse.
func TestZeroIsNoAttribute(t *testing.T) {
	r := storetest.Record("ann", noon)
	i := encodeRecord(&r)
	for _, name := range []string{attrNextHash, attrNextAt, attrRotations, attrRoles, attrEndedAt, attrEndReason, attrBearer, attrActor} {
		if _, there := i[name]; there {
			t.Errorf("%s is there", name)
		}
	}
}

// The format is read by what was deployed before: it changes on purpose or not at all.
func TestFormat(t *testing.T) {
	r := fullRecord()
	for i := range r.ID[len(session.Partition{})+4:] {
		r.ID[len(session.Partition{})+4+i] = 0xf0 + byte(i)
	}
	i := encodeRecord(&r)
	for name, want := range map[string]string{
		attrPartition: "A41tWD1qnN9diEfGq5zX", attrSort: "s#D6I2KG7GU7PF7T7LURRG", attrStatusShard: "ended#07",
	} {
		if got := textIn(i, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		attrStatusAt: "1772370000123", attrEndedAt: "1772370000123", attrCreatedAt: "1772366400123",
		TTLAttribute: "4144075200", attrRotations: "70001",
	} {
		if n, _ := i[name].(*types.AttributeValueMemberN); n == nil || n.Value != want {
			t.Errorf("%s is %v, want %s", name, i[name], want)
		}
	}
}

// wrongValues are one of each type.
var wrongValues = map[string]types.AttributeValue{
	"S": textOf("x"), "empty S": textOf(""), "N": numberOf(7), "fraction": &types.AttributeValueMemberN{Value: "1.5"},
	"huge N": &types.AttributeValueMemberN{Value: "9" + strings.Repeat("0", 37)},
	"B":      &types.AttributeValueMemberB{Value: []byte{1, 2, 3}}, "empty B": &types.AttributeValueMemberB{},
	"BOOL": &types.AttributeValueMemberBOOL{}, "NULL": &types.AttributeValueMemberNULL{Value: true},
	"L":  &types.AttributeValueMemberL{Value: []types.AttributeValue{numberOf(1)}},
	"M":  &types.AttributeValueMemberM{Value: item{"x": numberOf(1)}},
	"SS": &types.AttributeValueMemberSS{Value: []string{"x"}}, "unknown": &types.UnknownUnionMember{Tag: "X"},
}

// Each attribute takes values of its own type and shape only.
func TestDamagedAttributes(t *testing.T) {
	r := fullRecord()
	good := encodeRecord(&r)
	keys := []string{attrStatusShard, attrStatusAt} // DynamoDB itself keeps their types, and they are no part of the record
	for name := range good {
		for kind, v := range wrongValues {
			if len(kind) <= len("BOOL") && sameType(v, good[name]) || name == keys[0] || name == keys[1] {
				continue
			}
			bad := maps.Clone(good)
			bad[name] = v
			got, err := decodeRecord(bad)
			if kind == "empty S" && (name == attrReplaces || name == attrActor || name == attrReplacedBy || sameType(v, good[name]) && !isKey(name)) {
				continue // reads as none
			}
			if !errors.Is(err, session.ErrDamaged) || !reflect.DeepEqual(got, session.Record{}) {
				t.Errorf("%s as %s: got %v, %v", name, kind, got.ID, err)
			}
		}
	}
}

func isKey(name string) bool { return name == attrPartition || name == attrSort }

func sameType(a, b types.AttributeValue) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

func TestDamagedRecords(t *testing.T) {
	for name, change := range map[string]func(item){
		"unknown attribute": func(i item) { i["admin"] = flagOrNone(true) },
		"short hash":        func(i item) { i[attrSecretHash] = &types.AttributeValueMemberB{Value: make([]byte, 31)} },
		"long hash":         func(i item) { i[attrNextHash] = &types.AttributeValueMemberB{Value: make([]byte, 33)} },
		"no ID":             func(i item) { i[attrReplaces] = textOf("AAAA") },
		"negative count":    func(i item) { i[attrRotations] = numberOf(-1) },
		"count too large":   func(i item) { i[attrRotations] = numberOf(1 << 40) },
		"year 10000":        func(i item) { i[attrExpiresAt] = numberOf(maxMillis + 1) },
		"TTL in ms":         func(i item) { i[TTLAttribute] = numberOf(maxMillis) },
		"exponent":          func(i item) { i[attrEndedAt] = &types.AttributeValueMemberN{Value: "1E3"} },
		"role no text":      func(i item) { i[attrRoles] = &types.AttributeValueMemberL{Value: []types.AttributeValue{numberOf(1)}} },
		"attribute no text": func(i item) { i[attrAttributes] = &types.AttributeValueMemberM{Value: item{"a": numberOf(1)}} },
		"lower-case key":    func(i item) { i[attrSort] = textOf(strings.ToLower(textIn(i, attrSort))) },
		"key with padding":  func(i item) { i[attrSort] = textOf(textIn(i, attrSort) + "=") },
		"key of a fence":    func(i item) { i[attrSort] = textOf(fenceSort) },
		"no key":            func(i item) { delete(i, attrPartition) },
	} {
		r := fullRecord()
		i := encodeRecord(&r)
		change(i)
		if _, err := decodeRecord(i); !errors.Is(err, session.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
}

// A fence or control that is not as it must be is no answer; read as missing it would
// let in.
func TestDamagedFenceAndControl(t *testing.T) {
	for name, v := range wrongValues {
		i := item{attrFence: v, attrPartition: textOf("p"), attrSort: textOf(fenceSort)}
		if _, err := decodeFence(i); err == nil {
			t.Errorf("fence as %s: no error", name)
		}
		i = item{attrEndedBefore: v, attrPartition: textOf(controlKey), attrSort: textOf(controlKey)}
		if _, err := decodeControl(i); err == nil && name != "N" {
			t.Errorf("control as %s: no error", name)
		}
	}
	if _, err := decodeFence(keyOf("p", fenceSort)); err == nil {
		t.Error("an item without a fence: no error")
	}
	if _, err := decodeControl(controlItemKey()); err == nil {
		t.Error("an item without a control: no error")
	}
}

func fullAccount() signin.Account {
	a := signin.Account{
		Subject: "usr_1", Name: "anne", Roles: []string{"editor"}, Password: "$argon2id$x", Disabled: true, Version: 3, CreatedAt: noon,
	}
	a.Record(signin.Change{At: noon, By: "operator", What: "added", From: "192.0.2.7"})
	return a
}

func encodedAccount(a signin.Account) item {
	key, _ := accountsKey(accountPrefix, a.Subject)
	return encodeAccount(&a, key)
}

func TestAccountComesBack(t *testing.T) {
	a := fullAccount()
	if got, err := decodeAccount(encodedAccount(a)); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("got %+v, %v, want %+v", got, err, a)
	}
}

func TestDamagedAccounts(t *testing.T) {
	for name, change := range map[string]func(item){
		"unknown attribute": func(i item) { i["admin"] = flagOrNone(true) },
		"another's":         func(i item) { i[attrSubject] = textOf("usr_2") },
		"no version":        func(i item) { delete(i, attrVersion) },
		"version 0":         func(i item) { i[attrVersion] = numberOf(0) },
		"password no hash":  func(i item) { i[attrPassword] = textOf("secret") },
		"name in capitals":  func(i item) { i[attrName] = textOf("Anne") },
		"change no map":     func(i item) { i[attrChanges] = textsOrNone([]string{"x"}) },
		"change with more": func(i item) {
			c := item{attrAt: numberOf(1), attrBy: textOf("a"), attrWhat: textOf("b"), "c": textOf("d")}
			i[attrChanges] = &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberM{Value: c}}}
		},
	} {
		i := encodedAccount(fullAccount())
		change(i)
		if _, err := decodeAccount(i); !errors.Is(err, signin.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
}

// A record with every field set is below 1 KB, one write unit, and the largest that
// passes [session.Record.Validate] at most 2 KB, two, by DynamoDB's own sizes
// (Developer Guide, "DynamoDB item sizes and formats").
func TestSizes(t *testing.T) {
	largest := storetest.Record(strings.Repeat("s", session.MaxSubject), noon, storetest.Largest, storetest.EndedAt(noon))
	if size := sizeOf(&types.AttributeValueMemberM{Value: encodeRecord(&largest)}); size > 2048 {
		t.Errorf("the largest record has %d bytes", size)
	} else {
		t.Logf("the largest record has %d bytes", size)
	}
	typical := storetest.Record("usr_0123456789abcdef0123456789", noon, storetest.Full, storetest.EndedAt(noon))
	if size := sizeOf(&types.AttributeValueMemberM{Value: encodeRecord(&typical)}); size > 1024 {
		t.Errorf("a full record has %d bytes", size)
	}
}

// An account at every bound has at most 10 KB.
func TestAccountSizes(t *testing.T) {
	a := fullAccount()
	a.Subject, a.Name = signin.SubjectOf([16]byte{}), strings.Repeat("n", signin.MaxName)
	a.Password = signin.PasswordHash("$" + strings.Repeat("h", 255))
	a.Roles = slices.Repeat([]string{strings.Repeat("r", session.MaxRole)}, session.MaxRoles)
	for range signin.MaxChanges {
		a.Record(signin.Change{
			At: noon, By: strings.Repeat("b", 160), What: strings.Repeat("w", 200), From: strings.Repeat("f", 64),
		})
	}
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
	size := sizeOf(&types.AttributeValueMemberM{Value: encodedAccount(a)})
	if size > 10<<10 {
		t.Errorf("the largest account has %d bytes", size)
	}
	t.Logf("the largest account has %d bytes", size)
}

func sizeOf(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	case *types.AttributeValueMemberL:
		size := 3
		for _, e := range v.Value {
			size += 1 + sizeOf(e)
		}
		return size
	case *types.AttributeValueMemberM:
		size := 3
		for k, e := range v.Value {
			size += 1 + len(k) + sizeOf(e)
		}
		return size
	}
	return 1
}
