package events_test

import (
	"reflect"
	"testing"

	"coatcheck/core/events"
)

func TestEntryRoundTrip(t *testing.T) {
	r, a := ended(), changed()
	for _, e := range []events.Event{events.OfSession(&r), events.OfAccount(&a)} {
		value, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := events.Decode(7, value)
		want := events.Entry{Number: 7, User: e.User, ID: e.ID, Timestamp: e.Timestamp, Body: []byte(text(t, e))}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
}

// TestDecodeRefuses: what is no entry has no body, so that nobody delivers it.
func TestDecodeRefuses(t *testing.T) {
	for name, value := range map[string]string{
		"nothing": "", "no JSON": "{", "no user": `{"event":{"id":"x"}}`, "no event": `{"user":"AAAAAAAAAAAAAAAAAAAA"}`,
		"short user": `{"user":"AAAA","event":{"id":"x"}}`, "no ID": `{"user":"AAAAAAAAAAAAAAAAAAAA","event":{}}`,
		"odd time": `{"user":"AAAAAAAAAAAAAAAAAAAA","event":{"id":"x","timestamp":"noon"}}`,
	} {
		if got, err := events.Decode(3, []byte(value)); err == nil || got.Body != nil || got.Number != 3 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"user":"AAAAAAAAAAAAAAAAAAAA","event":{"id":"x","timestamp":"2026-11-01T12:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		if e, err := events.Decode(1, value); (err == nil) != (len(e.Body) > 0) || (err == nil) != (e.ID != "") {
			t.Errorf("%q: %+v, %v", value, e, err)
		}
	})
}
