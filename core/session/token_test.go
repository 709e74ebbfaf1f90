package session

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

func testKeys(t testing.TB, seeds ...byte) Keys {
	t.Helper()
	var raw [][]byte
	for _, seed := range seeds {
		raw = append(raw, bytes.Repeat([]byte{seed}, MinKeySize))
	}
	keys, err := NewKeys(raw...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var testTime = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestTokenRoundTrip(t *testing.T) {
	keys := testKeys(t, 1)
	token := keys.mint(PartitionOf("alice"), testTime)
	text := token.Reveal()
	if len(text) != TokenLength {
		t.Errorf("token has %d characters: want %d", len(text), TokenLength)
	}
	got, err := keys.parse(text)
	if err != nil || got != token {
		t.Fatalf("parse: %v, same token %t", err, got == token)
	}
	id := token.ID()
	if id.Partition() != PartitionOf("alice") || !id.CreatedSecond().Equal(testTime) {
		t.Errorf("ID has partition %x and time %v", id.Partition(), id.CreatedSecond())
	}
	back, err := ParseID(id.String())
	if err != nil || back != id || len(id.String()) != IDLength {
		t.Errorf("ID %q reads back as %v, %v", id, back, err)
	}
	if token.secretHash() != sha256.Sum256(token.raw[idEnd:secretEnd]) {
		t.Error("the kept hash is not SHA-256 of the secret")
	}
}

func TestMintedTokensDiffer(t *testing.T) {
	keys := testKeys(t, 1)
	a, b := keys.mint(PartitionOf("alice"), testTime), keys.mint(PartitionOf("alice"), testTime)
	if a.ID() == b.ID() || a.secretHash() == b.secretHash() {
		t.Error("two tokens share an ID or a secret")
	}
}

// Every single changed byte is noticed, and which refusal it is.
func TestParseRefusesEveryChange(t *testing.T) {
	keys := testKeys(t, 1)
	token := keys.mint(PartitionOf("alice"), testTime)
	for i := range token.raw {
		changed := token
		changed.raw[i] ^= 0x40
		want := errForged
		if i == 0 {
			want = errMalformed
		}
		if _, err := keys.parse(changed.Reveal()); err != want {
			t.Errorf("byte %d changed: got %v, want %v", i, err, want)
		}
	}
}

func TestParseRefusesOtherText(t *testing.T) {
	keys := testKeys(t, 1)
	good := keys.mint(PartitionOf("alice"), testTime).Reveal()
	for name, text := range map[string]string{
		"empty":           "",
		"short":           good[:TokenLength-1],
		"long":            good + "A",
		"padded":          good[:TokenLength-1] + "=",
		"standard base64": strings.Repeat("+/", TokenLength/2),
		"line break":      good[:40] + "\n" + good[41:],
		"trailing CRLF":   good[:TokenLength-2] + "\r\n",
		"space":           " " + good[1:],
		"not ASCII":       strings.Repeat("é", TokenLength/2),
		"NUL":             strings.Repeat("\x00", TokenLength),
		"64 KB":           strings.Repeat("A", 64<<10),
		"version 0":       strings.Repeat("A", TokenLength),
	} {
		if _, err := keys.parse(text); err != errMalformed {
			t.Errorf("%s: got %v, want %v", name, err, errMalformed)
		}
	}
}

// The first key signs and all verify, so that a key can be changed in three deploys
// without signing anybody out.
func TestKeyChange(t *testing.T) {
	old, both, turned, new := testKeys(t, 1), testKeys(t, 1, 2), testKeys(t, 2, 1), testKeys(t, 2)
	byOld, byNew := old.mint(Partition{1}, testTime).Reveal(), turned.mint(Partition{1}, testTime).Reveal()
	for _, step := range []struct {
		name       string
		keys       Keys
		old, fresh error
	}{
		{"before", old, nil, errForged},
		{"new key added last", both, nil, nil},
		{"new key first", turned, nil, nil},
		{"old key dropped", new, errForged, nil},
	} {
		if _, err := step.keys.parse(byOld); err != step.old {
			t.Errorf("%s: token of the old key: got %v, want %v", step.name, err, step.old)
		}
		if _, err := step.keys.parse(byNew); err != step.fresh {
			t.Errorf("%s: token of the new key: got %v, want %v", step.name, err, step.fresh)
		}
	}
}

func TestKeysRefuseBadKeysTogether(t *testing.T) {
	_, err := NewKeys(make([]byte, 31), make([]byte, 32), make([]byte, 129))
	if err == nil || !strings.Contains(err.Error(), "tag key 1 has 31") || !strings.Contains(err.Error(), "tag key 3 has 129") {
		t.Errorf("got %v, want both faults named", err)
	}
	if _, err := NewKeys(); err == nil {
		t.Error("no keys at all: want an error")
	}
	secret := strings.Repeat("zz", 32)
	if _, err := ParseKeys(secret); err == nil || strings.Contains(err.Error(), "zz") {
		t.Errorf("got %v, want an error that does not repeat the key", err)
	}
	if _, err := ParseKeys(strings.Repeat("0f", 32) + ", " + strings.Repeat("A0", 32)); err != nil {
		t.Errorf("two keys: %v", err)
	}
}

// No way of printing shows the secret.
func TestTokenRedactsItself(t *testing.T) {
	token := testKeys(t, 1).mint(PartitionOf("alice"), testTime)
	nested := struct {
		T Token
		P *Token
		L []Token
	}{token, &token, []Token{token}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", token, nested)
	}
	_ = json.NewEncoder(&out).Encode(nested)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", token, "nested", nested)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "token", token, "nested", nested)

	secret := token.raw[idEnd:secretEnd]
	for name, leak := range map[string]string{
		"text": token.Reveal()[38:], "hex": fmt.Sprintf("%x", secret), "HEX": fmt.Sprintf("%X", secret),
		"numbers": strings.Trim(fmt.Sprintf("%d", secret), "[]"), "base64": base64.StdEncoding.EncodeToString(secret),
	} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the output shows the secret as %s", name)
		}
	}
}

func TestKeysRedactThemselves(t *testing.T) {
	raw := []byte(strings.Repeat("very-secret-key-", 2))
	keys, err := NewKeys(raw)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys)
	if strings.Contains(out, "very-secret") || strings.Contains(out, fmt.Sprintf("%x", raw)) {
		t.Error("the output shows a key")
	}
}

func TestParseIDRefuses(t *testing.T) {
	good := testKeys(t, 1).mint(PartitionOf("alice"), testTime).ID().String()
	for _, text := range []string{"", good[1:], good + "A", good[:35] + "=", good[:10] + "\n" + good[11:], good[:35] + "+"} {
		if id, err := ParseID(text); err != ErrInvalidID || !id.IsZero() {
			t.Errorf("%q: got %v, %v", text, id, err)
		}
	}
}

// IDs of one user sort by the second of their creation.
func TestIDsSortByCreation(t *testing.T) {
	keys := testKeys(t, 1)
	var ids []ID
	for i := range 50 {
		ids = append(ids, keys.mint(PartitionOf("alice"), testTime.Add(time.Duration(i)*time.Second)).ID())
	}
	if !slices.IsSortedFunc(ids, func(a, b ID) int { return bytes.Compare(a[:], b[:]) }) {
		t.Error("IDs are not in the order of their creation")
	}
}

func FuzzParseToken(f *testing.F) {
	keys := testKeys(f, 1)
	good := keys.mint(PartitionOf("alice"), testTime)
	f.Add(good.Reveal())
	f.Add(strings.Repeat("A", TokenLength))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := keys.parse(text)
		if err == nil && token.Reveal() != text {
			t.Errorf("%q is a second spelling of a token", text)
		}
		if err != nil && token != (Token{}) {
			t.Error("a refusal returned a token")
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add(testKeys(f, 1).mint(PartitionOf("alice"), testTime).ID().String())
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseID(text); err == nil && id.String() != text {
			t.Errorf("%q is a second spelling of an ID", text)
		}
	})
}
