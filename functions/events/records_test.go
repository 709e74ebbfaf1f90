package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"coatcheck/core/session"
)

// keyOf is the key of a session of a user's, as the store writes it.
func keyOf(t *testing.T, subject string, n byte) (key string, id session.ID) {
	t.Helper()
	p := session.PartitionOf(subject)
	id = session.ID(append(p[:], 0x69, 6, 1, 64, 1, 2, 3, 4, 5, 6, 7, n))
	text := id.String()
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV" // base32hex
	var sort strings.Builder
	rest, bits, have := id[15:], 0, 0
	for _, b := range rest {
		bits, have = bits<<8|int(b), have+8
		for ; have >= 5; have -= 5 {
			sort.WriteByte(digits[bits>>(have-5)&31])
		}
		bits &= 1<<have - 1
	}
	if have > 0 {
		sort.WriteByte(digits[bits<<(5-have)&31])
	}
	return fmt.Sprintf(`"pk":{"S":%q},"sk":{"S":"s#%s"}`, text[:20], sort.String()), id
}

// live and ended are images of a session, as AWS writes them.
func live(key, subject string) string {
	return "{" + key + `,"subject":{"S":"` + subject + `"},"roles":{"L":[{"S":"clerk"}]},"authTime":{"N":"1793534400000"},"createdAt":{"N":"1793534400000"},` +
		`"lastSeenAt":{"N":"1793534400000"},"expiresAt":{"N":"1793535300000"},"absoluteExpiry":{"N":"1793563200000"},"purgeAt":{"N":"1796155200"},` +
		`"secretHash":{"B":"bWFya2VkLWFuZC1uZXZlci10by1iZS10b2xkLS0tLS0="},"clientAddress":{"S":"203.0.113.7"},"userAgent":{"S":"marked"},` +
		`"bearer":{"BOOL":true},"attributes":{"M":{"a":{"S":"marked"}}},"statusShard":{"S":"live#01"},"statusAt":{"N":"1793535300000"}}`
}

func endedAt(image string) string {
	return strings.TrimSuffix(image, "}") + `,"endedAt":{"N":"1793534400125"},"endReason":{"S":"signed_out"},"endedBy":{"S":"operator"}}`
}

func account(version int, what string) string {
	return fmt.Sprintf(`{"pk":{"S":"account#usr_1"},"listed":{"S":"accounts"},"subject":{"S":"usr_1"},"name":{"S":"alice"},"createdAt":{"N":"1793534400000"},`+
		`"password":{"S":"$argon2id$marked"},"version":{"N":"%d"},"write":{"S":"x"},"roles":{"L":[{"S":"clerk"}]},`+
		`"changes":{"L":[{"M":{"at":{"N":"1793534400125"},"by":{"S":"operator"},"what":{"S":%q}}}]}}`, version, what)
}

// record is one of a stream, as Lambda hands it over.
func record(t *testing.T, kind, was, is string) lambdaevents.DynamoDBEventRecord {
	t.Helper()
	text := fmt.Sprintf(`{"eventID":"1","eventName":%q,"eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1",`+
		`"dynamodb":{"ApproximateCreationDateTime":1793534400,"SequenceNumber":"111","SizeBytes":26,"StreamViewType":"NEW_AND_OLD_IMAGES"`, kind)
	for name, image := range map[string]string{"OldImage": was, "NewImage": is} {
		if image != "" {
			text += `,"` + name + `":` + image
		}
	}
	var r lambdaevents.DynamoDBEventRecord
	if err := json.Unmarshal([]byte(text+`},"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}`), &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

// What is an event, and what is none.
func TestEventOf(t *testing.T) {
	key, id := keyOf(t, "usr_1", 9)
	alive := live(key, "usr_1")
	over := endedAt(alive)
	odd := "{" + key + `,"subject":{"NULL":true},"odd":{"SS":["a"]},"numbers":{"NS":["1"]},"bytes":{"BS":["YQ=="]}}`
	end := `{"id":"session_` + id.String() + `","type":"session.ended","timestamp":"2026-11-01T12:00:00.125Z","data":{`
	endData := `"sessionId":"` + id.String() + `","reason":"signed_out","by":"operator"}}`
	for name, c := range map[string]struct{ kind, was, is, want string }{
		"a sign-in":                     {"INSERT", "", alive, ""},
		"a touch":                       {"MODIFY", alive, strings.Replace(alive, "1793534400000", "1793534500000", 1), ""},
		"a rotation":                    {"MODIFY", alive, strings.TrimSuffix(alive, "}") + `,"rotations":{"N":"1"}}`, ""},
		"an end":                        {"MODIFY", alive, over, end + `"subject":"usr_1",` + endData},
		"a change after the end":        {"MODIFY", over, over, ""},
		"an end of what is damaged":     {"MODIFY", odd, endedAt(odd), end + endData},
		"an end that was no time":       {"MODIFY", strings.Replace(over, `{"N":"1793534400125"}`, `{"S":"x"}`, 1), over, end + `"subject":"usr_1",` + endData},
		"what the TTL removed":          {"REMOVE", over, "", ""},
		"what was removed while alive":  {"REMOVE", alive, "", ""},
		"a fence":                       {"MODIFY", "", `{"pk":{"S":"abc"},"sk":{"S":"subject"},"fence":{"B":"AAAA"},"endedAt":{"N":"1"}}`, ""},
		"the control":                   {"MODIFY", "", `{"pk":{"S":"control"},"sk":{"S":"control"},"endedBefore":{"N":"1"}}`, ""},
		"a key that is none":            {"MODIFY", "", `{"pk":{"N":"1"},"endedAt":{"N":"1"}}`, ""},
		"nothing at all":                {"MODIFY", "", "", ""},
		"a user name":                   {"INSERT", "", `{"pk":{"S":"name#alice"},"subject":{"S":"usr_1"}}`, ""},
		"a change that is no version":   {"MODIFY", account(2, "a"), account(2, "b"), ""},
		"an account that was forgotten": {"REMOVE", account(2, "a"), "", ""},
		"a new account": {"INSERT", "", account(1, "added"), `{"id":"user_` + id.String()[:20] + `_1","type":"user.changed",` +
			`"timestamp":"2026-11-01T12:00:00.125Z","data":{"subject":"usr_1","version":1,"roles":["clerk"],"disabled":false,"what":"added","by":"operator"}}`},
		"a changed account": {"MODIFY", account(1, "added"), account(2, "roles: clerk"), `{"id":"user_` + id.String()[:20] + `_2","type":"user.changed",` +
			`"timestamp":"2026-11-01T12:00:00.125Z","data":{"subject":"usr_1","version":2,"roles":["clerk"],"disabled":false,"what":"roles: clerk","by":"operator"}}`},
		"a mended account": {"MODIFY", strings.Replace(account(1, "added"), "usr_1", "usr_2", 1), account(2, "x"), `{"id":"user_` + id.String()[:20] + `_2","type":"user.changed",` +
			`"timestamp":"2026-11-01T12:00:00.125Z","data":{"subject":"usr_1","version":2,"roles":["clerk"],"disabled":false,"what":"x","by":"operator"}}`},
	} {
		r := record(t, c.kind, c.was, c.is)
		e, is, err := eventOf(&r)
		got := ""
		if is {
			raw, _ := e.JSON()
			got = string(raw)
		}
		if got != c.want || err != nil {
			t.Errorf("%s: got %s, %v\nwant %s", name, got, err, c.want)
		}
	}
	r := record(t, "MODIFY", account(1, "added"), strings.Replace(account(2, "x"), "alice", "Alice", 1))
	if e, is, err := eventOf(&r); err == nil || is {
		t.Errorf("a damaged account: %+v, %v", e, err)
	}
}

// FuzzEventOf: whatever a stream holds, the function goes on to the next record.
func FuzzEventOf(f *testing.F) {
	f.Add(`{"eventName":"MODIFY","dynamodb":{"NewImage":` + account(1, "added") + `}}`)
	f.Add(`{"eventName":"MODIFY","dynamodb":{"NewImage":{"pk":{"S":"account#"},"a":null,"b":{"M":{"c":null}},"d":{"L":[null]},"e":{"B":null},"f":{"S":null}}}}`)
	f.Add(`{"eventName":"MODIFY","dynamodb":{"NewImage":{"pk":{"S":"account#"},"changes":{"L":[{"L":[{"NULL":true}]}]}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r lambdaevents.DynamoDBEventRecord
		if json.Unmarshal([]byte(text), &r) != nil {
			return
		}
		if e, is, err := eventOf(&r); is && (e.ID == "" || err != nil) {
			t.Errorf("%s: %+v, %v", text, e, err)
		}
	})
}

// What is removed ended before, or never did: nobody is told again, whatever is told of
// it beside the removal.
func TestRemoved(t *testing.T) {
	key, _ := keyOf(t, "usr_1", 9)
	over := endedAt(live(key, "usr_1"))
	for _, images := range [][2]string{{over, ""}, {live(key, "usr_1"), over}, {account(1, "x"), account(2, "x")}} {
		r := record(t, "REMOVE", images[0], images[1])
		if e, is, err := eventOf(&r); is || err != nil {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
